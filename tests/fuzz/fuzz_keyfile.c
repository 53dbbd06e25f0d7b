/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a key file: every layout reads it or says why not, and what was read is written and
 * read again the same. */
#include "driver/fuzz.h"

#include "keyfile/ticket.h"
#include "keyfile/weak.h"
#include "keyfile/write.h"

#include <string.h>

static void again(const struct stek_keyfile_keys *keys)
{
    static struct stek_keyfile_keys arranged, read;
    static struct stek_keyfile_bytes bytes;

    if (stek_keyfile_arrange(keys, keys->layout, &arranged) != NULL)
        return; /* an HMAC key of h2o's own length */
    FUZZ_MUST(arranged.count >= keys->count && arranged.count <= STEK_KEYFILE_KEYS_MAX);
    stek_keyfile_write(&arranged, &bytes);
    FUZZ_MUST(bytes.len < sizeof bytes.at);
    FUZZ_MUST(stek_keyfile_read(keys->layout, bytes.at, bytes.len, &read) == NULL);
    const struct stek_keyfile_key *seals = &keys->at[stek_keyfile_sealing(keys)];
    const struct stek_keyfile_key *still = &read.at[stek_keyfile_sealing(&read)];
    FUZZ_MUST(read.count == arranged.count && memcmp(seals->aes, still->aes, 32) == 0 &&
              memcmp(seals->hmac, still->hmac, 32) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stek_keyfile_keys keys;

    for (const struct stek_keyfile_layout *at = stek_keyfile_layouts(); at->name != NULL; at++) {
        struct stek_keyfile_findings findings = {.count = 0};
        size_t key = 0;
        if (stek_keyfile_read(at, data, size, &keys) != NULL)
            continue;
        FUZZ_MUST(keys.count > 0 && keys.count <= at->keys_max);
        FUZZ_MUST(stek_keyfile_judge(&keys, &findings) == STEK_OK);
        (void)stek_keyfile_try(&keys, data, size, &key);
        FUZZ_MUST(key < keys.count);
        again(&keys);
    }
    return 0;
}
