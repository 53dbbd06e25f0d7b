/* SPDX-License-Identifier: Apache-2.0 */
/* The first ticket of a new context: its key is derived alone, from what was seen of the ring. */
#include "unit.h"

#include "ring_dir.h"
#include "ring_holds.h"

#include "ringfile/first_key.h"

#include <string.h>
#include <unistd.h>

enum { SHORT_ACCEPT_S = RING_ROTATE_S };

/* Whether the short way gives exactly this context's key of the record that seals now. */
static bool short_way_is_right(struct stek_ring *ring, const char *label)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key key;
    const struct stek_context context = ring_context(label);
    const struct stek_ticket_key expected = holds_expected_key(ring, &context);
    struct stek_keys *keys = holds_take(ring, label);
    const bool right = stek_first_key(ring, keys, ring_time(), &key) &&
                       memcmp(&key.key, &expected, sizeof expected) == 0;

    stek_ring_keys_release(ring, keys);
    return right;
}

static bool takes_the_long_way(struct stek_ring *ring, const char *label)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key key;
    struct stek_keys *keys = holds_take(ring, label);
    const bool is_long = !stek_first_key(ring, keys, ring_time(), &key);

    stek_ring_keys_release(ring, keys);
    return is_long;
}

static void once_the_ring_was_looked_at_new_contexts_seal_with_the_active_key(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    (void)ring_seal_key(ring, "first");
    assert_true(short_way_is_right(ring, "second"));
    assert_true(short_way_is_right(ring, "third"));
    stek_ring_free(ring);
}

static void a_context_that_has_keys_goes_by_them(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    (void)ring_seal_key(ring, "first");
    assert_true(takes_the_long_way(ring, "first"));
    stek_ring_free(ring);
}

static void when_the_next_record_begins_the_ring_is_looked_at_first(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    (void)ring_seal_key(ring, "first");
    ring_set_time(RING_START + RING_ROTATE_S);
    assert_true(takes_the_long_way(ring, "second"));
    (void)ring_seal_key(ring, "first");
    assert_true(short_way_is_right(ring, "third"));
    stek_ring_free(ring);
}

static void so_it_is_when_the_ring_was_changed_by_others(void **state)
{
    struct ring_dir dir;

    (void)state;
    ring_dir_start(&dir);
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);
    (void)ring_seal_key(ring, "first");
    assert_int_equal(stek_writer_update(writer, RING_START + RING_ROTATE_S), STEK_OK);
    assert_true(takes_the_long_way(ring, "second"));
    (void)ring_seal_key(ring, "first");
    assert_true(short_way_is_right(ring, "third"));
    stek_ring_free(ring);
    stek_writer_close(writer);
    ring_dir_finish(&dir);
}

static void where_retired_records_still_stand_in_the_file_the_active_one_seals(void **state)
{
    static const struct stek_policy policy = {.rotate_s = RING_ROTATE_S,
                                              .accept_s = SHORT_ACCEPT_S,
                                              .max_session_age_s = 1000,
                                              .ahead = 4};
    struct ring_dir dir;
    enum stek_writer_start how;
    struct stek_writer *writer;
    const char *problem;

    (void)state;
    ring_dir_start(&dir);
    const struct stek_writer_place place = {.dir_fd = dir.fd, .ring = "web", .group = getgid()};
    assert_int_equal(stek_writer_open(&place, &policy, RING_START, &how, &problem, &writer),
                     STEK_OK);
    struct stek_ring *ring = ring_dir_open(&dir);
    ring_set_time(RING_START + 2 * RING_ROTATE_S + RING_ROTATE_S / 2);
    assert_true(ring_state(ring).records.at[0].accept_until <= ring_time());
    (void)ring_seal_key(ring, "first");
    assert_true(short_way_is_right(ring, "second"));
    stek_ring_free(ring);
    stek_writer_close(writer);
    ring_dir_finish(&dir);
}

static void records_that_the_process_continued_by_itself_take_the_long_way(void **state)
{
    struct ring_dir dir;

    (void)state;
    ring_dir_start(&dir);
    stek_writer_close(ring_dir_write(&dir, STEK_WRITER_NEW));
    struct stek_ring *ring = ring_dir_open(&dir);
    ring_set_time(RING_START + 10 * RING_ROTATE_S);
    assert_true(ring_seals(ring, "first"));
    assert_true(takes_the_long_way(ring, "second"));
    assert_true(ring_seals(ring, "second"));
    stek_ring_free(ring);
    ring_dir_finish(&dir);
}

static void what_was_sealed_opens_and_goes_when_its_record_retires(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];
    struct stek_keys *keys = holds_take(ring, "second");

    (void)state;
    (void)ring_seal_key(ring, "first");
    const struct stek_ticket_key key = ring_seal_key(ring, "second");
    assert_true(ring_cache_holds(ring, "second", &first));
    assert_true(ring_opens(ring, "second", &key));
    assert_false(ring_opens(ring, "first", &key));
    ring_set_time(first.accept_until);
    (void)ring_seal_key(ring, "first");
    assert_false(ring_cache_holds(ring, "second", &first));
    assert_false(ring_opens(ring, "second", &key));
    stek_ring_keys_release(ring, keys);
    stek_ring_free(ring);
}

static int start(void **state)
{
    (void)state;
    ring_set_time(RING_START);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(once_the_ring_was_looked_at_new_contexts_seal_with_the_active_key,
                               start),
        cmocka_unit_test_setup(a_context_that_has_keys_goes_by_them, start),
        cmocka_unit_test_setup(when_the_next_record_begins_the_ring_is_looked_at_first, start),
        cmocka_unit_test_setup(so_it_is_when_the_ring_was_changed_by_others, start),
        cmocka_unit_test_setup(where_retired_records_still_stand_in_the_file_the_active_one_seals,
                               start),
        cmocka_unit_test_setup(records_that_the_process_continued_by_itself_take_the_long_way,
                               start),
        cmocka_unit_test_setup(what_was_sealed_opens_and_goes_when_its_record_retires, start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
