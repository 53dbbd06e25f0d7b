/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/write.h"

#include "core/hex.h"
#include "crypto/base64.h"
#include "crypto/random.h"
#include "keyfile/set.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SET_MAX = STEK_KEYFILE_NAME_LEN + 2 * STEK_KEYFILE_AES_MAX };

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/*
 * HMAC pads its key with zeros to a block of 64 bytes (RFC 2104 section 2), so a key of 32 bytes
 * and the same key with zeros after it make the same tags.
 */
static size_t hmac_len(const struct stek_keyfile_key *key)
{
    return key->hmac_len == STEK_KEYFILE_HMAC_MAX && all_zero(key->hmac + 32, 32) ? 32
                                                                                  : key->hmac_len;
}

static const char *key_problem(const struct stek_keyfile_key *key,
                               const struct stek_keyfile_layout *layout)
{
    const size_t mac = hmac_len(key);

    if (layout->form == STEK_KEYFILE_STUNNEL)
        return mac > 32 ? "its HMAC key is longer than that server takes" : NULL;
    if (key->aes_len != layout->part_len)
        return key->aes_len == 32 ? "its keys are for AES-256, and that layout is for AES-128"
                                  : "its keys are for AES-128, and that layout is for AES-256";
    if (layout->form == STEK_KEYFILE_H2O || mac == layout->part_len)
        return NULL;
    return "its HMAC key has another length than that layout";
}

static void take_key(const struct stek_keyfile_key *key, struct stek_keyfile_keys *keys)
{
    keys->at[keys->count] = *key;
    keys->at[keys->count].hmac_len = hmac_len(key);
    keys->count++;
}

static bool take_random(struct stek_keyfile_keys *keys)
{
    struct stek_keyfile_key *key = &keys->at[keys->count];
    STEK_SECRET(stek_secret32) struct stek_secret32 aes;
    STEK_SECRET(stek_secret32) struct stek_secret32 hmac;

    if (stek_random_public(key->name, sizeof key->name) != STEK_OK ||
        stek_random_secret(&aes) != STEK_OK || stek_random_secret(&hmac) != STEK_OK)
        return false;
    key->aes_len = keys->layout->part_len;
    key->hmac_len = keys->layout->part_len;
    memcpy(key->aes, aes.bytes, key->aes_len);
    memcpy(key->hmac, hmac.bytes, key->hmac_len);
    keys->count++;
    return true;
}

/*
 * First the key that seals, then the others in their order, as far as there is room. Where the last
 * key of a file seals, all of it the other way round, in both directions.
 */
static void first_seals(const struct stek_keyfile_keys *keys, struct stek_keyfile_keys *to)
{
    const bool backwards = keys->layout->seals == STEK_KEYFILE_LAST;
    const size_t sealing = stek_keyfile_sealing(keys);

    take_key(&keys->at[sealing], to);
    for (size_t i = 0; i < keys->count && to->count < to->layout->keys_max; i++) {
        const size_t at = backwards ? keys->count - 1 - i : i;
        if (at != sealing)
            take_key(&keys->at[at], to);
    }
}

static void turn_round(struct stek_keyfile_keys *keys)
{
    for (size_t i = 0; i < keys->count / 2; i++) {
        STEK_SECRET(stek_keyfile_key) struct stek_keyfile_key key = keys->at[i];
        keys->at[i] = keys->at[keys->count - 1 - i];
        keys->at[keys->count - 1 - i] = key;
    }
}

/* The key that seals next, of at least two: where the file does not tell, the one that stands
 * beside the one that seals. */
static size_t next_of(const struct stek_keyfile_keys *keys)
{
    switch (keys->layout->seals) {
    case STEK_KEYFILE_LAST_BUT_ONE:
        return keys->count - 1;
    case STEK_KEYFILE_LAST:
        return keys->count - 2;
    case STEK_KEYFILE_FIRST:
        break;
    }
    return 1;
}

/* The others, the key that seals, and the one that seals next: the last of the others. */
static const char *last_but_one_seals(const struct stek_keyfile_keys *keys,
                                      struct stek_keyfile_keys *to)
{
    const size_t sealing = stek_keyfile_sealing(keys);
    size_t next = keys->count; /* none */

    if (keys->count > 1)
        next = next_of(keys);
    while (to->count + keys->count + (next == keys->count) < to->layout->keys_min)
        if (!take_random(to))
            return "the random generator failed";
    for (size_t i = 0; i < keys->count; i++)
        if (i != sealing && i != next)
            take_key(&keys->at[i], to);
    take_key(&keys->at[sealing], to);
    if (next < keys->count)
        take_key(&keys->at[next], to);
    else if (!take_random(to))
        return "the random generator failed";
    return NULL;
}

