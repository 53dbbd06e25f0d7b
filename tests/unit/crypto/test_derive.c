/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bad_crypto.h"
#include "hex.h"
#include "prng.h"
#include "vectors.h"

#include "crypto/derive.h"
#include "crypto/hkdf.h"

#include <string.h>

static int load(void **state)
{
    *state = vectors_load("derivation.json");
    return 0;
}

static int unload(void **state)
{
    json_decref(*state);
    return 0;
}

static struct stek_secret32 secret_of(const json_t *vector)
{
    struct stek_secret32 secret = {{0}};

    assert_int_equal(vectors_bytes(vector, "secret", secret.bytes, sizeof secret.bytes),
                     sizeof secret.bytes);
    return secret;
}

static struct stek_context context_of(const json_t *vector)
{
    struct stek_context context = {0};

    context.len = vectors_bytes(vector, "context", context.bytes, sizeof context.bytes);
    return context;
}

static struct stek_secret32 some_secret(void)
{
    struct prng prng = {1};

    return prng_secret(&prng);
}

static void there_are_vectors_enough(void **state)
{
    assert_true(json_array_size(json_object_get(*state, "vectors")) >= 8);
    assert_int_equal(json_array_size(json_object_get(json_object_get(*state, "chain"), "records")),
                     3);
    assert_true(json_array_size(json_object_get(*state, "weak")) >= 6);
}

static void the_prk_is_extracted_with_our_salt(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        uint8_t prk[STEK_HKDF_PRK_LEN];

        assert_int_equal(stek_hkdf_extract((const uint8_t *)"stek v1", 7, secret.bytes,
                                           sizeof secret.bytes, prk),
                         STEK_OK);
        assert_hex_equal(prk, sizeof prk, vectors_text(vector, "prk"));
    }
}

static void ticket_keys_are_those_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        const struct stek_context context = context_of(vector);
        struct stek_ticket_key key;

        assert_int_equal(stek_derive_ticket_key(&secret, &context, &key), STEK_OK);
        assert_hex_equal(key.name, sizeof key.name, vectors_text(vector, "name"));
        assert_hex_equal(key.hmac_key, sizeof key.hmac_key, vectors_text(vector, "hmac_key"));
        assert_hex_equal(key.aes_key, sizeof key.aes_key, vectors_text(vector, "aes_key"));
    }
}

static void short_ticket_keys_are_those_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        const struct stek_context context = context_of(vector);
        struct stek_short_ticket_key key;

        assert_int_equal(stek_derive_short_ticket_key(&secret, &context, &key), STEK_OK);
        assert_hex_equal(key.name, sizeof key.name, vectors_text(vector, "short_name"));
        assert_hex_equal(key.hmac_key, sizeof key.hmac_key, vectors_text(vector, "short_hmac_key"));
        assert_hex_equal(key.aes_key, sizeof key.aes_key, vectors_text(vector, "short_aes_key"));
    }
}

/* Whether one of the keys' two lies anywhere in the other's. */
static bool has_a_part_of(const struct stek_ticket_key *whole,
                          const struct stek_short_ticket_key *part)
{
    const uint8_t *bytes = (const uint8_t *)whole;

    for (size_t i = 0; i + STEK_SHORT_KEY_LEN <= sizeof *whole; i++)
        if (memcmp(bytes + i, part->name, sizeof part->name) == 0 ||
            memcmp(bytes + i, part->hmac_key, sizeof part->hmac_key) == 0 ||
            memcmp(bytes + i, part->aes_key, sizeof part->aes_key) == 0)
            return true;
    return false;
}

static void short_ticket_keys_are_no_part_of_the_others(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        const struct stek_context context = context_of(vector);
        struct stek_ticket_key key;
        struct stek_short_ticket_key short_key;

        assert_int_equal(stek_derive_ticket_key(&secret, &context, &key), STEK_OK);
        assert_int_equal(stek_derive_short_ticket_key(&secret, &context, &short_key), STEK_OK);
        assert_false(has_a_part_of(&key, &short_key));
    }
}

static void a_weak_secret_makes_no_short_ticket_key(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "weak"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        struct stek_short_ticket_key key = {.name = "old", .hmac_key = "old", .aes_key = "old"};
        const struct stek_short_ticket_key before = key;

        assert_int_equal(stek_derive_short_ticket_key(&secret, &(struct stek_context){0}, &key),
                         STEK_ERR_RANDOM);
        assert_memory_equal(&key, &before, sizeof key);
    }
}

static void continuations_are_those_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        struct stek_secret32 next;

        assert_int_equal(stek_derive_continuation(&secret, &next), STEK_OK);
        assert_hex_equal(next.bytes, sizeof next.bytes, vectors_text(vector, "continuation"));
    }
}

static void masks_and_fingerprints_are_those_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "vectors"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        struct stek_mask mask;
        struct stek_fingerprint fingerprint;

        assert_int_equal(stek_derive_mask(&secret, &mask), STEK_OK);
        assert_hex_equal(mask.bytes, sizeof mask.bytes, vectors_text(vector, "mask"));
        assert_int_equal(stek_derive_fingerprint(&secret, &fingerprint), STEK_OK);
        assert_hex_equal(fingerprint.bytes, sizeof fingerprint.bytes,
                         vectors_text(vector, "fingerprint"));
    }
}

