/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "ring_fixture.h"
#include "ring_sets.h"

#include "ringfile/locked.h"

#include <stdlib.h>
#include <string.h>

enum {
    CAPACITY = SET_ENTRIES + 1,
    ENTRIES = SET_ENTRIES,
    GENERATION = SET_GENERATION,
    NOW = SET_NOW
};

static const struct stek_moment moment = {GENERATION, NOW, NULL};
static const uint8_t zero_name[STEK_NAME_LEN];

static int setup(void **state)
{
    struct stek_key_cache *cache = malloc(sizeof *cache);

    assert_non_null(cache);
    *cache = (struct stek_key_cache){calloc(1, stek_key_cache_size(CAPACITY)), CAPACITY};
    assert_non_null(cache->memory);
    *state = cache;
    return 0;
}

static int teardown(void **state)
{
    struct stek_key_cache *cache = *state;

    free(cache->memory);
    free(cache);
    return 0;
}

static void publish(const struct stek_key_cache *cache, uint64_t n)
{
    const struct stek_keyset set = set_of(n);

    CHECK(stek_key_cache_publish(cache, &set));
}

static enum stek_key_cache_answer seal_at(const struct stek_key_cache *cache, struct stek_moment at)
{
    struct stek_seal_key key;

    return stek_key_cache_seal(cache, at, &key);
}

static enum stek_key_cache_answer open_at(const struct stek_key_cache *cache, struct stek_moment at,
                                          const uint8_t *name)
{
    enum stek_choice choice;
    struct stek_ticket_key key;

    return stek_key_cache_open(cache, at, name, false, &choice, &key);
}

static void assert_stale_at(const struct stek_key_cache *cache, struct stek_moment at)
{
    const struct stek_keyset set = set_of(1);

    assert_int_equal(seal_at(cache, at), STEK_CELL_STALE);
    assert_int_equal(open_at(cache, at, set.entry[0].key.name), STEK_CELL_STALE);
}

/* Whether anything that is secret in this place of set_of(n) is in the cache. */
static bool holds(const struct stek_key_cache *cache, uint64_t n, size_t place)
{
    const struct stek_keyset set = set_of(n);
    const struct stek_keyset_entry *entry = &set.entry[place];
    const size_t len = stek_key_cache_size(CAPACITY);

    return ring_area_holds_key(cache->memory, len, &entry->key);
}

static void an_empty_cache_is_stale(void **state)
{
    struct stek_keyset set;

    assert_stale_at(*state, moment);
    assert_stale_at(*state, (struct stek_moment){0, 0, NULL});
    assert_false(stek_key_cache_copy(*state, &set));
}

static void a_cache_without_memory_is_stale_and_takes_nothing(void **state)
{
    const struct stek_key_cache none = {NULL, CAPACITY};
    const struct stek_records records = records_of(1);
    struct stek_keyset set = set_of(1);

    (void)state;
    assert_false(stek_key_cache_publish(&none, &set));
    assert_stale_at(&none, moment);
    stek_key_cache_sweep(&none, &records, NOW);
    assert_false(stek_key_cache_copy(&none, &set));
}

static void a_published_set_seals(void **state)
{
    const struct stek_keyset set = set_of(1);
    struct stek_seal_key key;

    publish(*state, 1);
    assert_int_equal(stek_key_cache_seal(*state, moment, &key), STEK_CELL_KEY);
    assert_memory_equal(&key.key, &set.entry[2].key, sizeof key.key);
    assert_int_equal(key.accept_until, set.entry[2].accept_until);
}

static void a_published_set_opens(void **state)
{
    const struct stek_keyset set = set_of(1);
    enum stek_choice choice;
    struct stek_ticket_key key;

    publish(*state, 1);
    for (size_t i = 0; i < ENTRIES; i++) {
        assert_int_equal(
            stek_key_cache_open(*state, moment, set.entry[i].key.name, false, &choice, &key),
            STEK_CELL_KEY);
        assert_int_equal(choice, i < 2 ? STEK_CHOICE_RENEW : STEK_CHOICE_OPEN);
        assert_memory_equal(&key, &set.entry[i].key, sizeof key);
    }
}

/* The ticket may be of a record that was left out. */
static void a_set_that_only_seals_is_stale_to_open(void **state)
{
    struct stek_keyset set = set_of(1);

    set.head.only_seals = 1;
    assert_true(stek_key_cache_publish(*state, &set));
    assert_int_equal(seal_at(*state, moment), STEK_CELL_KEY);
    assert_int_equal(open_at(*state, moment, set.entry[0].key.name), STEK_CELL_STALE);
    assert_int_equal(open_at(*state, moment, zero_name), STEK_CELL_STALE);
}

