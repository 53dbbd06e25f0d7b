/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/next.h"

#include "core/policy.h"
#include "daemon/history/note.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "core/plural.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One ring: what it becomes, and what it was. */
struct item {
    struct stek_ready *ready;    /* NULL: its file stays as it is, or it is not kept */
    const struct stek_kept *old; /* NULL: it is new */
};

struct stek_next {
    struct stek_rings *rings;
    const struct stek_config *config;
    int64_t now;
    struct stek_kept *kept; /* takes the place of rings->at */
    struct item *item;      /* of each the same place */
    struct stek_gone *gone; /* takes the place of rings->gone: with room for all that go */
    size_t count;
};

static void next_free(struct stek_next *next)
{
    free(next->kept);
    free(next->item);
    free(next->gone);
    free(next);
}

static struct stek_next *next_new(struct stek_rings *rings, const struct stek_config *config,
                                  int64_t now)
{
    struct stek_next *next = calloc(1, sizeof *next);

    if (next == NULL)
        return NULL;
    *next = (struct stek_next){.rings = rings, .config = config, .now = now};
    next->kept = calloc(config->ring_count + 1, sizeof *next->kept);
    next->item = calloc(config->ring_count + 1, sizeof *next->item);
    next->gone = calloc(rings->count + rings->gone_count + 1, sizeof *next->gone);
    if (next->kept != NULL && next->item != NULL && next->gone != NULL)
        return next;
    next_free(next);
    return NULL;
}

static bool is_same_policy(const struct stek_config_ring *one, const struct stek_config_ring *other)
{
    const struct stek_policy a = stek_policy_resolve(&one->policy);
    const struct stek_policy b = stek_policy_resolve(&other->policy);

    return a.rotate_s == b.rotate_s && a.accept_s == b.accept_s && a.ahead == b.ahead &&
           a.max_session_age_s == b.max_session_age_s;
}

/* Its own writer, if the same file goes on; else the file is opened anew. */
static enum stek_result prepare_file(const struct stek_next *next, struct stek_kept *kept,
                                     struct item *item, const char **ret_problem)
{
    const struct stek_config_ring *config = &kept->config;
    const struct stek_config_ring *before = item->old != NULL ? &item->old->config : NULL;

    if (before == NULL || kept->writer == NULL || before->gid != config->gid ||
        before->source != config->source) {
        const struct stek_writer_place place =
            stek_kept_place(kept, next->rings->dir_fd, next->rings->allow_disk);
        return stek_ready_open(&place, &config->policy, next->now, ret_problem, &item->ready);
    }
    if (is_same_policy(before, config))
        return STEK_OK;
    return stek_ready_change(kept->writer, &config->policy, next->now, &item->ready);
}

static void complain(const struct stek_kept *kept, enum stek_result result, const char *problem,
                     struct stek_config_problem *ret_problem)
{
    struct stek_config_problem why;

    stek_kept_explain(kept, result, problem, errno, &why);
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "ring %s: cannot be kept: %.400s",
                   kept->config.name, why.text);
}

static bool prepare_ring(struct stek_next *next, const struct stek_config_ring *config,
                         struct stek_config_problem *ret_problem)
{
    struct item *item = &next->item[next->count];
    struct stek_kept *kept = &next->kept[next->count];
    const char *problem = NULL;

    item->old = stek_rings_find(next->rings, config->name);
    if (item->old != NULL)
        *kept = *item->old;
    kept->config = *config;
    kept->history = next->rings->history;
    next->count++;
    errno = 0;
    const enum stek_result result = prepare_file(next, kept, item, &problem);
    if (result == STEK_OK)
        return true;
    if (item->old != NULL && kept->writer == NULL) {
        stek_kept_explain(kept, result, problem, errno, &kept->problem);
        return true;
    }
    complain(kept, result, problem, ret_problem);
    return false;
}

bool stek_next_prepare(struct stek_rings *rings, const struct stek_config *config, int64_t now,
                       struct stek_next **ret_next, struct stek_config_problem *ret_problem)
{
    struct stek_next *next = next_new(rings, config, now);

