/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/counting.h"

#include <time.h>

/* Steps in one go; time in one turn of the loop; steps for one answer, some 20 ms. */
enum { SLICE_STEPS = 64, SLICE_US = 5000, ANSWER_STEPS = 1500 };

static void count_ring(const struct stek_rings *rings, struct stek_kept *kept)
{
    if (kept->scan == NULL)
        kept->scan = stek_stats_scan_new(rings->dir_fd, kept->config.name, STEK_STATS_PATIENCE_S);
    kept->scan_due = kept->scan != NULL && !stek_stats_scan_go_on(kept->scan, SLICE_STEPS);
}

static int64_t monotonic_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool stek_counting_go_on(struct stek_rings *rings)
{
    const int64_t end = monotonic_us() + SLICE_US;

    for (size_t idle = 0; idle < rings->count;) { /* rings in a row that want nothing */
        struct stek_kept *kept = &rings->at[rings->counting++ % rings->count];
        idle = kept->scan_due ? 0 : idle + 1;
        if (kept->scan_due)
            count_ring(rings, kept);
        if (monotonic_us() >= end)
            return true;
    }
    return false;
}

void stek_counting_begin_answer(struct stek_rings *rings)
{
    rings->steps = ANSWER_STEPS;
    for (size_t i = 0; i < rings->count; i++)
        rings->at[i].scan_due = true;
}

static bool read_counters(struct stek_rings *rings, const struct stek_kept *kept,
                          struct stek_stats_sum *ret_sum)
{
    const struct stek_stats_sum *latest =
        kept->scan != NULL ? stek_stats_scan_latest(kept->scan) : NULL;

    if (rings->steps == 0 && latest != NULL) {
        *ret_sum = *latest;
        return true;
    }
    if (stek_stats_read(rings->dir_fd, kept->config.name, &rings->steps, ret_sum) != STEK_OK)
        return false;
    if (ret_sum->incomplete && latest != NULL)
        *ret_sum = *latest;
    return true;
}

void stek_rings_describe(struct stek_rings *rings, const struct stek_kept *kept, int64_t now,
                         struct stek_status_ring *ret_status)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    struct stek_stats_sum stats;

    if (kept->writer == NULL) {
        stek_status_not_kept(kept->config.name, kept->problem.text, ret_status);
        return;
    }
    const bool counted = read_counters(rings, kept, &stats);
    if (stek_writer_state(kept->writer, &state) != STEK_OK ||
        stek_status_describe(kept->config.name, &state, counted ? &stats : NULL, now, ret_status) !=
            STEK_OK)
        stek_status_unreadable(kept->config.name, "its records cannot be read", ret_status);
}
