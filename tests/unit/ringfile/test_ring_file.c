/* SPDX-License-Identifier: Apache-2.0 */
/* A ring in a file: its writer and its readers, over the writer's death, restart and absence. */
#include "unit.h"

#include "ring_dir.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct ring_dir dir;

static int start(void **state)
{
    (void)state;
    ring_set_time(RING_START);
    ring_dir_start(&dir);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    ring_dir_finish(&dir);
    return 0;
}

static struct stek_ring_state state_of(const struct stek_writer *writer)
{
    struct stek_ring_state state;

    assert_int_equal(stek_writer_state(writer, &state), STEK_OK);
    return state;
}

static void a_new_ring_has_an_active_record_and_those_ahead(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    const struct stek_ring_state made = state_of(writer);

    (void)state;
    assert_int_equal(made.records.count, 3);
    assert_int_equal(stek_records_active(&made.records, RING_START), 0);
    assert_int_equal(made.source, STEK_SOURCE_HOST);
    assert_int_equal(made.changed_at, RING_START);
    stek_writer_close(writer);
}

static void the_file_is_for_its_group_to_read_only(void **state)
{
    const struct stek_writer_place place = {
        .dir_fd = dir.fd, .ring = "web", .group = getuid() == 0 ? 12345 : getgid()};
    enum stek_writer_start how;
    struct stek_writer *writer;
    const char *problem;
    struct stat file;

    (void)state;
    assert_int_equal(stek_writer_open(&place, &ring_policy, RING_START, &how, &problem, &writer),
                     STEK_OK);
    assert_int_equal(fstatat(dir.fd, "web.ring", &file, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(file.st_mode, S_IFREG | 0640);
    assert_int_equal(file.st_gid, place.group);
    assert_int_equal(file.st_size, STEK_RINGFILE_LEN);
    stek_writer_close(writer);
}

static void readers_seal_and_open_alike(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *one = ring_dir_open(&dir);
    struct stek_ring *two = ring_dir_open(&dir);

    (void)state;
    const struct stek_ticket_key key = ring_seal_key(one, "a");
    assert_true(ring_opens(two, "a", &key));
    assert_false(ring_opens(two, "b", &key));
    stek_ring_free(one);
    stek_ring_free(two);
    stek_writer_close(writer);
}

static void readers_follow_the_writer(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);
    const struct stek_ticket_key first = ring_seal_key(ring, "a");

    (void)state;
    assert_int_equal(stek_writer_due(writer, RING_START), RING_START + RING_ROTATE_S);
    ring_set_time(RING_START + RING_ROTATE_S);
    assert_int_equal(stek_writer_due(writer, ring_time()), INT64_MIN);
    assert_int_equal(stek_writer_update(writer, ring_time()), STEK_OK);
    const struct stek_ticket_key second = ring_seal_key(ring, "a");
    assert_memory_not_equal(first.name, second.name, sizeof first.name);
    assert_true(ring_opens(ring, "a", &first));
    ring_set_time(RING_START + RING_ROTATE_S + RING_ACCEPT_S);
    assert_int_equal(stek_writer_update(writer, ring_time()), STEK_OK);
    assert_false(ring_opens(ring, "a", &first));
    stek_ring_free(ring);
    stek_writer_close(writer);
}

static void
without_a_writer_all_readers_continue_alike_and_a_new_writer_goes_on_from_there(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *one = ring_dir_open(&dir);
    struct stek_ring *two = ring_dir_open(&dir);
    struct stek_ticket_key key = ring_seal_key(one, "a");

    (void)state;
    stek_writer_close(writer);
    for (int i = 1; i <= 5; i++) {
        ring_set_time(RING_START + i * RING_ROTATE_S);
        assert_true(ring_opens(two, "a", &key));
        key = ring_seal_key(one, "a");
        assert_true(ring_opens(two, "a", &key));
    }
    writer = ring_dir_write(&dir, STEK_WRITER_TOOK_OVER);
    assert_true(ring_opens(one, "a", &key));
    assert_true(ring_opens(two, "a", &key));
    const struct stek_ring_state now = state_of(writer);
    const int active = stek_records_active(&now.records, ring_time());
    assert_int_equal(now.records.at[active].origin, STEK_ORIGIN_CONTINUED);
    assert_int_equal(now.records.at[active + 1].origin, STEK_ORIGIN_PUBLISHED);
    stek_ring_free(one);
    stek_ring_free(two);
    stek_writer_close(writer);
}

/* The readers went on by the policy that they knew: longer intervals would take their keys back. */
static void what_readers_sealed_opens_when_the_next_writer_has_another_policy(void **state)
{
    const struct stek_writer_place place = {.dir_fd = dir.fd, .ring = "web", .group = (gid_t)-1};
    const struct stek_policy longer = {.rotate_s = 7 * RING_ROTATE_S,
                                       .accept_s = 7 * RING_ACCEPT_S,
                                       .max_session_age_s = 1000,
                                       .ahead = 2};
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);
    enum stek_writer_start how;
    const char *problem;

    (void)state;
    stek_writer_close(writer);
    ring_set_time(RING_START + 5 * RING_ROTATE_S);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");
    assert_int_equal(stek_writer_open(&place, &longer, ring_time(), &how, &problem, &writer),
                     STEK_OK);
    assert_true(ring_opens(ring, "a", &key));
    const struct stek_ring_state now = state_of(writer);
    assert_int_equal(now.rotate_s, longer.rotate_s);
    const int active = stek_records_active(&now.records, ring_time());
    assert_int_equal(now.records.at[active + 1].active_until -
                         now.records.at[active + 1].active_from,
                     longer.rotate_s);
    stek_ring_free(ring);
    stek_writer_close(writer);
}