    if (next == NULL) {
        (void)snprintf(ret_problem->text, sizeof ret_problem->text, "no memory for %zu %s",
                       config->ring_count, stek_plural(config->ring_count, "ring", "rings"));
        return false;
    }
    for (size_t i = 0; i < config->ring_count; i++)
        if (!prepare_ring(next, &config->rings[i], ret_problem)) {
            stek_next_give_up(next);
            return false;
        }
    *ret_next = next;
    return true;
}

const struct stek_config_ring *stek_next_ring(const struct stek_next *next, size_t index,
                                              bool *ret_kept, struct stek_ring_state *ret_state)
{
    if (index >= next->count)
        return NULL;
    const struct stek_kept *kept = &next->kept[index];
    const struct stek_ready *ready = next->item[index].ready;
    if (ready != NULL)
        *ret_kept = stek_ready_state(ready, ret_state) == STEK_OK;
    else
        *ret_kept = kept->writer != NULL && stek_writer_state(kept->writer, ret_state) == STEK_OK;
    return &kept->config;
}

bool stek_next_place(struct stek_next *next, struct stek_config_problem *ret_problem)
{
    for (size_t i = 0; i < next->count; i++) {
        if (next->item[i].ready == NULL)
            continue;
        errno = 0;
        const enum stek_result result = stek_ready_place(next->item[i].ready);
        if (result == STEK_OK)
            continue;
        complain(&next->kept[i], result, NULL, ret_problem);
        return false;
    }
    return true;
}

/* In the reverse order, so that each file is as it was before. */
void stek_next_give_up(struct stek_next *next)
{
    if (next == NULL)
        return;
    for (size_t i = next->count; i-- > 0;)
        if (!stek_ready_give_up(next->item[i].ready))
            stek_log(STEK_LOG_ERROR,
                     "ring %s: its file could not be put back as it was: %s; reload again",
                     next->kept[i].config.name, stek_failure_of(STEK_ERR_SYSTEM, errno).text);
    next_free(next);
}

static void commit_ring(struct stek_kept *kept, struct item *item)
{
    struct stek_writer *before = kept->writer;
    const char *problem = NULL;

    if (item->ready == NULL)
        return;
    kept->writer = stek_ready_commit(item->ready);
    kept->problem.text[0] = '\0';
    if (kept->writer != before) {
        stek_writer_close(before);
        const enum stek_writer_start start = stek_ready_start(item->ready, &problem);
        stek_kept_log_start(kept, start, problem);
    } else {
        stek_note_kept(kept->history, &kept->config, false); /* another policy */
    }
    if (!stek_ready_finish(item->ready))
        stek_log(STEK_LOG_WARNING, "ring %s: its unusable file lies there as .%s.old",
                 kept->config.name, kept->config.name);
}

/* What was to be removed, unless the configuration has it again. */
static void keep_gone(struct stek_next *next)
{
    struct stek_rings *rings = next->rings;
    size_t count = 0;

    for (size_t i = 0; i < rings->gone_count; i++)
        if (stek_config_find(next->config, rings->gone[i].ring) == NULL)
            next->gone[count++] = rings->gone[i];
    free(rings->gone);
    rings->gone = next->gone;
    rings->gone_count = count;
    next->gone = NULL;
}

static void switch_rings(struct stek_next *next)
{
    struct stek_rings *rings = next->rings;
    struct stek_kept *before = rings->at;
    const size_t count = rings->count;

    rings->at = next->kept;
    rings->count = next->count;
    next->kept = NULL;
    for (size_t i = 0; i < count; i++)
        if (stek_config_find(next->config, before[i].config.name) == NULL)
            stek_rings_remove(rings, &before[i]);
    free(before);
}

void stek_next_commit(struct stek_next *next, int64_t now)
{
    struct stek_rings *rings = next->rings;

    for (size_t i = 0; i < next->count; i++)
        commit_ring(&next->kept[i], &next->item[i]);
    keep_gone(next);
    switch_rings(next);
    next_free(next);
    for (size_t i = 0; i < rings->count; i++) {
        struct stek_kept *kept = &rings->at[i];
        kept->seed_next = 0;
        kept->retry_s = 0;
        kept->retry_at = now;
        if (kept->writer == NULL)
            continue;
        stek_kept_make_counters(kept, rings->dir_fd);
        stek_kept_count(kept, now);
    }
}
