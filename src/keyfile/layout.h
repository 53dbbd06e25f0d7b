/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How servers lay out ticket keys in files. All of them seal a ticket as name[16] iv[16], the state
 * in AES-CBC, HMAC-SHA256[32]; they differ in the order and the lengths of the keys.
 * docs/formats.md
 * ("Key files of servers") has the table, and how each row was confirmed. Pure.
 */
#ifndef STEK_KEYFILE_LAYOUT_H
#define STEK_KEYFILE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_KEYFILE_NAME_LEN = 16, STEK_KEYFILE_HMAC_MAX = 64, STEK_KEYFILE_AES_MAX = 32 };

enum stek_keyfile_form {
    STEK_KEYFILE_RAW,      /* name and keys, one set after the other */
    STEK_KEYFILE_BASE64,   /* a line for each set */
    STEK_KEYFILE_LIGHTTPD, /* 12 bytes of version and times before the set */
    STEK_KEYFILE_H2O,      /* YAML */
    STEK_KEYFILE_STUNNEL   /* lines of stunnel.conf; they have no name */
};

/* Which of the keys in a file seals. */
enum stek_keyfile_seals { STEK_KEYFILE_FIRST, STEK_KEYFILE_LAST_BUT_ONE, STEK_KEYFILE_LAST };

struct stek_keyfile_layout {
    const char *name;    /* as --from and --to take it: a server's, "-aes128" for its short keys */
    const char *setting; /* where the server's configuration names the file */
    enum stek_keyfile_form form;
    uint8_t part_len; /* of the AES key, and of the HMAC key where files hold no longer ones */
    bool aes_first;   /* the AES key stands before the HMAC key */
    uint8_t keys_min; /* sets in one file */
    uint8_t keys_max;
    enum stek_keyfile_seals seals;
};

/* All layouts; the last one has a NULL name. */
const struct stek_keyfile_layout *stek_keyfile_layouts(void);

/* NULL: there is no layout of this name. */
const struct stek_keyfile_layout *stek_keyfile_layout_find(const char *name);

/* The bytes of one set in a file that is raw, or in a line of base64. */
static inline size_t stek_keyfile_set_len(const struct stek_keyfile_layout *layout)
{
    return STEK_KEYFILE_NAME_LEN + 2 * (size_t)layout->part_len;
}

/* Whether both put the same keys at the same places, whatever the form around them. */
static inline bool stek_keyfile_same_order(const struct stek_keyfile_layout *a,
                                           const struct stek_keyfile_layout *b)
{
    return a->form == b->form && a->part_len == b->part_len && a->aes_first == b->aes_first;
}

#endif
