/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys of a ring a server is given, and when. Pure: time is an argument.
 *
 * A server that is given keys learns of them late. So it is given those that do not seal yet, too:
 * a ticket that another server seals with a key opens everywhere from the first second on. For the
 * same reason a server may seal with the key before for a moment longer.
 */
#ifndef STEK_FEED_RULES_CHOOSE_H
#define STEK_FEED_RULES_CHOOSE_H

#include "core/record.h"

/*
 * Adds the record that will seal next, if the ring does not have it yet: the continuation, which it
 * becomes unless another is published until then. Without stekd all holders of a ring go on by
 * continuations, and make each when its time has come; a server that is fed needs it earlier.
 * Errors: STEK_ERR_CRYPTO, STEK_ERR_RANDOM; nothing was added then.
 */
STEK_MUST_USE enum stek_result stek_feed_foresee(struct stek_records *records,
                                                 const struct stek_policy *policy, int64_t now);

/* Records by their index. */
struct stek_feed_choice {
    size_t count;
    size_t at[STEK_RECORDS_MAX];
};

/*
 * At most `room` records (1 or more): the one that seals, the one that seals next, the one that
 * sealed before, the other future ones from the nearest on, and the other past ones from the newest
 * on. What finds no room is left out. Nothing is chosen while no record seals.
 */
void stek_feed_choose(const struct stek_records *records, int64_t now, size_t room,
                      struct stek_feed_choice *ret_choice);

/*
 * The same for a server that has exactly `places` (3 to 64), and that moves on by itself: the last
 * but one seals, the last seals next, the ones before only open, the newest of them last. While
 * there are fewer records, future ones or the one that seals fill the places that only open.
 */
void stek_feed_line_up(const struct stek_records *records, int64_t now, size_t places,
                       struct stek_feed_choice *ret_choice);

/*
 * The same for a server whose file holds one key, and that looks at its file now and then: the
 * record that seals, or the one that seals next, from `early_s` seconds before its time on. Such a
 * server keeps the keys that it has read before.
 */
void stek_feed_choose_early(const struct stek_records *records, int64_t now, int64_t early_s,
                            struct stek_feed_choice *ret_choice);

/* How long to wait after this many failures in a row, in seconds: 1, 2, 4, 8, and then 10. */
int64_t stek_feed_pause_s(unsigned failures);

#endif
