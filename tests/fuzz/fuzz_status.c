/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON in the place of a ring's status: refused, or taken within bounds, and then it can be
 * told again. */
#include "driver/fuzz.h"

#include "status/status.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stek_status_ring ring;
    json_t *object = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);

    if (object != NULL && stek_status_parse(object, &ring) == NULL) {
        FUZZ_MUST(stek_ring_name_is_valid(ring.name) && ring.key_count <= STEK_RECORDS_MAX);
        FUZZ_MUST(ring.stats.consumer_count <= STEK_STATS_CONSUMERS_MAX);
        FUZZ_MUST(strlen(ring.problem) <= STEK_STATUS_PROBLEM_MAX &&
                  strchr(ring.problem, '\n') == NULL);
        (void)stek_status_resumption_permille(&ring);
        json_t *again = stek_status_json(&ring);
        FUZZ_MUST(again != NULL);
        json_decref(again);
    }
    json_decref(object);
    return 0;
}
