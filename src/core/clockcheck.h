/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the calendar clock is to be believed. A host cannot know the time, only that the calendar
 * was set: it then runs apart from the clock that counts since boot, suspended time included. And
 * it can know times that have been: what was written once was not written later than now.
 *
 * A clock that was set is in doubt until it has run on for some time without being set again. What
 * cannot be taken back (the past of a seed) waits for that. Pure.
 */
#ifndef STEK_CORE_CLOCKCHECK_H
#define STEK_CORE_CLOCKCHECK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    STEK_CLOCK_SLACK_S = 60,        /* less than that is no matter for tickets */
    STEK_CLOCK_TRIAL_S = 3600,      /* a clock that was set runs on for this long, */
    STEK_CLOCK_LONG_TRIAL_S = 86400 /* or this, where it was set by more than as much */
};

struct stek_clockcheck {
    int64_t lead_s; /* what the calendar was ahead of the time since boot, when last looked at */
    int64_t believed_s; /* the same, as it would be if the clock had not been set */
    int64_t since_s;    /* time since boot when it was last set, or first looked at */
    int64_t boot_s;     /* time since boot at the last look */
};

enum stek_clock_news {
    STEK_CLOCK_AS_BEFORE,
    STEK_CLOCK_WAS_SET,    /* by *ret_step_s, since the last look */
    STEK_CLOCK_IS_BACK,    /* the same, and so it is where it was believed before */
    STEK_CLOCK_IS_BELIEVED /* it has run on for long enough */
};

/*
 * Begins. `latest` is the latest time that was noted on this host by its clock, 0: none is known;
 * `since_boot`: it was noted since the host booted, so it is no longer ago than that. Where the
 * calendar does not go with it, the clock is in doubt.
 */
void stek_clockcheck_begin(struct stek_clockcheck *check, int64_t latest, bool since_boot,
                           int64_t now, int64_t boot_s);

/* Looks at the clocks. */
enum stek_clock_news stek_clockcheck_look(struct stek_clockcheck *check, int64_t now,
                                          int64_t boot_s, int64_t *ret_step_s);

/* By how many seconds the calendar is ahead (or, below 0, behind) of what was believed; 0: it is
 * not in doubt. */
int64_t stek_clockcheck_doubt_s(const struct stek_clockcheck *check);

/*
 * How many more seconds to wait before a key is destroyed that was due `late_s` ago by the
 * calendar; 0: it may be. A key that is no more overdue than its own life of `life_s` waits for at
 * most the shorter of the trials, or that life.
 */
int64_t stek_clockcheck_wait_s(const struct stek_clockcheck *check, int64_t late_s, int64_t life_s);

#endif
