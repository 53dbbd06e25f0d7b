/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host has seen of a ring in the store, kept in its state folder: so that after a reboot,
 * when its ring files are gone, an older store is not believed. RING.seen, text of lines, each a
 * word, a space and a value; nothing in it is secret:
 *
 *     stek-seen 1
 *     key       id of the key-encryption key, 16 hexadecimal digits
 *     floor     the highest floor
 *     epoch     the latest epoch that a floor was sealed under
 *     seq       of the newest record
 *     until     when that record retires, Unix seconds
 *     here      the highest floor that was raised on this host alone; the store may not have it
 *
 * The attacker owns the store, not the folder. Who can write there can only make the host ask for
 * a higher floor than there was.
 */
#ifndef STEK_FLEET_SEEN_H
#define STEK_FLEET_SEEN_H

#include "fleet/rules/sync.h"
#include "fleet/store/kek.h"

#include <stdbool.h>

enum { STEK_SEEN_TEXT_MAX = 256 };

struct stek_seen {
    bool known; /* there is something; the rest counts only then */
    uint8_t kek_id[STEK_KEK_ID_LEN];
    uint64_t floor;
    uint64_t epoch;
    uint64_t seq;
    int64_t until;
    uint64_t here;
};

/* Reads the text. False: it is not of this format, and *ret_seen is untouched. Pure. */
bool stek_seen_parse(const char *text, size_t len, struct stek_seen *ret_seen);

/* Writes the text, ended by a zero. Returns its length. Pure but for snprintf(). */
size_t stek_seen_format(const struct stek_seen *seen, char ret_text[STEK_SEEN_TEXT_MAX]);

/* Adds what a host knows now, of a full view of the store under this key. Pure. */
void stek_seen_add(struct stek_seen *seen, const uint8_t kek_id[STEK_KEK_ID_LEN],
                   const struct stek_sync *sync, int64_t now);

/* Adds a floor that was raised on this host alone, under this key. Pure. */
void stek_seen_add_here(struct stek_seen *seen, const uint8_t kek_id[STEK_KEK_ID_LEN],
                        uint64_t floor);

/* The seq of the newest record in the store that opened and has not retired; 0: none. Pure. */
uint64_t stek_seen_newest_seq(const struct stek_sync *sync, int64_t now);

/* Whether a full view of the store lacks what was seen: it was restored, or somebody deleted. Pure.
 */
bool stek_seen_is_newer(const struct stek_seen *seen, const struct stek_sync *sync, int64_t now);

#endif
