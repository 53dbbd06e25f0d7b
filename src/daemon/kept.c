/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/kept.h"

#include "daemon/history/fields.h"
#include "daemon/history/note.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { RETRY_MAX_S = 64 };

/* Whose members may use the ring: without a group of its own, stekd's. */
static gid_t group_of(const struct stek_config_ring *config)
{
    return config->gid != (gid_t)-1 ? config->gid : getegid();
}

struct stek_writer_place stek_kept_place(const struct stek_kept *kept, int dir_fd, bool allow_disk)
{
    return (struct stek_writer_place){.dir_fd = dir_fd,
                                      .ring = kept->config.name,
                                      .group = group_of(&kept->config),
                                      .allow_disk = allow_disk,
                                      .source = kept->config.source};
}

void stek_kept_explain(const struct stek_kept *kept, enum stek_result result, const char *problem,
                       int error, struct stek_config_problem *ret_problem)
{
    const struct stek_config_ring *config = &kept->config;

    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%s%s%s",
                   problem != NULL ? problem : stek_failure_of(result, error).text,
                   config->group[0] != '\0' ? "; its group is " : "", config->group);
}

void stek_kept_log_start(const struct stek_kept *kept, enum stek_writer_start start,
                         const char *problem)
{
    const char *ring = kept->config.name;

    stek_note_kept(kept->history, &kept->config, start != STEK_WRITER_TOOK_OVER);
    if (start == STEK_WRITER_NEW)
        stek_log(STEK_LOG_INFO, "ring %s: new", ring);
    else if (start == STEK_WRITER_TOOK_OVER)
        stek_log(STEK_LOG_INFO, "ring %s: taken over", ring);
    else
        stek_log(STEK_LOG_WARNING,
                 "ring %s: its file could not be used (%s): replaced by a new ring", ring,
                 problem != NULL ? problem : "unsound");
}

void stek_kept_make_counters(struct stek_kept *kept, int dir_fd)
{
    const bool was_due = kept->counters_due;

    kept->counters_due =
        stek_stats_make_dir(dir_fd, kept->config.name, group_of(&kept->config)) != STEK_OK;
    if (kept->counters_due && !was_due)
        stek_log(STEK_LOG_WARNING, "ring %s: no directory for its counters: %s", kept->config.name,
                 stek_failure_of(STEK_ERR_SYSTEM, errno).text);
    if (!kept->counters_due && was_due)
        stek_log(STEK_LOG_NOTICE, "ring %s: has a directory for its counters again",
                 kept->config.name);
}

void stek_kept_put_off(struct stek_kept *kept, int64_t now)
{
    kept->retry_s = kept->retry_s == 0 ? 1 : 2 * kept->retry_s;
    if (kept->retry_s > RETRY_MAX_S)
        kept->retry_s = RETRY_MAX_S;
    kept->retry_at = now + kept->retry_s;
}

bool stek_kept_is_time(const struct stek_kept *kept, int64_t now)
{
    return now >= kept->retry_at || kept->retry_at > now + RETRY_MAX_S;
}

/* Whether it began to seal after the history's last entry from before this start. */
static bool is_later(const struct stek_kept *kept, const struct stek_record *record)
{
    return kept->history != NULL && record->active_from > kept->history->before;
}

/* A continuation is worth finding later, but for a seed, whose keys are no others. */
static void log_rotation(const struct stek_kept *kept, const struct stek_record *record)
{
    const bool continued = record->origin == STEK_ORIGIN_CONTINUED;
    const bool lacking = continued && kept->config.source != STEK_SOURCE_SEED;

    stek_log(lacking ? STEK_LOG_NOTICE : STEK_LOG_INFO, "ring %s: %s seals: %s", kept->config.name,
             continued ? "a continuation" : "the next key",
             stek_fields_of_rotation(kept->config.name, record).text);
}

/* At a start, also what happened while stekd was away; and again which key seals. */
static void tell(const struct stek_kept *kept, const struct stek_record *record, bool first,
                 bool active)
{
    const bool later = is_later(kept, record);

    if (!first || active || later)
        stek_note_rotated(kept->history, kept->config.name, record);
    if (!first || (later && record->origin == STEK_ORIGIN_CONTINUED))
        log_rotation(kept, record);
}

/* Counts rotations by the records that have begun to seal since the last time: a seq may leave
 * gaps. */
static void count_records(struct stek_kept *kept, const struct stek_records *records, size_t active,
                          bool first)
{
    for (size_t i = 0; i <= active; i++) {
        const bool counts = first || records->at[i].seq > kept->counted_seq;
        kept->continuations += counts && records->at[i].origin == STEK_ORIGIN_CONTINUED;
        kept->rotations += counts && !first;
        if (counts && stek_record_counts(&records->at[i]))
            tell(kept, &records->at[i], first, i == active);
    }
    kept->counted_seq = records->at[active].seq;
}

bool stek_kept_is_well(const struct stek_kept *kept)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    return kept->writer != NULL && !kept->failing &&
           stek_writer_state(kept->writer, &state) == STEK_OK;
}

bool stek_kept_is_own(const struct stek_kept *kept)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    return kept->config.source == STEK_SOURCE_HOST ||
           (kept->writer != NULL && stek_writer_state(kept->writer, &state) == STEK_OK &&
            stek_ring_state_is_own(&state));
}

void stek_kept_note(const struct stek_kept *kept, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    if (kept->writer == NULL || stek_writer_state(kept->writer, &state) != STEK_OK)
        return;
    const int active = stek_records_active(&state.records, now);
    stek_note_kept(kept->history, &kept->config, false);
    if (active >= 0)
        stek_note_rotated(kept->history, kept->config.name, &state.records.at[active]);
}

void stek_kept_count(struct stek_kept *kept, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    if (kept->writer == NULL || stek_writer_state(kept->writer, &state) != STEK_OK)
        return;
    const int active = stek_records_active(&state.records, now);
    if (active >= 0 && state.records.at[active].seq != kept->counted_seq)
        count_records(kept, &state.records, (size_t)active, kept->counted_seq == 0);
}
