/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/cipher.h"

#include "audit/hmac.h"
#include "crypto/wipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The digests, and the lengths of MAC keys in use with them. HMAC fills short keys up with zeros,
 * so a key of zeros is the same in every length (RFC 2104 section 2). */
static const struct {
    const char *digest, *name;
    uint8_t tag_len, key_lens[2];
} macs[] = {
    {"SHA256", "HMAC-SHA256", 32, {32, 16}},
    {"SHA1", "HMAC-SHA1", 20, {16, 20}}, /* GnuTLS: 16 */
    {"SHA384", "HMAC-SHA384", 48, {48, 32}},
    {"SHA512", "HMAC-SHA512", 64, {64, 32}},
};

enum { MACS = sizeof macs / sizeof *macs };

struct mac_key {
    struct stek_audit_hmac *hmac;
    uint32_t pattern;
    uint8_t mac, len;
    uint8_t key[STEK_AUDIT_KEY_MAX];
};

struct stek_audit_mac_keys {
    const struct stek_audit_pattern *patterns;
    struct mac_key *keys;
    size_t len;
};

static bool known(const struct stek_audit_mac_keys *keys, size_t from, const struct mac_key *key)
{
    for (size_t i = from; i < keys->len; i++)
        if (memcmp(keys->keys[i].key, key->key, sizeof key->key) == 0)
            return true;
    return false;
}

/* A MAC key alone opens nothing, so only the commonest patterns are tried. */
static bool worth_trying(const struct stek_audit_pattern *pattern)
{
    switch (pattern->kind) {
    case STEK_AUDIT_KEY_CONSTANT:
    case STEK_AUDIT_KEY_PUBLISHED:
    case STEK_AUDIT_KEY_WORD:
        return true;
    case STEK_AUDIT_KEY_COUNTER:
        return pattern->b == 1 && pattern->a <= 0x40;
    default:
        return false;
    }
}

/* The patterns with one digest. A key that pads to one that is there already is left out. */
static enum stek_result add_digest(struct stek_audit_mac_keys *keys, size_t patterns_len,
                                   uint8_t mac)
{
    const size_t from = keys->len;

    for (int i = 0; i < 2; i++)
        for (uint32_t pattern = 0; pattern < patterns_len; pattern++) {
            struct mac_key key = {NULL, pattern, mac, macs[mac].key_lens[i], {0}};
            if (!worth_trying(&keys->patterns[pattern]) ||
                !stek_audit_pattern_key(&keys->patterns[pattern], key.len, key.key) ||
                known(keys, from, &key))
                continue;
            key.hmac = stek_audit_hmac_new(macs[mac].digest, key.key, key.len);
            if (key.hmac == NULL)
                return STEK_ERR_CRYPTO;
            keys->keys[keys->len++] = key;
        }
    return STEK_OK;
}

enum stek_result stek_audit_mac_keys_new(const struct stek_audit_pattern *patterns, size_t len,
                                         struct stek_audit_mac_keys **ret_keys)
{
    struct stek_audit_mac_keys *keys = calloc(1, sizeof *keys);
    enum stek_result result = STEK_OK;

    if (keys == NULL)
        return STEK_ERR_MEMORY;
    keys->patterns = patterns;
    keys->keys = calloc(len * MACS * 2, sizeof *keys->keys);
    if (keys->keys == NULL)
        result = STEK_ERR_MEMORY;
    for (uint8_t mac = 0; mac < MACS && result == STEK_OK; mac++)
        result = add_digest(keys, len, mac);
    if (result != STEK_OK) {
        stek_audit_mac_keys_free(keys);
        return result;
    }
    *ret_keys = keys;
    return STEK_OK;
}

void stek_audit_mac_keys_free(struct stek_audit_mac_keys *keys)
{
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->len; i++)
        stek_audit_hmac_free(keys->keys[i].hmac);
    free(keys->keys);
    free(keys);
}

enum stek_result stek_audit_try_macs(const struct stek_audit_mac_keys *keys,
                                     const struct stek_audit_ticket *ticket,
                                     const struct stek_audit_until *until,
                                     struct stek_audit_hit *ret_hit)
{
    for (size_t i = 0; i < keys->len && !stek_audit_ends(until); i++) {
        const struct mac_key *key = &keys->keys[i];
        const size_t tag_len = macs[key->mac].tag_len;
        uint8_t tag[EVP_MAX_MD_SIZE];
        size_t len;
        if (ticket->len <= tag_len)
            continue;
        if (!stek_audit_hmac_tag(key->hmac, ticket->bytes, ticket->len - tag_len, tag, &len))
            return STEK_ERR_CRYPTO;
        if (len != tag_len || memcmp(tag, ticket->bytes + ticket->len - tag_len, tag_len) != 0)
            continue;
        ret_hit->mac = macs[key->mac].name;
        (void)snprintf(ret_hit->mac_key, sizeof ret_hit->mac_key, "%s",
                       stek_audit_pattern_text(&keys->patterns[key->pattern]).at);
        return STEK_OK;
    }
    return STEK_OK;
}
