/* SPDX-License-Identifier: Apache-2.0 */
/* A history: each line that is an entry is written again as it was, and a report of all holds what
 * it says it does. */
#include "driver/fuzz.h"

#include "history/report.h"

#include <string.h>

static struct stek_report report; /* too large for the stack */

static void take_line(const char *line, size_t len)
{
    struct stek_history_entry entry;
    char back[STEK_HISTORY_LINE_MAX];

    if (!stek_history_parse(line, len, &entry))
        return;
    FUZZ_MUST(stek_history_format(&entry, back) == len + 1);
    FUZZ_MUST(memcmp(back, line, len) == 0 && back[len] == '\n');
    stek_report_take(&report, &entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *at = (const char *)data;
    const char *end = at + size;

    stek_report_init(1700000000, 1800000000, &report);
    for (const char *stop; at < end && (stop = memchr(at, '\n', (size_t)(end - at))) != NULL;
         at = stop + 1)
        take_line(at, (size_t)(stop - at));
    stek_report_end(&report);
    json_t *json = stek_report_json(&report, NULL);
    FUZZ_MUST(json != NULL);
    FUZZ_MUST(json_array_size(json_object_get(json, "rings")) <= report.ring_count);
    json_decref(json);
    return 0;
}
