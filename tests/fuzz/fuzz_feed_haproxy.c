/* SPDX-License-Identifier: Apache-2.0 */
/* What a server on HAProxy's socket may answer. */
#include "driver/fuzz.h"

#include "feed/haproxy.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_keyfile_keys held;
    char *text = malloc(size + 1);

    FUZZ_MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (stek_feed_haproxy_read(text, stek_keyfile_layout_find("haproxy"), &held))
        FUZZ_MUST(held.count >= 3 && held.count <= STEK_KEYFILE_KEYS_MAX);
    free(text);
    return 0;
}
