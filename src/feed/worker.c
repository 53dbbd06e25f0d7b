/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/worker.h"

#include "clock/clock.h"
#include "core/hex.h"
#include "core/plural.h"
#include "feed/handover.h"
#include "feed/log.h"
#include "feed/rules/choose.h"
#include "feed/source.h"

#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* TURN_MS: between two turns, half of which is left for a late one. */
enum { SETTLE_MS = 250, CHECK_EVERY_S = 10, MARGIN_NS = 5000000, TURN_MS = 1000 };

/* Names of keys tell whether a server has to be told; they are no secret. */
struct names {
    size_t count;
    uint8_t at[STEK_KEYFILE_KEYS_MAX][STEK_KEYFILE_NAME_LEN];
};

struct worker {
    const struct stek_feed_config *config;
    int reports_fd;
    struct stek_feed_source source;
    struct stek_feed_report report;
    struct names handed; /* what the server has */
    bool owed;           /* it is to get something else */
    bool untold;         /* the parent does not know the report */
    unsigned failures;   /* in a row */
    /* Of the monotonic clock: one that was set back would have them wait. */
    int64_t retry_ms;
    int64_t check_ms;
};

static int64_t in_seconds(int64_t seconds)
{
    return stek_clock_monotonic_ms() + seconds * 1000 - TURN_MS / 2;
}

static void rest_ms(long ms)
{
    const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

/* Rings change at whole seconds. */
static void rest_until_next_second(void)
{
    struct timespec now, pause = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    pause.tv_nsec = 999999999 - now.tv_nsec;
    if (pause.tv_nsec < 999999999 - MARGIN_NS)
        pause.tv_nsec += MARGIN_NS;
    (void)nanosleep(&pause, NULL);
}

static void take_names(const struct stek_keyfile_keys *keys, struct names *ret_names)
{
    memset(ret_names, 0, sizeof *ret_names);
    ret_names->count = keys->count;
    for (size_t i = 0; i < keys->count; i++)
        memcpy(ret_names->at[i], keys->at[i].name, STEK_KEYFILE_NAME_LEN);
}

static bool is_handed(const struct worker *worker, const struct stek_keyfile_keys *keys)
{
    struct names names;

    take_names(keys, &names);
    return memcmp(&names, &worker->handed, sizeof names) == 0;
}

/* Tells the parent; what cannot be told now is at the next turn. */
static void tell(struct worker *worker)
{
    worker->untold = write(worker->reports_fd, &worker->report, sizeof worker->report) !=
                     (ssize_t)sizeof worker->report;
}

/* A fault is one line in the log, however long it lasts. */
static void fail(struct worker *worker, enum stek_feed_state state,
                 const struct stek_feed_fault *fault)
{
    struct stek_feed_report *report = &worker->report;

    if (report->state != state || strcmp(report->fault.text, fault->text) != 0)
        stek_feed_log(STEK_FEED_ERROR, "%s: %s: trying again", worker->config->name, fault->text);
    report->state = state;
    report->failures++;
    report->fault = *fault;
    worker->failures++;
    worker->retry_ms = in_seconds(stek_feed_pause_s(worker->failures));
    tell(worker);
}

static void succeed(struct worker *worker, const struct stek_keyfile_keys *keys)
{
    struct stek_feed_report *report = &worker->report;
    const bool was_fed = report->state == STEK_FEED_FED;

    take_names(keys, &worker->handed);
    worker->owed = false;
    worker->failures = 0;
    report->state = STEK_FEED_FED;
    report->handed_over++;
    report->handed_over_at = (int64_t)time(NULL);
    report->keys = keys->count;
    report->fault.text[0] = '\0';
    stek_hex_text(keys->at[stek_keyfile_sealing(keys)].name, STEK_KEYFILE_NAME_LEN,
                  report->sealing);
    stek_feed_log(was_fed ? STEK_FEED_INFO : STEK_FEED_NOTICE, "%s: handed %zu %s over; %s seals",
                  worker->config->name, keys->count, stek_plural(keys->count, "key", "keys"),
                  report->sealing);
    tell(worker);
}

/* Looks after a while whether the server still holds what it was given, and whether the files are
 * there: it may have restarted, and it may restart. */
static void check(struct worker *worker, const struct stek_keyfile_keys *keys)
{
    struct stek_feed_fault fault = {.text = ""};
    const char *what = NULL;

    worker->check_ms = in_seconds(CHECK_EVERY_S);
    if (!stek_feed_has_files(worker->config, keys))
        what = "its files are not there any more";
    else if (stek_feed_is_held(worker->config, keys, &fault))
        return;
    else if (fault.text[0] == '\0')
        what = "the server holds other keys";
    if (what != NULL)
        stek_feed_log(STEK_FEED_NOTICE, "%s: %s: handing over again", worker->config->name, what);
    worker->owed = true;
}

static enum stek_feed_seen look(struct worker *worker, bool anew,
                                struct stek_keyfile_keys *ret_keys,
                                struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(stek_records) struct stek_records records;
    const int64_t now = (int64_t)time(NULL);
    const enum stek_feed_seen seen =
        stek_feed_source_look(&worker->source, now, anew, &records, ret_fault);

    if (seen != STEK_FEED_CHANGED)
        return seen;
    return stek_feed_make_keys(worker->config, &records, now, ret_keys, ret_fault)
               ? STEK_FEED_CHANGED
               : STEK_FEED_UNREAD;
}

/* At a change of keys stekd also publishes the next one, a moment later: one hand-over serves
 * both. */
static enum stek_feed_seen look_settled(struct worker *worker, bool anew,
                                        struct stek_keyfile_keys *ret_keys,
                                        struct stek_feed_fault *ret_fault)
{
    const enum stek_feed_seen seen = look(worker, anew, ret_keys, ret_fault);

    if (seen != STEK_FEED_CHANGED || worker->handed.count == 0 || is_handed(worker, ret_keys))
        return seen;
    rest_ms(SETTLE_MS);
    return look(worker, true, ret_keys, ret_fault);
}

static void turn(struct worker *worker)
{
    STEK_SECRET(stek_keyfile_keys) struct stek_keyfile_keys keys;
    struct stek_feed_fault fault = {.text = ""};
    const int64_t now_ms = stek_clock_monotonic_ms();
    const bool due = now_ms >= (worker->owed ? worker->retry_ms : worker->check_ms);
    const enum stek_feed_seen seen = look_settled(worker, due, &keys, &fault);

    if (worker->untold)
        tell(worker);
    if (seen == STEK_FEED_UNREAD) {
        worker->owed = true;
        if (now_ms >= worker->retry_ms)
            fail(worker, STEK_FEED_WAITING, &fault);
    }
    if (seen != STEK_FEED_CHANGED)
        return;
    if (!is_handed(worker, &keys))
        worker->owed = true;
    else if (!worker->owed)
        check(worker, &keys);
    if (!worker->owed || now_ms < worker->retry_ms)
        return;
    if (stek_feed_hand_over(worker->config, &keys, &fault))
        succeed(worker, &keys);
    else
        fail(worker, STEK_FEED_FAILING, &fault);
}

_Noreturn void stek_feed_work(const struct stek_feed_config *config, size_t feed,
                              const char *run_dir, int reports_fd)
{
    struct worker worker = {.config = config,
                            .reports_fd = reports_fd,
                            .source = {.run_dir = run_dir, .ring = config->ring},
                            .report = {.feed = feed}};

    /* Where the limit on locked memory allows it, copies of keys are not swapped either. */
    (void)mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
    for (;;) {
        turn(&worker);
        rest_until_next_second();
    }
}
