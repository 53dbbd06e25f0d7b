/* SPDX-License-Identifier: Apache-2.0 */
/* A ring of source seed and a clock that is wrong: on virtual time, with real files. */
#include "unit.h"

#include "prng.h"

#include "daemon/seeds.h"
#include "seed/seedfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { START = 1800000000, HOUR = 3600, DAY = 86400, ACCEPT = 12 * HOUR };

struct host {
    char path[32];
    struct stek_kept kept;
    struct stek_clockcheck clock;
    int dir_fd;
    int64_t boot_s; /* true time: the clock may show another one */
};

static int enter(void **state)
{
    struct host *host = calloc(1, sizeof *host);
    struct stek_config_ring *config;
    enum stek_writer_start start;
    const char *problem = NULL;
    struct stek_seed seed = {
        .ring = "web", .rotate_s = HOUR, .accept_s = ACCEPT, .seq = 1, .active_from = START};

    struct prng prng = {.state = 7};

    assert_non_null(host);
    seed.secret = prng_secret(&prng);
    config = &host->kept.config;
    (void)strcpy(host->path, "/dev/shm/stek-unit-XXXXXX");
    assert_non_null(mkdtemp(host->path));
    host->dir_fd = open(host->path, O_RDONLY | O_DIRECTORY);
    (void)snprintf(config->name, sizeof config->name, "web");
    (void)snprintf(config->seed, sizeof config->seed, "%s/web.seed", host->path);
    config->source = STEK_SOURCE_SEED;
    assert_null(stek_seedfile_make(config->seed, &seed));
    const struct stek_writer_place place = {
        .dir_fd = host->dir_fd, .ring = "web", .group = (gid_t)-1, .source = STEK_SOURCE_SEED};
    const struct stek_policy policy = {.size = 0};
    assert_int_equal(stek_writer_open(&place, &policy, START, &start, &problem, &host->kept.writer),
                     STEK_OK);
    stek_clockcheck_begin(&host->clock, 0, false, START, 0);
    *state = host;
    return 0;
}

static int leave(void **state)
{
    struct host *host = *state;

    assert_int_equal(stek_writer_remove(host->kept.writer), STEK_OK);
    (void)unlink(host->kept.config.seed);
    (void)unlinkat(host->dir_fd, "web.stats", AT_REMOVEDIR);
    (void)close(host->dir_fd);
    assert_int_equal(rmdir(host->path), 0);
    free(host);
    return 0;
}

/* True time goes on by `by_s`, and the clock shows `wrong_s` more than it. */
static const char *turn(struct host *host, int64_t by_s, int64_t wrong_s)
{
    int64_t step_s;
    int64_t next = 0;

    host->boot_s += by_s;
    const int64_t now = START + host->boot_s + wrong_s;
    (void)stek_clockcheck_look(&host->clock, now, host->boot_s, &step_s);
    const char *problem = stek_seed_update(&host->kept, &host->clock, now, &next);
    assert_true(next > now);
    return problem;
}

/* stekd starts again. */
static void restart(struct host *host, int64_t wrong_s)
{
    stek_clockcheck_begin(&host->clock, 0, false, START + host->boot_s + wrong_s, host->boot_s);
}

static uint64_t seq_in_file(const struct host *host)
{
    STEK_SECRET(stek_seed) struct stek_seed seed;

    assert_null(stek_seedfile_read(host->kept.config.seed, &seed));
    return seed.seq;
}

static uint64_t active_seq(const struct host *host, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    assert_int_equal(stek_writer_state(host->kept.writer, &state), STEK_OK);
    const int active = stek_records_active(&state.records, now);
    return active >= 0 ? state.records.at[active].seq : 0;
}

static void on_a_right_clock_the_past_is_destroyed_as_it_retires(void **state)
{
    struct host *host = *state;

    assert_null(turn(host, 0, 0));
    for (int hour = 1; hour <= 100; hour++) {
        assert_null(turn(host, HOUR, 0));
        assert_int_equal(seq_in_file(host), hour < 13 ? 1 : hour - 11);
        assert_int_equal(active_seq(host, START + host->boot_s), hour + 1);
    }
}

static void a_start_with_the_clock_30_days_ahead_costs_no_key(void **state)
{
    struct host *host = *state;

    restart(host, 30 * DAY);
    assert_null(turn(host, 0, 30 * DAY));
    assert_int_equal(active_seq(host, START + 30 * DAY), 721);
    assert_int_equal(host->kept.seed_late, 30 * DAY - HOUR - ACCEPT);
    assert_int_equal(seq_in_file(host), 1);
    assert_null(turn(host, 2, 0));
    assert_int_equal(active_seq(host, START + 2), 1);
    assert_int_equal(seq_in_file(host), 1);
    assert_int_equal(host->kept.seed_late, 0);
}

static void a_clock_that_is_set_ahead_while_stekd_runs_costs_no_key(void **state)
{
    struct host *host = *state;

    assert_null(turn(host, 3 * DAY, 0));
    const uint64_t before = seq_in_file(host);
    assert_null(turn(host, 10, 5 * HOUR));
    assert_null(turn(host, HOUR - 1, 5 * HOUR));
    assert_int_equal(seq_in_file(host), before);
    assert_null(turn(host, 10, 0));
    assert_int_equal(active_seq(host, START + host->boot_s), 74);
}

static void a_host_that_was_off_for_a_month_destroys_the_past_after_a_day(void **state)
{
    struct host *host = *state;

    host->boot_s = 30 * DAY;
    restart(host, 0);
    assert_null(turn(host, 0, 0));
    assert_true(host->kept.seed_late > 0);
    assert_int_equal(seq_in_file(host), 1);
    assert_null(turn(host, DAY - 1, 0));
    assert_int_equal(seq_in_file(host), 1);
    assert_null(turn(host, 1, 0));
    assert_int_equal(seq_in_file(host), 31 * 24 - 11);
    assert_int_equal(host->kept.seed_late, 0);
}

static void a_seed_that_was_advanced_by_a_wrong_clock_is_told_of(void **state)
{
    struct host *host = *state;

    restart(host, 30 * DAY);
    assert_null(turn(host, DAY, 30 * DAY));
    const char *problem = turn(host, 10, 0);
    assert_non_null(problem);
    assert_non_null(strstr(problem, "copy the file of another host"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(on_a_right_clock_the_past_is_destroyed_as_it_retires, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_start_with_the_clock_30_days_ahead_costs_no_key, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_clock_that_is_set_ahead_while_stekd_runs_costs_no_key,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(
            a_host_that_was_off_for_a_month_destroys_the_past_after_a_day, enter, leave),
        cmocka_unit_test_setup_teardown(a_seed_that_was_advanced_by_a_wrong_clock_is_told_of, enter,
                                        leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
