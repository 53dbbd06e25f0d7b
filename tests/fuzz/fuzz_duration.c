/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and numbers as text: what is accepted is in range, what is refused leaves the output
 * alone. */
#include "driver/fuzz.h"

#include "core/duration.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    int64_t value = -1;

    FUZZ_MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    bool parsed = stek_duration_parse(text, &value);
    FUZZ_MUST(parsed ? value >= 0 && value <= 999999999LL * 86400 : value == -1);
    value = -1;
    parsed = stek_number_parse(text, &value);
    FUZZ_MUST(parsed ? value >= 0 && value <= 999999999 : value == -1);
    free(text);
    return 0;
}
