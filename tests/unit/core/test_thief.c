/* SPDX-License-Identifier: Apache-2.0 */
/* For how long a stolen copy of a ring's records is of use: the hours that SECURITY.md has. The
 * thief continues it as any holder does. */
#include "unit.h"

#include "prng.h"

#include "core/policy.h"
#include "core/revoke.h"
#include "core/schedule.h"

#include <string.h>

enum { START = 1800000000, HOUR_S = 3600, HOURS = 200, TURNS_BEFORE = 30 };

static struct stek_policy policy_of(uint32_t ahead)
{
    return (struct stek_policy){
        .rotate_s = HOUR_S, .accept_s = 12 * HOUR_S, .max_session_age_s = 1, .ahead = ahead};
}

static void advance(struct stek_records *ring, const struct stek_policy *policy, int64_t now)
{
    const struct stek_fresh fresh = prng_fresh((uint64_t)now);

    assert_int_equal(stek_records_advance(ring, policy, now, &fresh), STEK_OK);
}

/* A ring that has rotated for a while, just after a rotation. */
static struct stek_records ring_in_use(const struct stek_policy *policy, int64_t *ret_now)
{
    struct stek_records ring = {0};
    int64_t now = START;

    for (int i = 0; i < TURNS_BEFORE; i++, now += HOUR_S)
        advance(&ring, policy, now);
    *ret_now = now - HOUR_S;
    return ring;
}

static const struct stek_record *active(const struct stek_records *ring, int64_t now)
{
    for (size_t i = 0; i < ring->count; i++)
        if (stek_record_state(ring, i, now) == STEK_STATE_ACTIVE)
            return &ring->at[i];
    fail_msg("nothing is active");
    return NULL;
}

/* Whether the thief has the key that seals now. */
static bool knows(const struct stek_records *stolen, const struct stek_policy *policy,
                  const struct stek_records *ring, int64_t now)
{
    struct stek_records copy = *stolen;

    assert_int_equal(stek_records_settle(&copy, policy, now), STEK_OK);
    return memcmp(&active(&copy, now)->secret, &active(ring, now)->secret,
                  sizeof(struct stek_secret32)) == 0;
}

/* Hours after which the thief no longer has what seals; the owner is away for the first ones. */
static int hours_of_use(uint32_t ahead, int away)
{
    const struct stek_policy policy = policy_of(ahead);
    int64_t now;
    struct stek_records ring = ring_in_use(&policy, &now);
    const struct stek_records stolen = ring;
    int last = 0;

    for (int hour = 0; hour < HOURS; hour++, now += HOUR_S) {
        if (hour >= away)
            advance(&ring, &policy, now);
        else
            assert_int_equal(stek_records_settle(&ring, &policy, now), STEK_OK);
        last = knows(&stolen, &policy, &ring, now) ? hour + 1 : last;
    }
    return last;
}

static void a_stolen_ring_seals_for_one_interval_more_than_are_ahead(void **state)
{
    (void)state;
    assert_int_equal(hours_of_use(1, 0), 2);
    assert_int_equal(hours_of_use(2, 0), 3);
    assert_int_equal(hours_of_use(16, 0), 17);
}

/* It ends with the interval in whose first half somebody publishes again. */
static void while_nobody_publishes_a_thief_follows_the_continuations(void **state)
{
    (void)state;
    assert_int_equal(hours_of_use(2, 3), 4);
    assert_int_equal(hours_of_use(2, 24), 25);
    assert_int_equal(hours_of_use(2, HOURS), HOURS);
}

static void what_sealed_when_the_file_was_stolen_opens_no_longer_than_its_last_key(void **state)
{
    const struct stek_policy policy = policy_of(2);
    int64_t now;
    const struct stek_records stolen = ring_in_use(&policy, &now);

    (void)state;
    assert_int_equal(stolen.at[stolen.count - 1].accept_until - now, 15 * HOUR_S);
    assert_between(now - stolen.at[0].active_from, 12 * HOUR_S, 13 * HOUR_S);
}

static void a_revocation_of_all_keys_ends_it_at_once(void **state)
{
    const struct stek_policy policy = policy_of(2);
    int64_t now;
    struct stek_records ring = ring_in_use(&policy, &now);
    const struct stek_records stolen = ring;
    const struct stek_fresh fresh = prng_fresh(7);
    const struct stek_revocation all = {.which = STEK_REVOKE_ALL};
    uint64_t count;

    (void)state;
    assert_int_equal(stek_records_revoke(&ring, &all, &policy, now, &fresh, &count), STEK_OK);
    assert_int_equal(count, stolen.count);
    for (int hour = 0; hour < HOURS; hour++, now += HOUR_S) {
        advance(&ring, &policy, now);
        assert_false(knows(&stolen, &policy, &ring, now));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stolen_ring_seals_for_one_interval_more_than_are_ahead),
        cmocka_unit_test(while_nobody_publishes_a_thief_follows_the_continuations),
        cmocka_unit_test(what_sealed_when_the_file_was_stolen_opens_no_longer_than_its_last_key),
        cmocka_unit_test(a_revocation_of_all_keys_ends_it_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
