/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "hex.h"
#include "prng.h"
#include "vectors.h"

#include "core/appdata.h"

#include <stdlib.h>
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
    struct stek_appdata appdata = {
        .origin = json_integer_value(json_object_get(vector, "origin")),
        .verified_until = json_integer_value(json_object_get(vector, "verified_until")),
        .serial = strtoull(vectors_text(vector, "serial"), NULL, 16),
        .timeout_s = (uint32_t)json_integer_value(json_object_get(vector, "timeout"))};

    assert_int_equal(
        vectors_bytes(vector, "name_hash", appdata.name_hash, sizeof appdata.name_hash),
        STEK_NAME_HASH_LEN);
    assert_int_equal(vectors_bytes(vector, "instance", appdata.instance, sizeof appdata.instance),
                     STEK_INSTANCE_LEN);
    return appdata;
}

static void assert_same(const struct stek_appdata *one, const struct stek_appdata *other)
{
    assert_int_equal(one->origin, other->origin);
    assert_int_equal(one->verified_until, other->verified_until);
    assert_int_equal(one->serial, other->serial);
    assert_int_equal(one->timeout_s, other->timeout_s);
    assert_memory_equal(one->name_hash, other->name_hash, STEK_NAME_HASH_LEN);
    assert_memory_equal(one->instance, other->instance, STEK_INSTANCE_LEN);
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
        assert_same(&appdata, &expected);
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
            .origin = prng_between(&prng, -((int64_t)1 << 40), (int64_t)1 << 40),
            .verified_until = prng_between(&prng, -((int64_t)1 << 40), (int64_t)1 << 40),
            .serial = prng_next(&prng),
            .timeout_s = (uint32_t)prng_next(&prng)};
        struct stek_appdata decoded;
        uint8_t bytes[STEK_APPDATA_LEN];

        prng_bytes(&prng, appdata.name_hash, sizeof appdata.name_hash);
        prng_bytes(&prng, appdata.instance, sizeof appdata.instance);
        stek_appdata_encode(&appdata, bytes);
        assert_true(stek_appdata_decode(bytes, sizeof bytes, &decoded));
        assert_same(&decoded, &appdata);
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
