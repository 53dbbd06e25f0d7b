/* SPDX-License-Identifier: Apache-2.0 */
/* Files of key-encryption keys, names of keys in the store, and what a host has noted of a ring:
 * what is refused leaves the output alone. */
#include "driver/fuzz.h"

#include "fleet/store/kekfile.h"
#include "fleet/store/names.h"
#include "fleet/store/seen.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_kek key = {.epoch = 42};
    struct stek_seen seen = {.seq = 42};
    struct stek_key_name from;
    struct stek_key_name until;
    struct stek_key_name again;
    uint64_t seq = 42;

    if (stek_kekfile_parse((const char *)data, size, &key) != NULL)
        FUZZ_MUST(key.epoch == 42);
    if (stek_seen_parse((const char *)data, size, &seen)) {
        char text[STEK_SEEN_TEXT_MAX];
        FUZZ_MUST(stek_seen_format(&seen, text) <= size);
    } else {
        FUZZ_MUST(seen.seq == 42);
    }
    stek_name_folder("/p", "web", &from, &until);
    if (stek_name_parse(&from, (struct stek_bytes){data, size}, &seq) != STEK_NAME_RECORD) {
        FUZZ_MUST(seq == 42);
        return 0;
    }
    stek_name_record("/p", "web", seq, &again);
    FUZZ_MUST(memcmp(again.text, data, size) == 0);
    return 0;
}
