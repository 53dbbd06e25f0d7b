/* SPDX-License-Identifier: Apache-2.0 */
/* Many contexts of one ring: each has keys of its own, and what retires goes from all of them. */
#include "unit.h"

#include "ring_fixture.h"

#include <stdio.h>
#include <string.h>

/* A cache of this ring takes about 1.3 KiB: some 50 to a chunk of 64 KiB. */
enum { MANY = 2000 };

static const char *const labels[] = {"a", "b", "c"};

enum { LABELS = sizeof labels / sizeof *labels };

static struct stek_keys *keys_of(struct stek_ring *ring, const char *label)
{
    const struct stek_context context = ring_context(label);

    return stek_ring_keys(ring, &context);
}

static void each_context_has_its_own_keys(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    for (int i = 0; i < LABELS; i++) {
        const struct stek_ticket_key key = ring_seal_key(ring, labels[i]);
        for (int j = 0; j < LABELS; j++)
            assert_int_equal(ring_opens(ring, labels[j], &key), i == j);
    }
    stek_ring_free(ring);
}

static void the_same_context_has_the_same_keys(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    assert_ptr_equal(keys_of(ring, "a"), keys_of(ring, "a"));
    assert_ptr_not_equal(keys_of(ring, "a"), keys_of(ring, "b"));
    assert_ptr_not_equal(keys_of(ring, "a"), keys_of(ring, "aa"));
    assert_ptr_not_equal(keys_of(ring, ""), keys_of(ring, "a"));
    stek_ring_free(ring);
}

static void another_ring_has_other_keys(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_ring *other = ring_start(&ring_policy);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");

    (void)state;
    assert_false(ring_opens(other, "a", &key));
    stek_ring_free(ring);
    assert_true(ring_seals(other, "a"));
    stek_ring_free(other);
}

static void a_ticket_opens_until_its_key_retires(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");
    const int64_t until = RING_START + RING_ROTATE_S + RING_ACCEPT_S;

    (void)state;
    for (int64_t now = RING_START; now < until; now += 10) {
        ring_set_time(now);
        assert_true(ring_opens(ring, "a", &key));
    }
    ring_set_time(until - 1);
    assert_true(ring_opens(ring, "a", &key));
    ring_set_time(until);
    assert_false(ring_opens(ring, "a", &key));
    stek_ring_free(ring);
}

static void a_cache_answers_once_it_is_warm(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    struct stek_seal_key key;

    (void)state;
    (void)ring_seal_key(ring, "a");
    const struct stek_moment at = {stek_image_generation(ring->image), RING_START, ring->image};
    assert_int_equal(stek_key_cache_seal(&keys_of(ring, "a")->cache, at, &key), STEK_CELL_KEY);
    stek_ring_free(ring);
}

/* What is in a cache is worthless without the mask, which is where all processes see it. */
static void a_cache_keeps_keys_covered_only(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");
    const struct stek_record first = ring_state(ring).records.at[0];
    const struct stek_key_cache *cache = &keys_of(ring, "a")->cache;
    const size_t len = stek_key_cache_size(cache->capacity);
    const struct stek_ticket_key covered = ring_covered_key(&first, "a");

    (void)state;
    assert_false(ring_area_holds_key(cache->memory, len, &key));
    assert_false(ring_area_holds(cache->memory, len, first.secret.bytes));
    assert_true(ring_area_holds(cache->memory, len, covered.hmac_key));
    assert_true(ring_area_holds(cache->memory, len, covered.aes_key));
    stek_ring_free(ring);
}

/* No thread of this process used the ring meanwhile: its cache is as it was. */
static void what_another_process_retired_leaves_a_cache_without_the_mask(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    (void)ring_seal_key(ring, "a");
    assert_true(ring_area_holds(ring->image, sizeof *ring->image, first.mask.bytes));
    assert_int_equal(stek_private_update(ring->shared, first.accept_until), STEK_OK);
    assert_true(ring_cache_holds(ring, "a", &first));
    assert_false(ring_area_holds(ring->image, sizeof *ring->image, first.mask.bytes));
    assert_false(ring_area_holds(ring->image, sizeof *ring->image, first.mask.bytes + 32));
    stek_ring_free(ring);
}

