/* SPDX-License-Identifier: Apache-2.0 */
/* Appdata of a ticket: what decodes encodes to the same bytes, and anything else leaves the output
 * alone. */
#include "driver/fuzz.h"

#include "core/appdata.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_appdata appdata = {.origin = -1};
    uint8_t again[STEK_APPDATA_LEN];

    if (!stek_appdata_decode(data, size, &appdata)) {
        FUZZ_MUST(appdata.origin == -1);
        return 0;
    }
    stek_appdata_encode(&appdata, again);
    FUZZ_MUST(size == sizeof again && memcmp(data, again, size) == 0);
    return 0;
}