/* The mask that was read may be that of another record by now, or no longer there. */
static void when_the_image_changes_meanwhile_a_cache_is_stale_and_leaves_no_key(void **state)
{
    static struct stek_image image;
    const struct stek_moment at = {GENERATION, NOW, &image};
    struct stek_keyset set = set_of(1);
    struct stek_seal_key key;

    for (size_t i = 0; i < ENTRIES; i++)
        set.entry[i].place = i + 1;
    assert_true(stek_key_cache_publish(*state, &set));
    atomic_store(&image.generation, GENERATION);
    assert_int_equal(stek_key_cache_seal(*state, at, &key), STEK_CELL_KEY);
    assert_memory_equal(&key.key, &set.entry[2].key, sizeof key.key); /* under a mask of zeros */
    atomic_store(&image.generation, GENERATION + 1);
    assert_int_equal(stek_key_cache_seal(*state, at, &key), STEK_CELL_STALE);
    assert_memory_equal(&key.key, &(struct stek_ticket_key){.name = {0}}, sizeof key.key);
    assert_int_equal(open_at(*state, at, set.entry[2].key.name), STEK_CELL_STALE);
}

static void a_set_in_which_none_is_active_seals_nothing(void **state)
{
    struct stek_keyset set = set_of(1);

    set.head.active_seq = 0;
    set.head.active = 0;
    assert_true(stek_key_cache_publish(*state, &set));
    assert_int_equal(seal_at(*state, moment), STEK_CELL_NO_KEY);
    assert_int_equal(open_at(*state, moment, set.entry[0].key.name), STEK_CELL_KEY);
}

static void an_unknown_name_has_no_key(void **state)
{
    uint8_t name[STEK_NAME_LEN];

    publish(*state, 1);
    memset(name, 1, sizeof name);
    name[15] = 2;
    assert_int_equal(open_at(*state, moment, name), STEK_CELL_NO_KEY);
    memset(name, 1, sizeof name);
    name[0] = 2;
    assert_int_equal(open_at(*state, moment, name), STEK_CELL_NO_KEY);
}

static void an_empty_place_is_not_found_by_a_name_of_zeros(void **state)
{
    struct stek_keyset set = set_of(1);

    set.entry[1] = (struct stek_keyset_entry){0};
    assert_true(stek_key_cache_publish(*state, &set));
    assert_int_equal(open_at(*state, moment, zero_name), STEK_CELL_NO_KEY);
}

/* Before 1970 the place's end, 0, is still to come. */
static void not_even_when_the_clock_is_far_behind(void **state)
{
    struct stek_keyset set = set_of(1);

    set.entry[1] = (struct stek_keyset_entry){0};
    set.head.valid_from = INT64_MIN;
    assert_true(stek_key_cache_publish(*state, &set));
    assert_int_equal(open_at(*state, (struct stek_moment){GENERATION, -1, NULL}, zero_name),
                     STEK_CELL_NO_KEY);
}

static void it_speaks_for_its_generation_and_time_only(void **state)
{
    publish(*state, 1);
    assert_stale_at(*state, (struct stek_moment){GENERATION + 1, NOW, NULL});
    assert_stale_at(*state, (struct stek_moment){GENERATION - 1, NOW, NULL});
    assert_stale_at(*state, (struct stek_moment){GENERATION, NOW - 11, NULL});
    assert_stale_at(*state, (struct stek_moment){GENERATION, NOW + 10, NULL});
    assert_int_equal(seal_at(*state, (struct stek_moment){GENERATION, NOW - 10, NULL}),
                     STEK_CELL_KEY);
    assert_int_equal(seal_at(*state, (struct stek_moment){GENERATION, NOW + 9, NULL}),
                     STEK_CELL_KEY);
}

static void a_set_that_does_not_fit_is_left_out(void **state)
{
    struct stek_keyset set = set_of(1);

    publish(*state, 2);
    set.head.count = CAPACITY + 1;
    assert_false(stek_key_cache_publish(*state, &set));
    assert_true(holds(*state, 2, 0));
    assert_int_equal(seal_at(*state, moment), STEK_CELL_KEY);
}

static void a_shorter_set_leaves_nothing_of_the_one_before(void **state)
{
    struct stek_keyset set = set_of(2);

    publish(*state, 1);
    set.head.count = 3;
    assert_true(stek_key_cache_publish(*state, &set));
    for (size_t i = 0; i < ENTRIES; i++)
        assert_false(holds(*state, 1, i));
}

static void what_was_published_can_be_copied(void **state)
{
    const struct stek_keyset set = set_of(1);
    struct stek_keyset copy;

    publish(*state, 1);
    assert_true(stek_key_cache_copy(*state, &copy));
    assert_memory_equal(&copy.head, &set.head, sizeof set.head);
    assert_memory_equal(copy.entry, set.entry, ENTRIES * sizeof *set.entry);
}

