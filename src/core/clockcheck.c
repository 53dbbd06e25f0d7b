/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clockcheck.h"

/* 2026-01-01: older than any host that runs this. */
static const int64_t earliest = 1767225600;

static bool is_small(int64_t difference_s)
{
    return difference_s <= STEK_CLOCK_SLACK_S && difference_s >= -STEK_CLOCK_SLACK_S;
}

void stek_clockcheck_begin(struct stek_clockcheck *check, int64_t latest, bool since_boot,
                           int64_t now, int64_t boot_s)
{
    const int64_t least = latest > earliest ? latest : earliest;
    int64_t doubt_s = 0;

    if (now < least)
        doubt_s = now - least;
    else if (latest > 0 && since_boot && now - latest > boot_s)
        doubt_s = now - latest - boot_s;
    if (is_small(doubt_s))
        doubt_s = 0;
    *check = (struct stek_clockcheck){.lead_s = now - boot_s,
                                      .believed_s = now - boot_s - doubt_s,
                                      .since_s = boot_s,
                                      .boot_s = boot_s};
}

int64_t stek_clockcheck_doubt_s(const struct stek_clockcheck *check)
{
    const int64_t doubt_s = check->lead_s - check->believed_s;

    return is_small(doubt_s) ? 0 : doubt_s;
}

static int64_t trial_s(int64_t difference_s)
{
    return difference_s > STEK_CLOCK_LONG_TRIAL_S || difference_s < -STEK_CLOCK_LONG_TRIAL_S
               ? STEK_CLOCK_LONG_TRIAL_S
               : STEK_CLOCK_TRIAL_S;
}

enum stek_clock_news stek_clockcheck_look(struct stek_clockcheck *check, int64_t now,
                                          int64_t boot_s, int64_t *ret_step_s)
{
    const int64_t step_s = now - boot_s - check->lead_s;

    check->lead_s += step_s;
    check->boot_s = boot_s;
    if (!is_small(step_s)) {
        check->since_s = boot_s;
        *ret_step_s = step_s;
        return stek_clockcheck_doubt_s(check) == 0 ? STEK_CLOCK_IS_BACK : STEK_CLOCK_WAS_SET;
    }
    const int64_t doubt_s = stek_clockcheck_doubt_s(check);
    if (doubt_s != 0 && boot_s - check->since_s < trial_s(doubt_s))
        return STEK_CLOCK_AS_BEFORE;
    check->believed_s = check->lead_s; /* clocks that are slewed drift apart */
    return doubt_s != 0 ? STEK_CLOCK_IS_BELIEVED : STEK_CLOCK_AS_BEFORE;
}

int64_t stek_clockcheck_wait_s(const struct stek_clockcheck *check, int64_t late_s, int64_t life_s)
{
    const int64_t doubt_s = stek_clockcheck_doubt_s(check);
    int64_t wait_s = trial_s(doubt_s);

    if (late_s > life_s)
        wait_s = STEK_CLOCK_LONG_TRIAL_S;
    else if (doubt_s == 0 && life_s < wait_s)
        wait_s = life_s;
    wait_s -= check->boot_s - check->since_s;
    return wait_s > 0 ? wait_s : 0;
}
