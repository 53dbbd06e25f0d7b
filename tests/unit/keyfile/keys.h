/* SPDX-License-Identifier: Apache-2.0 */
/* Keys for the tests of key files. */
#ifndef STEK_TEST_KEYS_H
#define STEK_TEST_KEYS_H

#include "crypto/random.h"
#include "keyfile/write.h"

#include <string.h>

/* Random keys as a file of this layout has them. */
static inline struct stek_keyfile_keys random_keys(const char *layout, size_t count)
{
    struct stek_keyfile_keys keys = {.layout = stek_keyfile_layout_find(layout), .count = count};

    assert_non_null(keys.layout);
    for (size_t i = 0; i < count; i++) {
        struct stek_keyfile_key *key = &keys.at[i];
        key->aes_len = keys.layout->part_len;
        key->hmac_len = keys.layout->part_len;
        assert_int_equal(stek_random_public(key->name, sizeof key->name), STEK_OK);
        assert_int_equal(stek_random_public(key->aes, key->aes_len), STEK_OK);
        assert_int_equal(stek_random_public(key->hmac, key->hmac_len), STEK_OK);
        key->from = 1000;
        key->until = 2000;
    }
    return keys;
}

#endif
