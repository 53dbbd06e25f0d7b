/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/rings.h"

#include "core/policy.h"
#include "core/reschedule.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/seeds.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
    rings->at = NULL;
    rings->count = 0;
}

struct stek_kept *stek_rings_find(struct stek_rings *rings, const char *name)
{
    for (size_t i = 0; i < rings->count; i++)
        if (strcmp(rings->at[i].config.name, name) == 0)
            return &rings->at[i];
    return NULL;
}

/* Says how a ring was found. */
static void log_start(const char *ring, enum stek_writer_start start, const char *problem)
{
    if (start == STEK_WRITER_NEW)
        stek_log(STEK_LOG_INFO, "ring %s: new", ring);
    else if (start == STEK_WRITER_TOOK_OVER)
        stek_log(STEK_LOG_INFO, "ring %s: taken over", ring);
    else
        stek_log(STEK_LOG_WARNING,
                 "ring %s: its file could not be used (%s): replaced by a new ring", ring,
                 problem != NULL ? problem : "unsound");
}

/* Whose members may use the ring: without a group of its own, stekd's. */
static gid_t group_of(const struct stek_config_ring *config)
{
    return config->gid != (gid_t)-1 ? config->gid : getegid();
}

/* Opens the ring's writer. False after a problem; nothing is left open then. */
static bool open_ring(const struct stek_rings *rings, struct stek_kept *kept, int64_t now,
                      enum stek_writer_start *ret_start, struct stek_config_problem *ret_problem)
{
    const struct stek_config_ring *config = &kept->config;
    const struct stek_writer_place place = {.dir_fd = rings->dir_fd,
                                            .ring = config->name,
                                            .group = group_of(config),
                                            .allow_disk = rings->allow_disk,
                                            .source = config->source};
    const struct stek_policy policy = stek_policy_resolve(&config->policy);
    const char *problem = NULL;

    errno = 0;
    enum stek_result result =
        stek_writer_open(&place, &policy, now, ret_start, &problem, &kept->writer);
    if (result == STEK_OK) {
        log_start(config->name, *ret_start, problem);
        return true;
    }
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "ring %s: cannot be kept: %s%s%s",
                   config->name, problem != NULL ? problem : stek_failure_of(result, errno).text,
                   config->group[0] != '\0' ? "; its group is " : "", config->group);
    return false;
}

/* The rings of a configuration while they are made ready beside those that are kept. */
enum ready {
    READY_KEPT,  /* was there: nothing was opened */
    READY_TAKEN, /* opened, but its file was there before */
    READY_MADE   /* opened, and its file is new */
};

struct next {
    struct stek_kept *at;
    enum ready *ready;
    size_t count;
};

static void next_free(struct next *next)
{
    free(next->at);
    free(next->ready);
}

/* Undoes what was opened. */
static void next_undo(struct next *next)
{
    for (size_t i = 0; i < next->count; i++) {
        if (next->ready[i] == READY_TAKEN)
            stek_writer_close(next->at[i].writer);
        if (next->ready[i] == READY_MADE && stek_writer_remove(next->at[i].writer) != STEK_OK)
            stek_log(STEK_LOG_WARNING, "ring %s: its file could not be removed",
                     next->at[i].config.name);
    }
    next_free(next);
}

/* Makes the writer of one ring ready: the one that is there, or a new one, also when the group is
 * to change. */
static bool prepare_ring(struct stek_rings *rings, const struct stek_config_ring *config,
                         int64_t now, struct next *next, struct stek_config_problem *ret_problem)
{
    const struct stek_kept *old = stek_rings_find(rings, config->name);
    struct stek_kept kept = old != NULL ? *old : (struct stek_kept){.writer = NULL};
    const bool open =
        old == NULL || old->config.gid != config->gid || old->config.source != config->source;
    enum stek_writer_start start = STEK_WRITER_TOOK_OVER;

    kept.config = *config;
    if (open && !open_ring(rings, &kept, now, &start, ret_problem))
        return false;
    next->ready[next->count] = !open                            ? READY_KEPT
                               : start == STEK_WRITER_TOOK_OVER ? READY_TAKEN
                                                                : READY_MADE;
    next->at[next->count++] = kept;
    return true;
}

static bool prepare(struct stek_rings *rings, const struct stek_config *config, int64_t now,
                    struct next *next, struct stek_config_problem *ret_problem)
{
    next->at = calloc(config->ring_count + 1, sizeof *next->at);
    next->ready = calloc(config->ring_count + 1, sizeof *next->ready);
    if (next->at == NULL || next->ready == NULL) {
        (void)snprintf(ret_problem->text, sizeof ret_problem->text, "no memory for %zu rings",
                       config->ring_count);
        return false;
    }
    for (size_t i = 0; i < config->ring_count; i++)
        if (!prepare_ring(rings, &config->rings[i], now, next, ret_problem))
            return false;
    return true;
}

