/* SPDX-License-Identifier: Apache-2.0 */
/* Forward secrecy of the store: its history of a week is recorded, then a host is taken. */
#include "unit.h"

#include "thief.h"
#include "week.h"

#include "fleet/rules/epoch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEP_S = 600, HOUR_S = 3600, DAY_S = 86400, WEEK_DAYS = 7 };

static struct week week;
static char folder[] = "/tmp/stek-thief-XXXXXX";

/* A fleet of which one host has a disk, a week later. */
static void pass_a_week(bool keeps_epochs)
{
    week_begin(&week, prng_run_seed());
    week_give_disk(&week.host[0], folder);
    week.host[0].keeps_epochs = keeps_epochs;
    week_pass(&week, WEEK_DAYS * DAY_S + 5 * HOUR_S, STEP_S, NULL);
    assert_true(week_is_in_step(&week));
    assert_true(week.store.history_count > WEEK_DAYS * 24);
}

static int64_t day_began(void)
{
    return stek_epoch_begins(stek_epoch_at(week.now));
}

/* How many secrets he has that he must not: the root key, those of past epochs, retired records. */
static size_t past_secrets(const struct thief *thief)
{
    struct stek_kek kek;
    size_t found = thief_has(thief, &week.root);

    assert_int_equal(stek_kek_init(&week.root, &kek), STEK_OK);
    for (uint64_t epoch = 0; epoch < stek_epoch_at(week.now); epoch++) {
        assert_int_equal(stek_kek_advance(&kek, epoch), STEK_OK);
        found += thief_has(thief, &kek.secret);
    }
    for (size_t i = 0; i < week.store.history_count; i++)
        found += week.store.history[i].record.accept_until < week.now - HOUR_S &&
                 thief_has(thief, &week.store.history[i].record.secret);
    return found;
}

static void who_takes_memory_and_disk_and_tries_everything_opens_no_day_that_is_over(void **state)
{
    struct thief thief;

    (void)state;
    pass_a_week(false);
    assert_true(week.host[0].replaced_count >= WEEK_DAYS);
    thief_take(&week.host[0], &thief);
    assert_int_equal(past_secrets(&thief), 0);
    assert_int_equal(thief_opens(&thief, &week, day_began()), 0);
    /* What still opens he opens: so he knows how. */
    assert_true(thief_opens(&thief, &week, INT64_MAX) >= 1);
    thief_forget(&thief);
}

static void control_a_host_that_destroys_no_epoch_is_found_out(void **state)
{
    struct thief thief;

    (void)state;
    pass_a_week(true);
    thief_take(&week.host[0], &thief);
    assert_true(past_secrets(&thief) >= WEEK_DAYS);
    assert_int_equal(thief_opens(&thief, &week, day_began()), WEEK_DAYS);
    thief_forget(&thief);
}

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    week_take_disk(&week.host[0]);
    return rmdir(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            who_takes_memory_and_disk_and_tries_everything_opens_no_day_that_is_over, make_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(control_a_host_that_destroys_no_epoch_is_found_out,
                                        make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
