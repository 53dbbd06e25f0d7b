/* SPDX-License-Identifier: Apache-2.0 */
/* A seed's text: what is taken is written again as it was, and gives a sound ring. */
#include "driver/fuzz.h"

#include "seed/seed.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_seed seed = {0};
    struct stek_records records;
    char text[STEK_SEED_TEXT_MAX];
    size_t len;

    if (stek_seed_parse((const char *)data, size, &seed) != NULL)
        return 0;
    FUZZ_MUST(stek_seed_format(&seed, text, &len) == STEK_OK);
    FUZZ_MUST(len == size && memcmp(text, data, size) == 0);
    if (stek_seed_records(&seed, 2, seed.active_from, &records) == STEK_OK)
        FUZZ_MUST(stek_records_problem(&records) == NULL &&
                  stek_records_active(&records, seed.active_from) >= 0);
    return 0;
}