/* stek_change_fn */
static enum stek_result change_policy(struct stek_ring_state *state, int64_t now,
                                      const struct stek_fresh *fresh, void *arg)
{
    const struct stek_policy old = stek_ring_state_policy(state);

    stek_ring_state_set_policy(state, arg);
    return stek_records_change_policy(&state->records, &old, arg, now, fresh);
}

/* Gives a ring that is kept the policy and group of its configuration. */
static void adjust(const struct stek_rings *rings, struct stek_kept *kept, int64_t now)
{
    struct stek_policy policy = stek_policy_resolve(&kept->config.policy);

    kept->seed_next = 0;
    stek_change_fn change =
        kept->config.source == STEK_SOURCE_HOST ? change_policy : stek_change_policy;

    errno = 0;
    enum stek_result result = stek_writer_change(kept->writer, change, &policy, now);
    if (result != STEK_OK)
        stek_log(STEK_LOG_ERROR, "ring %s: its policy could not be changed: %s", kept->config.name,
                 stek_failure_of(result, errno).text);
    if (stek_stats_make_dir(rings->dir_fd, kept->config.name, group_of(&kept->config)) != STEK_OK)
        stek_log(STEK_LOG_WARNING, "ring %s: no directory for its counters", kept->config.name);
    stek_kept_count(kept, now);
}

static void remove_ring(const struct stek_rings *rings, struct stek_kept *kept)
{
    if (stek_writer_remove(kept->writer) == STEK_OK)
        stek_log(STEK_LOG_NOTICE, "ring %s: removed", kept->config.name);
    else
        stek_log(STEK_LOG_ERROR, "ring %s: its file could not be removed", kept->config.name);
    stek_stats_scan_free(kept->scan);
    stek_stats_remove(rings->dir_fd, kept->config.name);
}

/* Closes what was kept and is not kept on: its ring went, or got another writer. */
static void let_go(const struct stek_rings *rings, const struct stek_config *config,
                   const struct next *next)
{
    for (size_t i = 0; i < rings->count; i++) {
        const struct stek_config_ring *stays = stek_config_find(config, rings->at[i].config.name);
        if (stays == NULL)
            remove_ring(rings, &rings->at[i]);
        else if (next->ready[stays - config->rings] != READY_KEPT)
            stek_writer_close(rings->at[i].writer);
    }
}

bool stek_rings_apply(struct stek_rings *rings, const struct stek_config *config, int64_t now,
                      struct stek_config_problem *ret_problem)
{
    struct next next = {.count = 0};

    if (!prepare(rings, config, now, &next, ret_problem)) {
        next_undo(&next);
        return false;
    }
    let_go(rings, config, &next);
    free(rings->at);
    rings->at = next.at;
    rings->count = next.count;
    next.at = NULL;
    next_free(&next);
    for (size_t i = 0; i < rings->count; i++)
        adjust(rings, &rings->at[i], now);
    return true;
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
    const char *problem = stek_seed_update(kept, &rings->clock, now, &kept->seed_next);
    kept->seed_last = now;
    if (problem != NULL && problem != kept->seed_problem)
        stek_log(STEK_LOG_ERROR, "ring %s: %s: %s", kept->config.name, kept->config.seed, problem);
    if (problem == NULL && kept->seed_problem != NULL)
        stek_log(STEK_LOG_NOTICE, "ring %s: its seed can be used again", kept->config.name);
    kept->seed_problem = problem;
    kept->failing = problem != NULL;
    return kept->seed_next;
}

int64_t stek_rings_update(struct stek_rings *rings, int64_t now)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < rings->count; i++) {
        struct stek_kept *kept = &rings->at[i];
        if (kept->config.source == STEK_SOURCE_FLEET)
            continue; /* the maker of its records decides when */
        if (kept->config.source == STEK_SOURCE_SEED) {
            const int64_t due = update_seeded(rings, kept, now);
            next = due < next ? due : next;
            continue;
        }
        if (stek_writer_due(kept->writer, now) <= now) {
            errno = 0;
            note_result(kept, stek_writer_update(kept->writer, now));
            stek_kept_count(kept, now);
            kept->scan_due = true;
        }
        const int64_t due = stek_writer_due(kept->writer, now);
        if (due < next)
            next = due;
    }
    return next > now ? next : now + 1;
}
