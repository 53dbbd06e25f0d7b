/* SPDX-License-Identifier: Apache-2.0 */
/* Summing up what the consumers of a ring have counted. */
#include "counters/stats_files.h"

#include <string.h>

enum { TRIES_MAX = 3 };

static void add_counts(struct stek_stats_sum *sum, const uint64_t *count)
{
    for (size_t i = 0; i < STEK_COUNTERS; i++)
        sum->count[i] += count[i]; /* 1,025 times at most 2^48 */
}

/* Keeps the most recently used ones, in order. */
static void add_consumer(struct stek_stats_sum *sum, struct stek_consumer consumer)
{
    size_t at = sum->consumer_count;

    sum->processes++;
    sum->processes_used += consumer.last_use != 0;
    while (at > 0 && sum->consumer[at - 1].last_use < consumer.last_use)
        at--;
    if (at == STEK_STATS_CONSUMERS_MAX)
        return;
    if (sum->consumer_count < STEK_STATS_CONSUMERS_MAX)
        sum->consumer_count++;
    memmove(&sum->consumer[at + 1], &sum->consumer[at],
            (sum->consumer_count - at - 1) * sizeof consumer);
    sum->consumer[at] = consumer;
}

bool stek_stats_add(struct stek_stats_walk *walk, struct stek_stats_sum *sum)
{
    bool gone = true;

    sum->files++;
    add_counts(sum, walk->view.count);
    for (size_t i = 0; i < walk->view.processes; i++) {
        const enum stek_stats_life life = stek_stats_walk_life(walk, i);
        if (life == STEK_STATS_ALIVE)
            add_consumer(sum, (struct stek_consumer){walk->view.process[i].pid,
                                                     walk->view.process[i].last_use});
        gone = gone && life == STEK_STATS_GONE;
        sum->incomplete = sum->incomplete || life == STEK_STATS_UNKNOWN;
    }
    return gone;
}

void stek_stats_add_total(const struct stek_stats_total *total, struct stek_stats_sum *sum)
{
    add_counts(sum, total->count);
}

static bool sum_files(int run_dir, const char *ring, const struct stek_stats_total *total,
                      unsigned *steps, struct stek_stats_sum *sum)
{
    struct stek_stats_walk *walk = stek_stats_walk_open(run_dir, ring, *steps);
    enum stek_stats_found found;

    if (walk == NULL)
        return false;
    while ((found = stek_stats_walk_next(walk)) != STEK_STATS_FOUND_NONE &&
           found != STEK_STATS_FOUND_PAUSE) {
        sum->files_ignored += found == STEK_STATS_FOUND_GARBAGE;
        sum->files_over += found == STEK_STATS_FOUND_OVER;
        if (found == STEK_STATS_FOUND_FILE && !stek_stats_total_has(total, walk->name))
            (void)stek_stats_add(walk, sum);
    }
    sum->incomplete = sum->incomplete || found == STEK_STATS_FOUND_PAUSE;
    *steps = walk->steps;
    stek_stats_walk_close(walk);
    return true;
}

enum stek_result stek_stats_read(int run_dir, const char *ring, unsigned *steps,
                                 struct stek_stats_sum *ret_sum)
{
    struct stek_stats_total total;
    struct stek_stats_total after;
    struct stek_stats_sum sum;

    /* While stekd aggregates, a file may be neither in the total that was read nor in the directory
     * any more. */
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        memset(&sum, 0, sizeof sum);
        stek_stats_total_read(run_dir, ring, &total);
        stek_stats_add_total(&total, &sum);
        if (!sum_files(run_dir, ring, &total, steps, &sum))
            return STEK_ERR_SYSTEM;
        stek_stats_total_read(run_dir, ring, &after);
        if (after.generation == total.generation)
            break;
    }
    *ret_sum = sum;
    return STEK_OK;
}

static bool is_among(const struct stek_context *contexts, size_t count,
                     const struct stek_context *context)
{
    for (size_t i = 0; i < count; i++)
        if (contexts[i].len == context->len &&
            memcmp(contexts[i].bytes, context->bytes, context->len) == 0)
            return true;
    return false;
}

size_t stek_stats_contexts(int run_dir, const char *ring, struct stek_context *ret_contexts,
                           size_t max)
{
    struct stek_stats_walk *walk = stek_stats_walk_open(run_dir, ring, STEK_STATS_READ_STEPS);
    enum stek_stats_found found;
    size_t count = 0;

    if (walk == NULL)
        return 0;
    while ((found = stek_stats_walk_next(walk)) != STEK_STATS_FOUND_NONE &&
           found != STEK_STATS_FOUND_PAUSE)
        for (size_t i = 0; found == STEK_STATS_FOUND_FILE && i < walk->view.contexts && count < max;
             i++)
            if (!is_among(ret_contexts, count, &walk->view.context[i]))
                ret_contexts[count++] = walk->view.context[i];
    stek_stats_walk_close(walk);
    return count;
}
