/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/rings.h"

#include "daemon/history/note.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/seeds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AGAIN_S = 10 };

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

void stek_rings_init(struct stek_rings *rings, int dir_fd, bool allow_disk)
{
    *rings = (struct stek_rings){.dir_fd = dir_fd, .allow_disk = allow_disk};
}

void stek_rings_fini(struct stek_rings *rings)
{
    for (size_t i = 0; i < rings->count; i++) {
        stek_writer_close(rings->at[i].writer);
        stek_stats_scan_free(rings->at[i].scan);
    }
    free(rings->at);
    free(rings->gone);
    *rings = (struct stek_rings){.dir_fd = -1};
}

struct stek_kept *stek_rings_find(struct stek_rings *rings, const char *name)
{
    for (size_t i = 0; i < rings->count; i++)
        if (strcmp(rings->at[i].config.name, name) == 0)
            return &rings->at[i];
    return NULL;
}

size_t stek_rings_kept(const struct stek_rings *rings)
{
    size_t count = 0;

    for (size_t i = 0; i < rings->count; i++)
        count += rings->at[i].writer != NULL;
    return count;
}

/* Opens the ring's writer. False: *ret_problem says why not. */
static bool open_ring(const struct stek_rings *rings, struct stek_kept *kept, int64_t now,
                      struct stek_config_problem *ret_problem)
{
    const struct stek_writer_place place = stek_kept_place(kept, rings->dir_fd, rings->allow_disk);
    enum stek_writer_start start = STEK_WRITER_NEW;
    const char *problem = NULL;

    errno = 0;
    enum stek_result result =
        stek_writer_open(&place, &kept->config.policy, now, &start, &problem, &kept->writer);
    if (result != STEK_OK) {
        stek_kept_explain(kept, result, problem, errno, ret_problem);
        return false;
    }
    stek_kept_log_start(kept, start, problem);
    kept->seed_next = 0;
    stek_kept_make_counters(kept, rings->dir_fd);
    stek_kept_count(kept, now);
    return true;
}

/* The first failure is logged, and each that has another reason. */
static void try_to_open(const struct stek_rings *rings, struct stek_kept *kept, int64_t now)
{
    struct stek_config_problem problem;

    if (open_ring(rings, kept, now, &problem)) {
        kept->problem.text[0] = '\0';
        kept->retry_s = 0;
        return;
    }
    if (strcmp(problem.text, kept->problem.text) != 0) {
        stek_note_unkept(kept->history, kept->config.name, problem.text);
        stek_log(STEK_LOG_ERROR, "ring %s: cannot be kept: %s; stekd tries again",
                 kept->config.name, problem.text);
    }
    kept->problem = problem;
}

bool stek_rings_start(struct stek_rings *rings, const struct stek_config *config, int64_t now)
{
    rings->at = calloc(config->ring_count + 1, sizeof *rings->at);
    if (rings->at == NULL)
        return false;
    for (; rings->count < config->ring_count; rings->count++) {
        struct stek_kept *kept = &rings->at[rings->count];
        kept->config = config->rings[rings->count];
        kept->history = rings->history;
        try_to_open(rings, kept, now);
        if (kept->writer == NULL || kept->counters_due)
            stek_kept_put_off(kept, now);
    }
    return true;
}

/* Tries again what did not work. Returns when to come again; INT64_MAX: never. */
static int64_t try_again(struct stek_rings *rings, struct stek_kept *kept, int64_t now)
{
    if (kept->writer != NULL && !kept->counters_due)
        return INT64_MAX;
    if (!stek_kept_is_time(kept, now))
        return kept->retry_at;
    if (kept->writer == NULL)
        try_to_open(rings, kept, now);
    else
        stek_kept_make_counters(kept, rings->dir_fd);
    if (kept->writer != NULL && kept->config.source == STEK_SOURCE_FLEET)
        rings->fleet_due = true; /* the fleet does not know it yet */
    if (kept->writer != NULL && !kept->counters_due)
        return INT64_MAX;
    stek_kept_put_off(kept, now);
    return kept->retry_at;
}

void stek_rings_remove(struct stek_rings *rings, struct stek_kept *kept)
{
    const char *ring = kept->config.name;
    enum stek_result result = STEK_OK;

    stek_note_gone(kept->history, ring);
    errno = 0;
    if (kept->writer != NULL)
        result = stek_writer_remove(kept->writer);
    if (result != STEK_OK)
        stek_log(STEK_LOG_ERROR,
                 "ring %s: its keys are destroyed, but its file could not be removed: %s; stekd "
                 "tries again",
                 ring, stek_failure_of(result, errno).text);
    else if (kept->writer != NULL)
        stek_log(STEK_LOG_NOTICE, "ring %s: removed", ring);
    else
        stek_log(STEK_LOG_WARNING, "ring %s: was not kept; its file stays if it has one", ring);
    stek_stats_scan_free(kept->scan);
    if (stek_stats_remove(rings->dir_fd, ring, STEK_STATS_REMOVE_STEPS) != STEK_STATS_REMOVED ||
        result != STEK_OK)
        memcpy(rings->gone[rings->gone_count++].ring, ring, strlen(ring) + 1);
}

