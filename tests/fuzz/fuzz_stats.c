/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in the place of a consumer's stats file and of the total: refused, or read as numbers
 * within bounds. */
#include "driver/fuzz.h"

#include "counters/stats_page.h"

#include <string.h>

static void check_view(const struct stek_stats_view *view)
{
    for (size_t i = 0; i < STEK_COUNTERS; i++)
        FUZZ_MUST(view->count[i] <= STEK_STATS_COUNT_MAX);
    FUZZ_MUST(view->processes <= STEK_STATS_PROCESSES && view->contexts <= STEK_STATS_CONTEXTS);
    for (size_t i = 0; i < view->processes; i++)
        FUZZ_MUST(view->process[i].pid > 0 && view->process[i].pid <= INT32_MAX &&
                  view->process[i].last_use >= 0);
    for (size_t i = 0; i < view->contexts; i++)
        FUZZ_MUST(view->context[i].len > 0 && view->context[i].len <= STEK_CONTEXT_MAX);
}

static void check_total(const struct stek_stats_total *total)
{
    FUZZ_MUST(total->names <= STEK_STATS_NAMES);
    for (uint64_t i = 0; i < total->names; i++)
        FUZZ_MUST(memchr(total->name[i], '\0', STEK_STATS_NAME_LEN) != NULL &&
                  stek_stats_is_name(total->name[i]));
}

/* Lays pieces of the input, each with its place and length before it, over sound bytes. */
static void overlay(uint8_t *bytes, size_t len, struct fuzz_input input)
{
    while (input.left > 0) {
        const size_t at = (size_t)fuzz_take(&input, 2) % len;
        size_t piece = (size_t)fuzz_take(&input, 1);
        if (piece > input.left)
            piece = input.left;
        if (piece > len - at)
            piece = len - at;
        memcpy(bytes + at, input.at, piece);
        input = (struct fuzz_input){input.at + piece, input.left - piece};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t version = STEK_STATS_VERSION;
    static struct stek_stats_view view;
    static struct stek_stats_total total;
    static uint8_t bytes[STEK_STATS_FILE_LEN];

    memset(bytes, 0, sizeof bytes);
    memcpy(bytes, "stekstat", 8);
    memcpy(bytes + 8, &version, sizeof version);
    overlay(bytes, sizeof bytes, (struct fuzz_input){data, size});
    if (stek_stats_parse(bytes, sizeof bytes, &view))
        check_view(&view);
    memset(bytes, 0, sizeof total);
    memcpy(bytes, "stektotl", 8);
    memcpy(bytes + 8, &version, sizeof version);
    overlay(bytes, sizeof total, (struct fuzz_input){data, size});
    if (stek_stats_total_parse(bytes, sizeof total, &total))
        check_total(&total);
    FUZZ_MUST(size == STEK_STATS_FILE_LEN || !stek_stats_parse(data, size, &view));
    return 0;
}
