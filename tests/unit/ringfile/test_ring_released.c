/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts that come and go: memory for those in use only, and what is held stays. */
#include "unit.h"

#include "ring_holds.h"

#include <string.h>

enum { MANY = 3000, AT_ONCE = 800 };

static bool cache_is_warm(const struct stek_ring *ring, const struct stek_keys *keys)
{
    const struct stek_moment at = {stek_image_generation(ring->image), ring_time(), ring->image};
    struct stek_seal_key key;

    return stek_key_cache_seal(stek_keys_cache(keys), at, &key) == STEK_CELL_KEY;
}

static void churn(struct stek_ring *ring, const char *kind)
{
    for (size_t i = 0; i < HOLDS_CHURN; i++)
        holds_come_and_go(ring, kind, i);
}

static void thousands_that_come_and_go_take_the_memory_of_a_few(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    for (size_t i = 0; i < MANY; i++)
        holds_come_and_go(ring, "n", i);
    assert_int_equal(holds_count_contexts(ring), STEK_CONTEXTS_UNUSED_MAX);
    assert_int_equal(holds_count_chunks(ring), 1);
    stek_ring_free(ring);
}

static void memory_goes_back_to_the_system_after_a_rush(void **state)
{
    static struct stek_keys *keys[AT_ONCE];
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    for (size_t i = 0; i < AT_ONCE; i++)
        keys[i] = holds_take_numbered(ring, "n", i);
    assert_true(holds_count_chunks(ring) > 8);
    for (size_t i = 0; i < AT_ONCE; i++)
        stek_ring_keys_release(ring, keys[i]);
    assert_true(holds_count_chunks(ring) <= 3); /* two for the unused ones, and an empty one */
    stek_ring_free(ring);
}

static void held_keys_stay_whatever_comes_and_goes(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_context context = ring_context("held");
    struct stek_keys *keys = holds_take(ring, "held");
    struct stek_keys *again = holds_take(ring, "held");
    const struct stek_ticket_key expected = holds_expected_key(ring, &context);

    (void)state;
    assert_ptr_equal(keys, again);
    assert_true(holds_seals_with(ring, keys, &expected));
    stek_ring_keys_release(ring, again);
    churn(ring, "n");
    assert_true(cache_is_warm(ring, keys));
    assert_true(holds_seals_with(ring, keys, &expected));
    assert_ptr_equal(holds_take(ring, "held"), keys);
    stek_ring_free(ring);
}

static void what_was_given_back_just_now_is_still_warm(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    holds_come_and_go(ring, "n", 0);
    for (size_t i = 1; i < STEK_CONTEXTS_UNUSED_MAX; i++)
        holds_come_and_go(ring, "n", i);
    struct stek_keys *keys = holds_take_numbered(ring, "n", 0);
    assert_true(cache_is_warm(ring, keys));
    stek_ring_free(ring);
}

static void the_longest_unused_goes_first(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    for (size_t i = 0; i < STEK_CONTEXTS_UNUSED_MAX; i++)
        holds_come_and_go(ring, "n", i);
    holds_come_and_go(ring, "n", 0);
    holds_come_and_go(ring, "new", 0);
    assert_true(cache_is_warm(ring, holds_take_numbered(ring, "n", 0)));
    assert_true(cache_is_warm(ring, holds_take_numbered(ring, "n", 2)));
    assert_false(cache_is_warm(ring, holds_take_numbered(ring, "n", 1)));
    stek_ring_free(ring);
}

static void a_cache_is_empty_when_another_context_gets_it(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_keys *first = holds_take(ring, "first");
    const struct stek_context context = ring_context("first");
    const struct stek_ticket_key key = holds_expected_key(ring, &context);
    const uint8_t *memory = (const uint8_t *)first->cache.memory;
    const size_t len = stek_key_cache_size(first->cache.capacity);
    static const uint8_t zeros[64];

    (void)state;
    assert_true(holds_seals_with(ring, first, &key));
    stek_ring_keys_release(ring, first);
    for (size_t i = 0; i < STEK_CONTEXTS_UNUSED_MAX; i++)
        stek_ring_keys_release(ring, holds_take_numbered(ring, "n", i));
    for (size_t at = 0; at + sizeof zeros <= len; at += sizeof zeros)
        assert_memory_equal(memory + at, zeros, sizeof zeros);
    struct stek_keys *second = holds_take(ring, "second");
    assert_ptr_equal(second->cache.memory, memory);
    assert_false(cache_is_warm(ring, second));
    stek_ring_free(ring);
}

static void a_grown_context_gives_both_caches_back(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_keys *keys = holds_take(ring, "grown");

    (void)state;
    const size_t before = ring->arena.chunks->used;
    stek_contexts_grow(&ring->contexts, keys);
    assert_true(ring->arena.chunks->used > before);
    stek_ring_keys_release(ring, keys);
    for (size_t i = 0; i < STEK_CONTEXTS_UNUSED_MAX; i++)
        stek_ring_keys_release(ring, holds_take_numbered(ring, "n", i));
    const size_t each = before;
    assert_int_equal(ring->arena.chunks->used, each * STEK_CONTEXTS_UNUSED_MAX);
    stek_ring_free(ring);
}

static void what_retires_goes_from_unused_caches_too(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    holds_come_and_go(ring, "n", 0);
    ring_set_time(first.accept_until);
    holds_come_and_go(ring, "n", 1);
    assert_false(ring_cache_holds(ring, "n 0", &first));
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(thousands_that_come_and_go_take_the_memory_of_a_few),
        cmocka_unit_test(memory_goes_back_to_the_system_after_a_rush),
        cmocka_unit_test(held_keys_stay_whatever_comes_and_goes),
        cmocka_unit_test(what_was_given_back_just_now_is_still_warm),
        cmocka_unit_test(the_longest_unused_goes_first),
        cmocka_unit_test(a_cache_is_empty_when_another_context_gets_it),
        cmocka_unit_test(a_grown_context_gives_both_caches_back),
        cmocka_unit_test(what_retires_goes_from_unused_caches_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