static void a_ring_that_is_lost_begins_anew_and_knows_no_old_ticket(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");

    (void)state;
    stek_ring_free(ring);
    stek_writer_close(writer);
    assert_int_equal(unlinkat(dir.fd, "web.ring", 0), 0);
    writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    ring = ring_dir_open(&dir);
    assert_false(ring_opens(ring, "a", &key));
    assert_true(ring_seals(ring, "a"));
    stek_ring_free(ring);
    stek_writer_close(writer);
}

static void readers_of_a_ring_that_was_removed_seal_and_open_nothing(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);
    const struct stek_ring_state before = state_of(writer);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");

    (void)state;
    assert_int_equal(stek_writer_remove(writer), STEK_OK);
    assert_int_equal(faccessat(dir.fd, "web.ring", F_OK, 0), -1);
    assert_false(ring_opens(ring, "a", &key));
    assert_false(ring_seals(ring, "a"));
    for (size_t i = 0; i < before.records.count; i++)
        assert_false(ring_holds(ring, &before.records.at[i].secret));
    stek_ring_free(ring);
}

static void the_policy_is_the_writers_and_may_change_while_readers_read(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);
    struct stek_policy other = {
        .rotate_s = 10, .accept_s = 600, .max_session_age_s = 777, .ahead = 2};

    (void)state;
    assert_int_equal(stek_ring_max_session_age_s(ring), 1000);
    struct stek_ready *ready;
    assert_int_equal(stek_ready_change(writer, &other, RING_START, &ready), STEK_OK);
    assert_int_equal(stek_ring_max_session_age_s(ring), 1000);
    assert_ptr_equal(stek_ready_commit(ready), writer);
    assert_true(stek_ready_finish(ready));
    assert_int_equal(stek_ring_max_session_age_s(ring), 777);
    /* More records than the caches of an earlier policy had places for. */
    for (int i = 0; i < 100; i++) {
        ring_set_time(ring_time() + 10);
        assert_int_equal(stek_writer_update(writer, ring_time()), STEK_OK);
        const struct stek_ticket_key key = ring_seal_key(ring, "a");
        assert_true(ring_opens(ring, "a", &key));
    }
    const struct stek_ring_state now = state_of(writer);
    const struct stek_context context = ring_context("a");
    struct stek_seal_key key;
    assert_true(now.records.count > ring->contexts.cache_capacity);
    assert_int_equal(stek_key_cache_seal(stek_keys_cache(stek_ring_keys(ring, &context)),
                                         (struct stek_moment){stek_image_generation(ring->image),
                                                              ring_time(), ring->image},
                                         &key),
                     STEK_CELL_KEY);
    stek_ring_free(ring);
    stek_writer_close(writer);
}