/* Removes what is left of rings that went. */
static int64_t clear_up(struct stek_rings *rings, int64_t now)
{
    int64_t next = INT64_MAX;
    size_t left = 0;

    for (size_t i = 0; i < rings->gone_count; i++) {
        char file[STEK_RINGFILE_NAME_LEN];
        const struct stek_gone gone = rings->gone[i];
        stek_ringfile_name(gone.ring, file);
        const bool removed = unlinkat(rings->dir_fd, file, 0) == 0 || errno == ENOENT;
        const enum stek_stats_removal counters = stek_stats_remove(
            rings->dir_fd, gone.ring, STEK_STATS_REMOVE_STEPS / (unsigned)rings->gone_count);
        if (counters == STEK_STATS_REMOVED && removed) {
            stek_log(STEK_LOG_NOTICE, "ring %s: removed at last", gone.ring);
            continue;
        }
        rings->gone[left++] = gone;
        next = earlier(next, now + (counters == STEK_STATS_LEFT ? 1 : AGAIN_S));
    }
    rings->gone_count = left;
    return next;
}

/* A failed update is repeated at the next turn. The first failure and the recovery are logged. */
static void note_result(struct stek_kept *kept, enum stek_result result)
{
    if (result != STEK_OK && !kept->failing)
        stek_log(STEK_LOG_ERROR, "ring %s: could not be updated: %s", kept->config.name,
                 stek_failure_of(result, errno).text);
    if (result == STEK_OK && kept->failing)
        stek_log(STEK_LOG_NOTICE, "ring %s: up to date again", kept->config.name);
    kept->failing = result != STEK_OK;
}

/* A seed's fault is logged once, and again when it becomes another one. */
static int64_t update_seeded(const struct stek_rings *rings, struct stek_kept *kept, int64_t now)
{
    if (now < kept->seed_next && now >= kept->seed_last)
        return kept->seed_next;
    errno = 0;
    const char *problem = stek_seed_update(kept, &rings->clock, now, &kept->seed_next);
    const int error = errno;
    kept->seed_last = now;
    if (problem != NULL && problem != kept->seed_problem)
        stek_log(STEK_LOG_ERROR, "ring %s: %s: %s%s%s", kept->config.name, kept->config.seed,
                 problem, error != 0 ? ": " : "", error != 0 ? stek_failure_name(error).text : "");
    if (problem == NULL && kept->seed_problem != NULL)
        stek_log(STEK_LOG_NOTICE, "ring %s: its seed can be used again", kept->config.name);
    kept->seed_problem = problem;
    kept->failing = problem != NULL;
    return kept->seed_next;
}

static int64_t update_of_host(struct stek_kept *kept, int64_t now)
{
    if (stek_writer_due(kept->writer, now) <= now) {
        errno = 0;
        note_result(kept, stek_writer_update(kept->writer, now));
        stek_kept_count(kept, now);
        kept->scan_due = true;
    }
    return stek_writer_due(kept->writer, now);
}

/* stek_change_fn */
static enum stek_result retire_superseded(struct stek_ring_state *state, int64_t now,
                                          const struct stek_fresh *fresh, void *arg)
{
    (void)fresh, (void)arg;
    for (uint64_t i = state->records.count; i-- > 0;)
        if (!stek_record_counts(&state->records.at[i]) && state->records.at[i].accept_until <= now)
            stek_records_remove(&state->records, i, i + 1);
    return STEK_OK;
}

/* When the first superseded record retires; INT64_MAX: there is none. */
static int64_t superseded_until(const struct stek_kept *kept)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    int64_t until = INT64_MAX;

    if (stek_writer_state(kept->writer, &state) != STEK_OK)
        return until;
    for (size_t i = 0; i < state.records.count; i++)
        if (!stek_record_counts(&state.records.at[i]))
            until = earlier(until, state.records.at[i].accept_until);
    return until;
}

/* Of a fleet or a seed: what another source left is nobody's but this host's to destroy. */
static int64_t update_left(struct stek_kept *kept, int64_t now)
{
    if (superseded_until(kept) <= now)
        note_result(kept, stek_writer_change(kept->writer, retire_superseded, NULL, now));
    return superseded_until(kept);
}

/*
 * Returns when it is due again; INT64_MAX: never. In a fleet the maker of the records decides when,
 * but for those that the ring has from another source.
 */
static int64_t update_ring(const struct stek_rings *rings, struct stek_kept *kept, int64_t now)
{
    int64_t next = INT64_MAX;

    if (kept->writer == NULL)
        return next;
    if (kept->config.source == STEK_SOURCE_SEED)
        next = update_seeded(rings, kept, now);
    next =
        earlier(next, stek_kept_is_own(kept) ? update_of_host(kept, now) : update_left(kept, now));
    kept->failing |= kept->config.source == STEK_SOURCE_SEED && kept->seed_problem != NULL;
    return next;
}

int64_t stek_rings_update(struct stek_rings *rings, int64_t now)
{
    int64_t next = clear_up(rings, now);
    const bool anew = stek_note_begins_anew(rings->history);

    for (size_t i = 0; i < rings->count; i++) {
        next = earlier(next, try_again(rings, &rings->at[i], now));
        next = earlier(next, update_ring(rings, &rings->at[i], now));
        if (anew)
            stek_kept_note(&rings->at[i], now);
    }
    return next > now ? next : now + 1;
}
