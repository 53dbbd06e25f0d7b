/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread that derives keys while others rotate the ring: what it leaves in its cache must be true
 * when it leaves it. EVP_KDF_derive(3) is defined here for the whole program, so that the others
 * come by just then.
 */
#include "unit.h"

#include "ring_fixture.h"

#include <dlfcn.h>
#include <limits.h>
#include <openssl/kdf.h>

typedef int (*derive_fn)(EVP_KDF_CTX *ctx, unsigned char *key, size_t len,
                         const OSSL_PARAM params[]);

/* The others come by so many times yet, each time when the ring's first record has retired. */
static struct {
    struct stek_ring *ring;
    int times;
} others;

static void others_come_by(void)
{
    struct stek_ring *ring = others.ring;
    const struct stek_ring_state state = ring_state(ring);
    const int64_t now = state.records.at[0].accept_until;

    others.ring = NULL; /* they derive keys, too */
    const enum stek_result result = stek_private_update(ring->shared, now);
    others.ring = ring;
    if (result == STEK_ERR_BUSY) /* this thread is rotating the ring itself, and they can't */
        return;
    CHECK(result == STEK_OK);
    const struct stek_ring_state changed = ring_state(ring);
    stek_contexts_sweep(&ring->contexts, &changed.records, now);
    others.times--;
}

int EVP_KDF_derive(EVP_KDF_CTX *ctx, unsigned char *key, size_t len, const OSSL_PARAM params[])
{
    static derive_fn real;

    if (real == NULL)
        *(void **)(void *)&real = dlsym(RTLD_NEXT, "EVP_KDF_derive");
    if (others.ring != NULL && others.times > 0)
        others_come_by();
    return real(ctx, key, len, params);
}

/* Returns how often they came by, at most `times`. */
static int seal_while_others_come_by(struct stek_ring *ring, int times)
{
    others.ring = ring;
    others.times = times;
    (void)ring_seals(ring, "a");
    others.ring = NULL;
    return times - others.times;
}

static void keys_that_retired_while_others_were_derived_do_not_stay(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    assert_int_equal(seal_while_others_come_by(ring, 1), 1);
    assert_false(ring_cache_holds(ring, "a", &first));
    stek_ring_free(ring);
}

static void nor_do_they_when_the_ring_changes_again_and_again(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ring_state before = ring_state(ring);

    (void)state;
    assert_true(seal_while_others_come_by(ring, INT_MAX) >= 3);
    for (size_t i = 0; i < before.records.count; i++)
        assert_false(ring_cache_holds(ring, "a", &before.records.at[i]));
    stek_ring_free(ring);
}

static void the_ring_serves_when_the_others_are_gone(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    assert_int_equal(seal_while_others_come_by(ring, 3), 3);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");
    assert_true(ring_opens(ring, "a", &key));
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_retired_while_others_were_derived_do_not_stay),
        cmocka_unit_test(nor_do_they_when_the_ring_changes_again_and_again),
        cmocka_unit_test(the_ring_serves_when_the_others_are_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