static void a_chain_continues_in_place_as_in_the_vectors(void **state)
{
    const json_t *chain = json_object_get(*state, "chain");
    const json_t *records = json_object_get(chain, "records");
    const struct stek_context context = context_of(chain);
    struct stek_secret32 secret = secret_of(json_array_get(records, 0));
    size_t i;
    json_t *record;

    json_array_foreach(records, i, record)
    {
        struct stek_ticket_key key;

        assert_hex_equal(secret.bytes, sizeof secret.bytes, vectors_text(record, "secret"));
        assert_int_equal(stek_derive_ticket_key(&secret, &context, &key), STEK_OK);
        assert_hex_equal(key.name, sizeof key.name, vectors_text(record, "name"));
        assert_int_equal(stek_derive_continuation(&secret, &secret), STEK_OK);
        assert_hex_equal(secret.bytes, sizeof secret.bytes, vectors_text(record, "continuation"));
    }
}

static void a_weak_secret_makes_no_ticket_key(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "weak"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        struct stek_ticket_key key = {.name = "old", .hmac_key = "old", .aes_key = "old"};
        const struct stek_ticket_key before = key;

        assert_int_equal(stek_derive_ticket_key(&secret, &(struct stek_context){0}, &key),
                         STEK_ERR_RANDOM);
        assert_memory_equal(&key, &before, sizeof key);
    }
}

static void a_weak_secret_has_no_continuation(void **state)
{
    size_t i;
    json_t *vector;

    json_array_foreach(json_object_get(*state, "weak"), i, vector)
    {
        const struct stek_secret32 secret = secret_of(vector);
        struct stek_secret32 next = {"old"};

        assert_int_equal(stek_derive_continuation(&secret, &next), STEK_ERR_RANDOM);
        assert_memory_equal(&next, &(struct stek_secret32){"old"}, sizeof next);
    }
}

static void a_context_over_255_bytes_is_refused(void **state)
{
    const struct stek_secret32 secret = some_secret();
    struct stek_context context = {.len = STEK_CONTEXT_MAX};
    struct stek_ticket_key key;

    (void)state;
    assert_int_equal(stek_derive_ticket_key(&secret, &context, &key), STEK_OK);
    const struct stek_ticket_key before = key;
    context.len = STEK_CONTEXT_MAX + 1;
    assert_int_equal(stek_derive_ticket_key(&secret, &context, &key), STEK_ERR_ARGUMENT);
    context.len = SIZE_MAX;
    assert_int_equal(stek_derive_ticket_key(&secret, &context, &key), STEK_ERR_ARGUMENT);
    assert_memory_equal(&key, &before, sizeof key);
}

static void contexts_share_nothing_of_their_keys(void **state)
{
    const struct stek_secret32 secret = some_secret();
    struct stek_ticket_key one;
    struct stek_ticket_key other;

    (void)state;
    assert_int_equal(stek_derive_ticket_key(&secret, &(struct stek_context){1, "a"}, &one),
                     STEK_OK);
    assert_int_equal(stek_derive_ticket_key(&secret, &(struct stek_context){2, "a"}, &other),
                     STEK_OK);
    assert_memory_not_equal(one.name, other.name, sizeof one.name);
    assert_memory_not_equal(one.hmac_key, other.hmac_key, sizeof one.hmac_key);
    assert_memory_not_equal(one.aes_key, other.aes_key, sizeof one.aes_key);
}

static void outputs_are_untouched_when_libcrypto_refuses(void **state)
{
    const struct stek_secret32 secret = some_secret();
    struct stek_secret32 next = {"old"};
    struct stek_ticket_key key = {.name = "old", .hmac_key = "old", .aes_key = "old"};
    const struct stek_ticket_key before = key;

    (void)state;
    bad_crypto_begin();
    const enum stek_result key_result =
        stek_derive_ticket_key(&secret, &(struct stek_context){0}, &key);
    const enum stek_result next_result = stek_derive_continuation(&secret, &next);
    bad_crypto_end();
    assert_int_equal(key_result, STEK_ERR_CRYPTO);
    assert_int_equal(next_result, STEK_ERR_CRYPTO);
    assert_memory_equal(&key, &before, sizeof key);
    assert_memory_equal(&next, &(struct stek_secret32){"old"}, sizeof next);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_vectors_enough),
        cmocka_unit_test(the_prk_is_extracted_with_our_salt),
        cmocka_unit_test(ticket_keys_are_those_of_the_vectors),
        cmocka_unit_test(short_ticket_keys_are_those_of_the_vectors),
        cmocka_unit_test(short_ticket_keys_are_no_part_of_the_others),
        cmocka_unit_test(a_weak_secret_makes_no_short_ticket_key),
        cmocka_unit_test(continuations_are_those_of_the_vectors),
        cmocka_unit_test(masks_and_fingerprints_are_those_of_the_vectors),
        cmocka_unit_test(a_chain_continues_in_place_as_in_the_vectors),
        cmocka_unit_test(a_weak_secret_makes_no_ticket_key),
        cmocka_unit_test(a_weak_secret_has_no_continuation),
        cmocka_unit_test(a_context_over_255_bytes_is_refused),
        cmocka_unit_test(contexts_share_nothing_of_their_keys),
        cmocka_unit_test(outputs_are_untouched_when_libcrypto_refuses),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