static void a_sweep_destroys_what_has_retired(void **state)
{
    struct stek_records records = records_of(1);

    publish(*state, 1);
    records.at[0].accept_until = NOW;
    stek_key_cache_sweep(*state, &records, NOW);
    assert_false(holds(*state, 1, 0));
    for (size_t i = 1; i < ENTRIES; i++)
        assert_true(holds(*state, 1, i));
}

static void a_sweep_destroys_what_the_ring_does_not_hold(void **state)
{
    struct stek_records records = records_of(1);

    publish(*state, 1);
    records.at[3].fingerprint = fingerprint_of(2, 3);
    stek_records_remove(&records, 0, 1);
    stek_key_cache_sweep(*state, &records, NOW);
    assert_false(holds(*state, 1, 0));
    assert_false(holds(*state, 1, 3));
    assert_true(holds(*state, 1, 1));
}

static void after_a_sweep_the_cache_is_stale_and_keeps_the_living_for_the_next_set(void **state)
{
    struct stek_records records = records_of(1);
    const struct stek_keyset set = set_of(1);
    struct stek_keyset copy;

    publish(*state, 1);
    stek_records_remove(&records, 0, 1);
    stek_key_cache_sweep(*state, &records, NOW);
    assert_stale_at(*state, moment);
    assert_true(stek_key_cache_copy(*state, &copy));
    assert_int_equal(copy.entry[0].seq, 0);
    assert_memory_equal(&copy.entry[1], &set.entry[1], (ENTRIES - 1) * sizeof *set.entry);
}

static void while_somebody_writes_nobody_else_reads_or_writes(void **state)
{
    struct stek_key_cache *cache = *state;
    const struct stek_records none = {0};
    struct stek_keyset set = set_of(2);

    publish(cache, 1);
    atomic_fetch_add(&cache->memory->version, 1);
    assert_stale_at(cache, moment);
    assert_false(stek_key_cache_copy(cache, &set));
    assert_false(stek_key_cache_publish(cache, &set));
    stek_key_cache_sweep(cache, &none, NOW);
    assert_true(holds(cache, 1, 0));
    atomic_fetch_add(&cache->memory->version, 1);
    assert_int_equal(seal_at(cache, moment), STEK_CELL_KEY);
}

static void use_after_fork(int fd, void *arg)
{
    const struct stek_key_cache *cache = arg;
    struct stek_keyset set;

    (void)fd;
    CHECK(seal_at(cache, moment) == STEK_CELL_STALE);
    CHECK(!stek_key_cache_copy(cache, &set));
    CHECK(!holds(cache, 1, 0));
    publish(cache, 2);
    CHECK(seal_at(cache, moment) == STEK_CELL_KEY);
    CHECK(holds(cache, 2, 0));
}

static void a_child_finds_its_cache_empty_and_working(void **state)
{
    const size_t len = stek_key_cache_size(CAPACITY);
    struct stek_key_cache cache = {NULL, CAPACITY};
    void *at;

    (void)state;
    assert_int_equal(stek_locked_map(len, STEK_WIPED_ON_FORK, &at), STEK_OK);
    cache.memory = at;
    publish(&cache, 1);
    child_run(use_after_fork, &cache);
    assert_int_equal(seal_at(&cache, moment), STEK_CELL_KEY);
    assert_true(holds(&cache, 1, 0));
    stek_locked_unmap(at, len);
}

#define cache_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cache_test(an_empty_cache_is_stale),
        cache_test(a_cache_without_memory_is_stale_and_takes_nothing),
        cache_test(a_published_set_seals),
        cache_test(a_published_set_opens),
        cache_test(a_set_that_only_seals_is_stale_to_open),
        cache_test(when_the_image_changes_meanwhile_a_cache_is_stale_and_leaves_no_key),
        cache_test(a_set_in_which_none_is_active_seals_nothing),
        cache_test(an_unknown_name_has_no_key),
        cache_test(an_empty_place_is_not_found_by_a_name_of_zeros),
        cache_test(not_even_when_the_clock_is_far_behind),
        cache_test(it_speaks_for_its_generation_and_time_only),
        cache_test(a_set_that_does_not_fit_is_left_out),
        cache_test(a_shorter_set_leaves_nothing_of_the_one_before),
        cache_test(what_was_published_can_be_copied),
        cache_test(a_sweep_destroys_what_has_retired),
        cache_test(a_sweep_destroys_what_the_ring_does_not_hold),
        cache_test(after_a_sweep_the_cache_is_stale_and_keeps_the_living_for_the_next_set),
        cache_test(while_somebody_writes_nobody_else_reads_or_writes),
        cmocka_unit_test(a_child_finds_its_cache_empty_and_working),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
