/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/watch/clock.h"

#include "clock/clock.h"
#include "daemon/system/log.h"
#include "daemon/watch/find.h"

#include <stdio.h>

enum { LOOK_AGAIN_S = 300 };

struct span {
    char text[STEK_DURATION_LEN];
};

static const char *write_span(int64_t seconds, struct span *span)
{
    return stek_duration_text(seconds, sizeof span->text, span->text);
}

static int64_t boot_s(void)
{
    return stek_clock_read_ms(CLOCK_BOOTTIME) / 1000;
}

void stek_clock_begin(struct stek_rings *rings, int64_t now)
{
    bool since_boot = false;
    const int64_t latest = stek_run_dir_latest_change(rings->dir_fd, &since_boot);
    struct span span;

    stek_clockcheck_begin(&rings->clock, latest, since_boot, now, boot_s());
    const int64_t doubt_s = stek_clockcheck_doubt_s(&rings->clock);
    if (doubt_s < 0)
        stek_log(STEK_LOG_WARNING,
                 "the clock is %s behind a time that this host has seen: it is wrong, or was then",
                 write_span(doubt_s, &span));
    if (doubt_s > 0)
        stek_log(STEK_LOG_WARNING,
                 "the clock is %s ahead of what this host can have run since its rings were last "
                 "changed: it is wrong, or was then",
                 write_span(doubt_s, &span));
}

static void tell(const struct stek_clockcheck *check, enum stek_clock_news news, int64_t step_s)
{
    const char *way = step_s > 0 ? "forward" : "back";
    struct span span;

    (void)write_span(step_s, &span);
    if (news == STEK_CLOCK_IS_BACK)
        stek_log(STEK_LOG_NOTICE, "the clock was set %s by %s, to where it was before", way,
                 span.text);
    if (news == STEK_CLOCK_WAS_SET)
        stek_log(STEK_LOG_WARNING,
                 "the clock was set %s by %s: keys seal and end by it from now on; if it is wrong, "
                 "set it right",
                 way, span.text);
    if (news == STEK_CLOCK_IS_BELIEVED)
        stek_log(STEK_LOG_NOTICE, "the clock has run on for %s: it is believed",
                 write_span(check->boot_s - check->since_s, &span));
}

int64_t stek_clock_look(struct stek_rings *rings, int64_t now)
{
    int64_t step_s = 0;
    const enum stek_clock_news news = stek_clockcheck_look(&rings->clock, now, boot_s(), &step_s);

    if (news != STEK_CLOCK_AS_BEFORE)
        tell(&rings->clock, news, step_s);
    return stek_clockcheck_doubt_s(&rings->clock) != 0 ? now + LOOK_AGAIN_S : INT64_MAX;
}

/* A ring whose seed does not go with the clock. */
static bool seed_problem(const struct stek_rings *rings, char ret_text[STEK_CLOCK_TEXT_LEN])
{
    struct span span;

    for (size_t i = 0; i < rings->count; i++) {
        if (rings->at[i].seed_late == 0)
            continue;
        (void)snprintf(ret_text, STEK_CLOCK_TEXT_LEN,
                       "it is %s past the time of the seed of ring %s",
                       write_span(rings->at[i].seed_late, &span), rings->at[i].config.name);
        return true;
    }
    return false;
}

bool stek_clock_problem(const struct stek_rings *rings, char ret_text[STEK_CLOCK_TEXT_LEN])
{
    const int64_t doubt_s = stek_clockcheck_doubt_s(&rings->clock);
    struct span doubt;
    struct span ago;

    if (doubt_s == 0)
        return seed_problem(rings, ret_text);
    (void)snprintf(ret_text, STEK_CLOCK_TEXT_LEN,
                   "it is %s %s what was believed until %s ago; if it is wrong, set it right",
                   write_span(doubt_s, &doubt), doubt_s > 0 ? "ahead of" : "behind",
                   write_span(rings->clock.boot_s - rings->clock.since_s, &ago));
    return true;
}
