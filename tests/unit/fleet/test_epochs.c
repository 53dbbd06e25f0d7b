/* SPDX-License-Identifier: Apache-2.0 */
/* What a thief of a host can open of the store's history; and hosts that are not of today. */
#include "unit.h"

#include "week.h"

#include "fleet/rules/epoch.h"

#include <stdlib.h>
#include <string.h>

enum { STEP_S = 600, HOUR_S = 3600, DAY_S = 86400 };

static struct week week;
static struct week_host image;
static struct stek_records image_records;

/* The last second of the records that no host can open any more: an epoch ends an hour after its
 * day, and as soon as the floor has been put again. */
static int64_t gone_until(void)
{
    return stek_epoch_begins(stek_epoch_at(week.now - 2 * HOUR_S));
}

static void assert_nothing_retired_opens(struct week *taken)
{
    for (size_t i = 0; i < WEEK_HOSTS; i++)
        if (!taken->host[i].off && week_opened(taken, &taken->host[i], gone_until()) > 0)
            fail_msg("host %zu opens what had retired before its day", i);
}

static bool holds(const void *memory, size_t len, const struct stek_secret32 *secret)
{
    const uint8_t *at = memory;

    for (size_t i = 0; i + sizeof secret->bytes <= len; i++)
        if (memcmp(at + i, secret->bytes, sizeof secret->bytes) == 0)
            return true;
    return false;
}

/* No secret of a past epoch and of a retired record is anywhere in the host. */
static void assert_no_past_secret_in(const struct week_host *host)
{
    struct stek_kek kek;
    const uint64_t today = stek_epoch_at(week.now - 2 * HOUR_S);

    assert_int_equal(stek_kek_init(&week.root, &kek), STEK_OK);
    assert_int_equal(stek_kek_advance(&kek, today - 3), STEK_OK);
    assert_false(holds(host, sizeof *host, &week.root));
    for (uint64_t epoch = today - 3; epoch < today; epoch++)
        assert_false(holds(host, sizeof *host, stek_kek_secret(&kek, epoch)));
    assert_true(holds(host, sizeof *host, stek_kek_secret(&kek, today)));
    for (size_t i = 0; i < week.store.history_count; i++)
        if (week.store.history[i].record.accept_until < week.now - HOUR_S &&
            holds(host, sizeof *host, &week.store.history[i].record.secret))
            fail_msg("record %zu has retired and is in memory", i);
}

static void who_takes_a_host_opens_no_record_of_a_day_that_is_over(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, DAY_S, STEP_S, NULL);
    week_pass(&week, 6 * DAY_S, STEP_S, assert_nothing_retired_opens);
    assert_true(week_is_in_step(&week));
    assert_true(week.store.history_count > 7 * 24);
    for (size_t i = 0; i < WEEK_HOSTS; i++) {
        assert_no_past_secret_in(&week.host[i]);
        assert_true(week_opened(&week, &week.host[i], INT64_MAX) >= 14);
    }
}

/* The root key opens all of it: so the test above would see it. */
static void who_has_the_root_key_opens_all_that_was_recorded(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    image = week.host[0];
    week_pass(&week, 7 * DAY_S, STEP_S, NULL);
    assert_int_equal(stek_kek_look_at(&image.keks.at[0], stek_epoch_at(week.now)), STEK_OK);
    assert_int_equal(week_opened(&week, &image, INT64_MAX), week.store.history_count);
}

/* Takes what a backup has of the host: keys, what it noted, and a ring file if asked. */
static void take_image(const struct week_host *host)
{
    image = *host;
    image_records = host->sync.records;
}

static void assert_joins(struct week_host *host)
{
    const size_t before = week.store.history_count;
    const uint64_t epoch = week.host[0].keks.at[0].epoch;

    week_pass(&week, 2 * HOUR_S, STEP_S, NULL);
    assert_true(week_is_in_step(&week));
    assert_int_equal(host->keks.at[0].epoch, week.host[0].keks.at[0].epoch);
    assert_true(week.host[0].keks.at[0].epoch >= epoch);
    assert_true(week.store.history_count - before <= 4); /* nothing was put again on its account */
    for (size_t i = 0; i < WEEK_HOSTS; i++)
        assert_int_equal(week.host[i].sync.diverged, false);
}

static void a_host_that_was_off_for_a_week_is_in_step_at_once(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, 2 * DAY_S, STEP_S, NULL);
    week.host[2].off = true;
    take_image(&week.host[2]);
    week_pass(&week, 7 * DAY_S, STEP_S, NULL);
    assert_nothing_retired_opens(&week);
    week_start_host(&week, &week.host[2], NULL);
    assert_joins(&week.host[2]);
    assert_nothing_retired_opens(&week);
}

static void a_host_restored_from_an_image_of_last_month_is_in_step_at_once(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, DAY_S, STEP_S, NULL);
    take_image(&week.host[2]);
    week_pass(&week, 30 * DAY_S, HOUR_S / 2, NULL);
    week.host[2] = image;
    week_start_host(&week, &week.host[2], &image_records);
    assert_joins(&week.host[2]);
    assert_nothing_retired_opens(&week);
}