const char *stek_keyfile_arrange(const struct stek_keyfile_keys *keys,
                                 const struct stek_keyfile_layout *layout,
                                 struct stek_keyfile_keys *ret_keys)
{
    memset(ret_keys, 0, sizeof *ret_keys);
    ret_keys->layout = layout;
    if (!stek_keyfile_has_names(keys->layout) && stek_keyfile_has_names(layout))
        return "its keys have no name, and that layout needs one";
    for (size_t i = 0; i < keys->count; i++) {
        const char *problem = key_problem(&keys->at[i], layout);
        if (problem != NULL)
            return problem;
    }
    const char *problem = NULL;
    if (layout->seals == STEK_KEYFILE_LAST_BUT_ONE)
        problem = last_but_one_seals(keys, ret_keys);
    else
        first_seals(keys, ret_keys);
    if (layout->seals == STEK_KEYFILE_LAST)
        turn_round(ret_keys);
    if (problem != NULL)
        stek_keyfile_keys_wipe(ret_keys);
    return problem;
}

static void put(struct stek_keyfile_bytes *bytes, const void *from, size_t len)
{
    memcpy(bytes->at + bytes->len, from, len);
    bytes->len += len;
}

static void put_text(struct stek_keyfile_bytes *bytes, const char *text)
{
    put(bytes, text, strlen(text));
}

static void put_hex(struct stek_keyfile_bytes *bytes, const uint8_t *from, size_t len)
{
    stek_hex_digits(from, len, (char *)bytes->at + bytes->len);
    bytes->len += 2 * len;
}

static void put_set(struct stek_keyfile_bytes *bytes, const struct stek_keyfile_layout *layout,
                    const struct stek_keyfile_key *key)
{
    stek_keyfile_put_set(layout, key, bytes->at + bytes->len);
    bytes->len += stek_keyfile_set_len(layout);
}

static void put_base64(struct stek_keyfile_bytes *bytes, const struct stek_keyfile_layout *layout,
                       const struct stek_keyfile_key *key)
{
    uint8_t set[SET_MAX];
    const size_t len = stek_keyfile_set_len(layout);

    stek_keyfile_put_set(layout, key, set);
    stek_base64_encode(set, len, (char *)bytes->at + bytes->len);
    stek_wipe(set, sizeof set);
    bytes->len += STEK_BASE64_LEN(len);
    put_text(bytes, "\n");
}

static void put_lighttpd(struct stek_keyfile_bytes *bytes, const struct stek_keyfile_layout *layout,
                         const struct stek_keyfile_key *key)
{
    const uint32_t head[3] = {0, (uint32_t)key->from, (uint32_t)key->until};

    put(bytes, head, sizeof head);
    put_set(bytes, layout, key);
}

static void put_h2o(struct stek_keyfile_bytes *bytes, const struct stek_keyfile_key *key)
{
    char times[96];

    put_text(bytes, "- name: ");
    put_hex(bytes, key->name, sizeof key->name);
    put_text(bytes, "\n  cipher: AES-256-CBC\n  hash: SHA256\n  key: ");
    put_hex(bytes, key->aes, STEK_KEYFILE_AES_MAX);
    put_hex(bytes, key->hmac, STEK_KEYFILE_HMAC_MAX);
    (void)snprintf(times, sizeof times, "\n  not_before: %" PRId64 "\n  not_after: %" PRId64 "\n",
                   key->from, key->until);
    put_text(bytes, times);
}

static void put_stunnel(struct stek_keyfile_bytes *bytes, const struct stek_keyfile_key *key)
{
    put_text(bytes, "ticketKeySecret = ");
    put_hex(bytes, key->aes, key->aes_len);
    put_text(bytes, "\nticketMacSecret = ");
    put_hex(bytes, key->hmac, key->hmac_len);
    put_text(bytes, "\n");
}

void stek_keyfile_write(const struct stek_keyfile_keys *keys, struct stek_keyfile_bytes *ret_bytes)
{
    ret_bytes->len = 0;
    for (size_t i = 0; i < keys->count; i++) {
        switch (keys->layout->form) {
        case STEK_KEYFILE_RAW:
            put_set(ret_bytes, keys->layout, &keys->at[i]);
            break;
        case STEK_KEYFILE_BASE64:
            put_base64(ret_bytes, keys->layout, &keys->at[i]);
            break;
        case STEK_KEYFILE_LIGHTTPD:
            put_lighttpd(ret_bytes, keys->layout, &keys->at[i]);
            break;
        case STEK_KEYFILE_H2O:
            put_h2o(ret_bytes, &keys->at[i]);
            break;
        case STEK_KEYFILE_STUNNEL:
            put_stunnel(ret_bytes, &keys->at[i]);
            break;
        }
    }
}