static void the_files_that_are_no_ring_are_replaced_and_not_written_to(void **state)
{
    uint8_t bytes[STEK_RINGFILE_LEN] = {0};
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    const int fd = openat(dir.fd, "web.ring", O_RDONLY);

    (void)state;
    stek_writer_close(writer);
    memset(bytes, 0xa5, sizeof bytes);
    ring_dir_put(&dir, bytes, sizeof bytes);
    writer = ring_dir_write(&dir, STEK_WRITER_REPLACED);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_int_equal(bytes[i], 0xa5);
    (void)close(fd);
    stek_writer_close(writer);
}

static bool has_counters(const struct stek_ring *ring)
{
    struct stek_stats_sum sum;
    unsigned steps = STEK_STATS_READ_STEPS;

    assert_int_equal(stek_stats_read(dir.fd, "web", &steps, &sum), STEK_OK);
    assert_int_equal(sum.files, ring->stats != NULL);
    return sum.files > 0;
}

/* Many programs read openssl.cnf and serve no client. */
static void a_reader_has_a_file_of_counters_once_it_can_serve(void **state)
{
    struct stek_writer *writer = ring_dir_write(&dir, STEK_WRITER_NEW);
    struct stek_ring *ring = ring_dir_open(&dir);

    (void)state;
    assert_int_equal(stek_stats_make_dir(dir.fd, "web", (gid_t)-1), STEK_OK);
    assert_false(has_counters(ring));
    assert_int_equal(chdir("/"), 0);
    stek_ring_start_counting(ring);
    stek_ring_start_counting(ring);
    assert_true(has_counters(ring));
    stek_stats_count(ring->stats, STEK_COUNT_SEALED, RING_START);
    stek_ring_free(ring);
    (void)stek_stats_remove(dir.fd, "web", UINT_MAX);
    stek_writer_close(writer);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_ring_has_an_active_record_and_those_ahead, start,
                                        finish),
        cmocka_unit_test_setup_teardown(the_file_is_for_its_group_to_read_only, start, finish),
        cmocka_unit_test_setup_teardown(readers_seal_and_open_alike, start, finish),
        cmocka_unit_test_setup_teardown(readers_follow_the_writer, start, finish),
        cmocka_unit_test_setup_teardown(
            without_a_writer_all_readers_continue_alike_and_a_new_writer_goes_on_from_there, start,
            finish),
        cmocka_unit_test_setup_teardown(
            what_readers_sealed_opens_when_the_next_writer_has_another_policy, start, finish),
        cmocka_unit_test_setup_teardown(a_ring_that_is_lost_begins_anew_and_knows_no_old_ticket,
                                        start, finish),
        cmocka_unit_test_setup_teardown(readers_of_a_ring_that_was_removed_seal_and_open_nothing,
                                        start, finish),
        cmocka_unit_test_setup_teardown(the_policy_is_the_writers_and_may_change_while_readers_read,
                                        start, finish),
        cmocka_unit_test_setup_teardown(the_files_that_are_no_ring_are_replaced_and_not_written_to,
                                        start, finish),
        cmocka_unit_test_setup_teardown(a_reader_has_a_file_of_counters_once_it_can_serve, start,
                                        finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
