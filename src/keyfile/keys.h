/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of one file, whatever its layout. They are secret: wipe them. */
#ifndef STEK_KEYFILE_KEYS_H
#define STEK_KEYFILE_KEYS_H

#include "crypto/wipe.h"
#include "keyfile/layout.h"

enum { STEK_KEYFILE_KEYS_MAX = 64 };

struct stek_keyfile_key {
    uint8_t name[STEK_KEYFILE_NAME_LEN];
    uint8_t hmac[STEK_KEYFILE_HMAC_MAX];
    uint8_t aes[STEK_KEYFILE_AES_MAX];
    size_t hmac_len; /* 16, 32 or, in h2o's files, 64 */
    size_t aes_len;  /* 16 or 32 */
    int64_t from;    /* Unix seconds; 0: the file does not say */
    int64_t until;
};

struct stek_keyfile_keys {
    const struct stek_keyfile_layout *layout;
    size_t count;
    struct stek_keyfile_key at[STEK_KEYFILE_KEYS_MAX];
};

static inline void stek_keyfile_key_wipe(struct stek_keyfile_key *key)
{
    stek_wipe(key, sizeof *key);
}

static inline void stek_keyfile_keys_wipe(struct stek_keyfile_keys *keys)
{
    stek_wipe(keys, sizeof *keys);
}

/* The index of the key that seals; the file has at least one. */
static inline size_t stek_keyfile_sealing(const struct stek_keyfile_keys *keys)
{
    switch (keys->layout->seals) {
    case STEK_KEYFILE_LAST:
        return keys->count - 1;
    case STEK_KEYFILE_LAST_BUT_ONE:
        return keys->count > 1 ? keys->count - 2 : 0;
    case STEK_KEYFILE_FIRST:
        break;
    }
    return 0;
}

/* Whether the file's format has a name for each key. */
static inline bool stek_keyfile_has_names(const struct stek_keyfile_layout *layout)
{
    return layout->form != STEK_KEYFILE_STUNNEL;
}

#endif