static void one_handshake_in_one_context_destroys_what_retired_in_all(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    for (int i = 0; i < LABELS; i++) {
        (void)ring_seal_key(ring, labels[i]);
        assert_true(ring_cache_holds(ring, labels[i], &first));
    }
    ring_set_time(first.accept_until);
    (void)ring_seal_key(ring, labels[0]);
    for (int i = 0; i < LABELS; i++)
        assert_false(ring_cache_holds(ring, labels[i], &first));
    stek_ring_free(ring);
}

static void so_does_maintenance(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    for (int i = 0; i < LABELS; i++)
        (void)ring_seal_key(ring, labels[i]);
    ring_set_time(first.accept_until);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    for (int i = 0; i < LABELS; i++)
        assert_false(ring_cache_holds(ring, labels[i], &first));
    stek_ring_free(ring);
}

static void so_does_what_another_process_updated_already(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    (void)ring_seal_key(ring, "a");
    (void)ring_seal_key(ring, "b");
    ring_set_time(first.accept_until);
    assert_int_equal(stek_private_update(ring->shared, first.accept_until), STEK_OK);
    assert_true(ring_cache_holds(ring, "b", &first));
    (void)ring_seal_key(ring, "a");
    assert_false(ring_cache_holds(ring, "a", &first));
    assert_false(ring_cache_holds(ring, "b", &first));
    stek_ring_free(ring);
}

static void label_of(int i, char ret_label[16])
{
    (void)snprintf(ret_label, 16, "context %d", i);
}

static void check_each_of_many(struct stek_ring *ring)
{
    const struct stek_ring_state all = ring_state(ring);
    struct stek_ticket_key expected;
    char label[16];

    for (int i = 0; i < MANY; i++) {
        label_of(i, label);
        const struct stek_context context = ring_context(label);
        const int active = stek_records_active(&all.records, ring_time());
        CHECK(stek_derive_ticket_key(&all.records.at[active].secret, &context, &expected) ==
              STEK_OK);
        const struct stek_ticket_key key = ring_seal_key(ring, label);
        CHECK(memcmp(&key, &expected, sizeof key) == 0);
        CHECK(ring_opens(ring, label, &key));
    }
}

static void check_in_child(int fd, void *ring)
{
    (void)fd;
    check_each_of_many(ring);
}

/* The second round would find caches that overlap, since all of them were written in the first. */
static void thousands_of_contexts_do_not_disturb_each_other(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    check_each_of_many(ring);
    check_each_of_many(ring);
    ring_set_time(RING_START + RING_ROTATE_S);
    check_each_of_many(ring);
    child_run(check_in_child, ring);
    stek_ring_free(ring);
}

static void chunks_are_filled_before_more_memory_is_locked(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    size_t chunks = 0;
    char label[16];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        label_of(i, label);
        assert_non_null(keys_of(ring, label)->cache.memory);
    }
    for (const struct stek_chunk *chunk = ring->arena.chunks; chunk != NULL; chunk = chunk->next)
        chunks++;
    const size_t cache_len = (stek_key_cache_size(ring->contexts.cache_capacity) + 63) / 64 * 64;
    const size_t per_chunk = (size_t)64 * 1024 / cache_len;
    assert_int_equal(chunks, (MANY + per_chunk - 1) / per_chunk);
    stek_ring_free(ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_context_has_its_own_keys),
        cmocka_unit_test(the_same_context_has_the_same_keys),
        cmocka_unit_test(another_ring_has_other_keys),
        cmocka_unit_test(a_ticket_opens_until_its_key_retires),
        cmocka_unit_test(a_cache_answers_once_it_is_warm),
        cmocka_unit_test(a_cache_keeps_keys_covered_only),
        cmocka_unit_test(what_another_process_retired_leaves_a_cache_without_the_mask),
        cmocka_unit_test(one_handshake_in_one_context_destroys_what_retired_in_all),
        cmocka_unit_test(so_does_maintenance),
        cmocka_unit_test(so_does_what_another_process_updated_already),
        cmocka_unit_test(thousands_of_contexts_do_not_disturb_each_other),
        cmocka_unit_test(chunks_are_filled_before_more_memory_is_locked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
