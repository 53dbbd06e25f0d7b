/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "hex.h"
#include "prng.h"
#include "vectors.h"

#include "core/appdata.h"

#include <string.h>

static int load(void **state)
{
    *state = vectors_load("appdata.json");
    return 0;
}

static int unload(void **state)
{
    json_decref(*state);
    return 0;
}

static struct stek_appdata appdata_of(const json_t *vector)
{
    struct stek_appdata appdata = {.origin = json_integer_value(json_object_get(vector, "origin"))};

    assert_int_equal(
        vectors_bytes(vector, "name_hash", appdata.name_hash, sizeof appdata.name_hash),
        STEK_NAME_HASH_LEN);
    return appdata;
}

static void encodes_to_the_bytes_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_appdata appdata = appdata_of(vector);
        uint8_t bytes[STEK_APPDATA_LEN];

        stek_appdata_encode(&appdata, bytes);
        assert_hex_equal(bytes, sizeof bytes, vectors_text(vector, "bytes"));
    }
}

static void decodes_the_bytes_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_appdata expected = appdata_of(vector);
        struct stek_appdata appdata;
        uint8_t bytes[STEK_APPDATA_LEN];

        vectors_bytes(vector, "bytes", bytes, sizeof bytes);
        assert_true(stek_appdata_decode(bytes, sizeof bytes, &appdata));
        assert_int_equal(appdata.origin, expected.origin);
        assert_memory_equal(appdata.name_hash, expected.name_hash, STEK_NAME_HASH_LEN);
    }
}

static void refuses_other_bytes_and_leaves_the_output_alone(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "refused"), i, vector)
    {
        struct stek_appdata appdata = {.origin = 42, .name_hash = {42}};
        uint8_t bytes[3 * STEK_APPDATA_LEN];
        const size_t len = vectors_bytes(vector, "bytes", bytes, sizeof bytes);

        if (stek_appdata_decode(bytes, len, &appdata))
            fail_msg("accepted: %s", vectors_text(vector, "about"));
        assert_int_equal(appdata.origin, 42);
        assert_int_equal(appdata.name_hash[0], 42);
    }
}

static void any_flipped_bit_of_the_magic_is_refused(void **state)
{
    struct stek_appdata appdata = {.origin = 42};
    uint8_t bytes[STEK_APPDATA_LEN];

    (void)state;
    stek_appdata_encode(&appdata, bytes);
    for (unsigned bit = 0; bit < 32; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(stek_appdata_decode(bytes, sizeof bytes, &appdata));
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(stek_appdata_decode(bytes, sizeof bytes, &appdata));
}

static void what_is_encoded_decodes_to_the_same(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        struct stek_appdata appdata = {
            .origin = prng_between(&prng, -((int64_t)1 << 40), (int64_t)1 << 40)};
        struct stek_appdata decoded;
        uint8_t bytes[STEK_APPDATA_LEN];

        prng_bytes(&prng, appdata.name_hash, sizeof appdata.name_hash);
        stek_appdata_encode(&appdata, bytes);
        assert_true(stek_appdata_decode(bytes, sizeof bytes, &decoded));
        assert_int_equal(decoded.origin, appdata.origin);
        assert_memory_equal(decoded.name_hash, appdata.name_hash, sizeof appdata.name_hash);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_to_the_bytes_of_the_vectors),
        cmocka_unit_test(decodes_the_bytes_of_the_vectors),
        cmocka_unit_test(refuses_other_bytes_and_leaves_the_output_alone),
        cmocka_unit_test(any_flipped_bit_of_the_magic_is_refused),
        cmocka_unit_test(what_is_encoded_decodes_to_the_same),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