static void two_hosts_from_one_image_are_in_step(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, 2 * DAY_S, STEP_S, NULL);
    take_image(&week.host[0]);
    week.host[1] = image;
    week.host[2] = image;
    week_start_host(&week, &week.host[1], &image_records);
    week_start_host(&week, &week.host[2], &image_records);
    assert_joins(&week.host[2]);
    week_pass(&week, 2 * DAY_S, STEP_S, assert_nothing_retired_opens);
    assert_true(week_is_in_step(&week));
}

static void a_clock_that_the_store_does_not_confirm_ends_no_epoch(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, DAY_S, STEP_S, NULL);
    const uint64_t epoch = week.host[2].keks.at[0].epoch;
    week.host[2].clock_off_s = 30 * DAY_S;
    week_pass(&week, HOUR_S, STEP_S, NULL);
    assert_int_equal(week.host[2].keks.at[0].epoch, epoch);
    week.host[2].clock_off_s = 0;
    week_start_host(&week, &week.host[2], NULL);
    week_pass(&week, 2 * DAY_S, STEP_S, NULL);
    assert_true(week_is_in_step(&week));
    assert_nothing_retired_opens(&week);
}

static void a_store_that_is_away_ends_no_epoch(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, 2 * DAY_S, STEP_S, NULL);
    const uint64_t epoch = week.host[2].keks.at[0].epoch;
    week.host[2].cut_off = true;
    week_pass(&week, 4 * DAY_S, STEP_S, NULL);
    assert_int_equal(week.host[2].keks.at[0].epoch, epoch);
    week.host[2].cut_off = false;
    week_pass(&week, DAY_S, STEP_S, NULL);
    assert_true(week_is_in_step(&week));
    assert_nothing_retired_opens(&week);
}

static void an_epoch_is_kept_until_the_floor_has_left_it_and_every_clock_is_past_it(void **state)
{
    static struct stek_sync sync;
    const struct stek_policy policy = {
        .rotate_s = 3600, .accept_s = 43200, .max_session_age_s = 86400, .ahead = 2};
    const int64_t now = stek_epoch_begins(9) + HOUR_S;

    (void)state;
    stek_sync_init(&sync, &policy, NULL, 1);
    stek_sync_know_day(&sync, true, 3);
    stek_sync_read_begin(&sync, 6);
    stek_sync_saw_floor(&sync, 5, STEK_VALUE_GOOD, 1, 5);
    assert_int_equal(stek_epoch_needed(&sync, now), 0); /* the read is not over */
    stek_sync_read_end(&sync);
    assert_int_equal(stek_epoch_needed(&sync, now), 5);
    assert_true(stek_epoch_floor_is_old(&sync, now));
    stek_sync_saw_floor(&sync, 7, STEK_VALUE_GOOD, 1, 9);
    assert_false(stek_epoch_floor_is_old(&sync, now));
    assert_int_equal(stek_epoch_needed(&sync, now - 1), 8);
    assert_int_equal(stek_epoch_needed(&sync, now), 9);
    stek_sync_know_day(&sync, false, 3);
    assert_int_equal(stek_epoch_needed(&sync, now), 0);
    stek_sync_know_day(&sync, true, 3);
    stek_sync_saw_clock(&sync, 7200 * 1000);
    assert_int_equal(stek_epoch_needed(&sync, now), 0);
    stek_sync_saw_clock(&sync, 0);
    stek_sync_disconnected(&sync);
    assert_int_equal(stek_epoch_needed(&sync, now), 0);
    stek_sync_read_begin(&sync, 7);
    stek_sync_saw_floor(&sync, 7, STEK_VALUE_GOOD, 1, 9);
    stek_sync_read_end(&sync);
    assert_int_equal(stek_epoch_needed(&sync, now), 9);
    stek_sync_saw_floor(&sync, 8, STEK_VALUE_WRONG_KEY, 0, 0);
    assert_int_equal(stek_epoch_needed(&sync, now), 0);
    assert_int_equal(stek_epoch_for_floor(&sync, now), 9);
}

/* As after a time in which its clock and the store's were wrong together, or with a key file that
 * was made under a wrong clock: it has destroyed the keys of a month to come. */
static void a_host_that_went_a_month_too_far_is_not_locked_out(void **state)
{
    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, DAY_S, STEP_S, NULL);
    assert_int_equal(stek_kek_advance(&week.host[2].keks.at[0], 331), STEK_OK);
    week_start_host(&week, &week.host[2], NULL);
    week_pass(&week, 6 * HOUR_S, STEP_S, NULL);
    for (int day = 0; day < 35; day++) {
        if (!week_is_in_step(&week))
            fail_msg("not in step on day %d", day);
        week_pass(&week, DAY_S, HOUR_S / 2, NULL);
    }
    assert_nothing_retired_opens(&week);
}

