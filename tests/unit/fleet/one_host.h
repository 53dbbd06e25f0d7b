/* SPDX-License-Identifier: Apache-2.0 */
/* One host of a fleet, and a store that says what a test wants. */
#ifndef TESTS_UNIT_FLEET_ONE_HOST_H
#define TESTS_UNIT_FLEET_ONE_HOST_H

#include "unit.h"

#include "prng.h"

#include "fleet/rules/sync.h"

#include <string.h>

enum { ROTATE_S = 3600, ACCEPT_S = 43200, NOON = 1800000000 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 86400, .ahead = 2};
static struct prng prng = {1};
static struct stek_sync host;
static struct stek_sync_actions actions;
static int64_t now_ms;

static inline void decide(void)
{
    struct stek_fresh fresh = {.count = 3};

    for (size_t i = 0; i < fresh.count; i++)
        fresh.secret[i] = prng_secret(&prng);
    assert_int_equal(stek_sync_decide(&host, now_ms, &fresh, prng_next(&prng), &actions), STEK_OK);
}

/* Lets time pass, as the host asks for, until it writes. */
static inline void decide_until_it_writes(void)
{
    decide();
    for (int i = 0; i < 20 && !actions.write; i++) {
        now_ms = actions.wake_at_ms;
        decide();
    }
    assert_true(actions.write);
}

/* A record that seals from `from` on for an interval. */
static inline struct stek_record record_of(uint64_t seq, int64_t from)
{
    return (struct stek_record){.seq = seq,
                                .active_from = from,
                                .active_until = from + ROTATE_S,
                                .accept_until = from + ROTATE_S + ACCEPT_S,
                                .origin = STEK_ORIGIN_PUBLISHED,
                                .secret = prng_secret(&prng)};
}

static inline void see(const struct stek_record *record, int64_t revision)
{
    stek_sync_saw_record(&host, record->seq, revision, STEK_VALUE_GOOD, record, now_ms / 1000);
}

static inline void see_garbage(uint64_t seq, int64_t revision)
{
    stek_sync_saw_record(&host, seq, revision, STEK_VALUE_MALFORMED, NULL, now_ms / 1000);
}

/* A host that has read a store with a floor of 1 at revision 5, and these records at 6, 7 and so
 * on. */
static inline void connect(const struct stek_records *file, const struct stek_record *records,
                           size_t count)
{
    now_ms = (int64_t)NOON * 1000;
    stek_sync_init(&host, &policy, file, 1);
    stek_sync_read_begin(&host, 5 + (int64_t)count);
    stek_sync_saw_floor(&host, 5, STEK_VALUE_GOOD, 1, 0);
    for (size_t i = 0; i < count; i++)
        see(&records[i], 6 + (int64_t)i);
    stek_sync_read_end(&host);
}

static inline bool same_secret(const struct stek_record *a, const struct stek_secret32 *secret)
{
    return a != NULL && memcmp(&a->secret, secret, sizeof *secret) == 0;
}

#endif