/* A view of a store with this floor, and this newest record. */
static void see_store(struct stek_sync *sync, uint64_t floor, uint64_t epoch, uint64_t seq)
{
    const struct stek_policy policy = {
        .rotate_s = 3600, .accept_s = 43200, .max_session_age_s = 86400, .ahead = 2};
    const struct stek_record record = {.seq = seq,
                                       .active_from = 1000,
                                       .active_until = 2000,
                                       .accept_until = 3000,
                                       .origin = STEK_ORIGIN_PUBLISHED,
                                       .secret = prng_secret(&week.prng)};

    stek_sync_init(sync, &policy, NULL, 1);
    stek_sync_read_begin(sync, 9);
    stek_sync_saw_floor(sync, 5, STEK_VALUE_GOOD, floor, epoch);
    stek_sync_saw_record(sync, seq, 6, STEK_VALUE_GOOD, &record, 1500);
    stek_sync_read_end(sync);
}

static void
a_lower_floor_an_earlier_epoch_and_a_missing_record_are_each_an_older_store(void **state)
{
    static struct stek_sync sync;
    const uint8_t id[STEK_KEK_ID_LEN] = {1};
    struct stek_seen seen = {.known = false};

    (void)state;
    see_store(&sync, 4, 7, 8);
    stek_seen_add(&seen, id, &sync, 1500);
    assert_false(stek_seen_is_newer(&seen, &sync, 1500));
    see_store(&sync, 3, 7, 8);
    assert_true(stek_seen_is_newer(&seen, &sync, 1500));
    see_store(&sync, 4, 6, 8);
    assert_true(stek_seen_is_newer(&seen, &sync, 1500));
    see_store(&sync, 4, 7, 6);
    assert_true(stek_seen_is_newer(&seen, &sync, 1500));
    assert_false(stek_seen_is_newer(&seen, &sync, 3000)); /* the record has retired since */
}

static void what_was_seen_reads_as_it_was_written_and_nothing_else_is_read(void **state)
{
    const struct stek_seen seen = {.known = true,
                                   .kek_id = {0, 1, 2, 3, 4, 5, 6, 255},
                                   .floor = 12,
                                   .epoch = 333,
                                   .seq = 4711,
                                   .until = 1800000000,
                                   .here = 13};
    struct stek_seen again = {.known = false};
    char text[STEK_SEEN_TEXT_MAX];
    const size_t len = stek_seen_format(&seen, text);

    (void)state;
    assert_true(stek_seen_parse(text, len, &again));
    assert_true(again.known);
    assert_memory_equal(again.kek_id, seen.kek_id, sizeof seen.kek_id);
    assert_int_equal(again.floor, seen.floor);
    assert_int_equal(again.epoch, seen.epoch);
    assert_int_equal(again.seq, seen.seq);
    assert_int_equal(again.until, seen.until);
    assert_int_equal(again.here, seen.here);
    for (size_t cut = 0; cut < len; cut++)
        assert_false(stek_seen_parse(text, cut, &again));
    text[len] = ' ';
    assert_false(stek_seen_parse(text, len + 1, &again));
}

static void an_older_store_is_noticed_after_a_reboot(void **state)
{
    static struct week_store backup;
    struct week_host *host = &week.host[2];

    (void)state;
    week_begin(&week, prng_run_seed());
    week_pass(&week, DAY_S, STEP_S, NULL);
    backup = week.store;
    week_pass(&week, 5 * HOUR_S, STEP_S, NULL);
    assert_false(stek_seen_is_newer(&host->seen, &host->sync, week.now));
    const struct stek_seen seen = host->seen;
    week.host[0].off = week.host[1].off = true;
    backup.revision = week.store.revision + 1;
    week.store = backup;
    week_start_host(&week, host, NULL);
    stek_sync_read_begin(&host->sync, week.store.revision);
    stek_sync_read_end(&host->sync);
    assert_true(stek_seen_is_newer(&seen, &host->sync, week.now));
    assert_true(host->sync.floor >= seen.floor);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_a_host_opens_no_record_of_a_day_that_is_over),
        cmocka_unit_test(who_has_the_root_key_opens_all_that_was_recorded),
        cmocka_unit_test(a_host_that_was_off_for_a_week_is_in_step_at_once),
        cmocka_unit_test(a_host_restored_from_an_image_of_last_month_is_in_step_at_once),
        cmocka_unit_test(two_hosts_from_one_image_are_in_step),
        cmocka_unit_test(a_clock_that_the_store_does_not_confirm_ends_no_epoch),
        cmocka_unit_test(a_store_that_is_away_ends_no_epoch),
        cmocka_unit_test(an_epoch_is_kept_until_the_floor_has_left_it_and_every_clock_is_past_it),
        cmocka_unit_test(a_host_that_went_a_month_too_far_is_not_locked_out),
        cmocka_unit_test(an_older_store_is_noticed_after_a_reboot),
        cmocka_unit_test(
            a_lower_floor_an_earlier_epoch_and_a_missing_record_are_each_an_older_store),
        cmocka_unit_test(what_was_seen_reads_as_it_was_written_and_nothing_else_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
