/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/dictionary.h"

#include "audit/dictionary/cipher.h"
#include "audit/dictionary/recipes.h"
#include "audit/ticket_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stek_audit_dictionary {
    struct stek_audit_pattern *patterns;
    size_t patterns_len;
    struct stek_audit_cipher_key *keys;
    size_t keys_len;
    size_t last; /* the key that opened the ticket before: the likeliest for the next */
    struct stek_audit_mac_keys *macs;
    struct stek_audit_recipes *recipes;
};

static bool known(const struct stek_audit_dictionary *dictionary,
                  const struct stek_audit_cipher_key *key)
{
    for (size_t i = 0; i < dictionary->keys_len; i++)
        if (dictionary->keys[i].len == key->len &&
            memcmp(dictionary->keys[i].key, key->key, key->len) == 0)
            return true;
    return false;
}

/* Every pattern in both lengths of AES; a key that is there already is left out. */
static enum stek_result add_keys(struct stek_audit_dictionary *dictionary)
{
    dictionary->keys = calloc(2 * dictionary->patterns_len, sizeof *dictionary->keys);
    if (dictionary->keys == NULL)
        return STEK_ERR_MEMORY;
    for (uint8_t len = 16; len <= 32; len += 16)
        for (uint32_t pattern = 0; pattern < dictionary->patterns_len; pattern++) {
            struct stek_audit_cipher_key key = {.pattern = pattern, .len = len};
            if (!stek_audit_pattern_key(&dictionary->patterns[pattern], len, key.key) ||
                known(dictionary, &key))
                continue;
            enum stek_result result = stek_audit_cipher_key_init(&key);
            if (result != STEK_OK)
                return result;
            dictionary->keys[dictionary->keys_len++] = key;
        }
    return STEK_OK;
}

enum stek_result stek_audit_dictionary_new(struct stek_audit_dictionary **ret_dictionary)
{
    struct stek_audit_dictionary *dictionary = calloc(1, sizeof *dictionary);

    if (dictionary == NULL)
        return STEK_ERR_MEMORY;
    enum stek_result result =
        stek_audit_patterns_new(&dictionary->patterns, &dictionary->patterns_len);
    if (result == STEK_OK)
        result = add_keys(dictionary);
    if (result == STEK_OK)
        result = stek_audit_mac_keys_new(dictionary->patterns, dictionary->patterns_len,
                                         &dictionary->macs);
    if (result == STEK_OK)
        result =
            stek_audit_recipes_new(dictionary->keys, dictionary->keys_len, dictionary->patterns,
                                   dictionary->patterns_len, &dictionary->recipes);
    if (result != STEK_OK) {
        stek_audit_dictionary_free(dictionary);
        return result;
    }
    *ret_dictionary = dictionary;
    return STEK_OK;
}

void stek_audit_dictionary_free(struct stek_audit_dictionary *dictionary)
{
    if (dictionary == NULL)
        return;
    for (size_t i = 0; i < dictionary->keys_len; i++)
        stek_audit_cipher_key_fini(&dictionary->keys[i]);
    stek_audit_recipes_free(dictionary->recipes);
    stek_audit_mac_keys_free(dictionary->macs);
    free(dictionary->keys);
    free(dictionary->patterns);
    free(dictionary);
}

size_t stek_audit_dictionary_len(const struct stek_audit_dictionary *dictionary)
{
    return dictionary->keys_len;
}

static enum stek_result try_key(const struct stek_audit_cipher_key *key,
                                const struct stek_audit_probes *probes, struct stek_audit_hit *hit)
{
    enum stek_result result = stek_audit_try_cbc(key, probes, hit);

    if (result == STEK_OK && hit->kind == STEK_AUDIT_HIT_NONE)
        result = stek_audit_try_counters(key, probes, hit);
    if (result == STEK_OK && hit->kind == STEK_AUDIT_HIT_NONE && key->chacha != NULL)
        result = stek_audit_try_chacha(key, probes, hit);
    return result;
}

/* Begins with the key of the last hit. */
static enum stek_result try_keys(struct stek_audit_dictionary *dictionary,
                                 const struct stek_audit_probes *probes,
                                 const struct stek_audit_until *until, struct stek_audit_hit *hit)
{
    const size_t first = dictionary->last;
    enum stek_result result = STEK_OK;

    for (size_t i = 0; i < dictionary->keys_len && result == STEK_OK && !stek_audit_ends(until);
         i++) {
        const size_t at = i == 0 ? first : i <= first ? i - 1 : i;
        result = try_key(&dictionary->keys[at], probes, hit);
        if (result != STEK_OK || hit->kind == STEK_AUDIT_HIT_NONE)
            continue;
        const struct stek_audit_pattern *pattern =
            &dictionary->patterns[dictionary->keys[at].pattern];
        (void)snprintf(hit->key, sizeof hit->key, "%s", stek_audit_pattern_text(pattern).at);
        dictionary->last = at;
        return STEK_OK;
    }
    return result;
}

enum stek_result stek_audit_dictionary_try(struct stek_audit_dictionary *dictionary,
                                           const struct stek_audit_ticket *ticket,
                                           const struct stek_audit_until *until,
                                           struct stek_audit_hit *ret_hit)
{
    struct stek_audit_hit hit = {.kind = STEK_AUDIT_HIT_NONE, .nonce_at = -1, .secret_at = -1};
    struct stek_audit_probes probes;
    enum stek_result result = STEK_OK;

    /* No secret, no proof; and a secret that stands there in the clear is a finding of its own. */
    if (ticket->secret_len >= STEK_AUDIT_PROOF_LEN &&
        stek_audit_clear_secret(ticket) == STEK_AUDIT_NOWHERE) {
        result = stek_audit_probes_init(ticket, &probes);
        if (result != STEK_OK)
            return result;
        result = try_keys(dictionary, &probes, until, &hit);
        stek_audit_probes_fini(&probes);
        if (result == STEK_OK && hit.kind == STEK_AUDIT_HIT_NONE)
            result = stek_audit_try_recipes(dictionary->recipes, ticket, until, &hit);
    }
    if (result == STEK_OK)
        result = stek_audit_try_macs(dictionary->macs, ticket, until, &hit);
    if (result != STEK_OK)
        return result;
    if (hit.kind == STEK_AUDIT_HIT_NONE && hit.mac != NULL)
        hit.kind = STEK_AUDIT_HIT_FORGED;
    *ret_hit = hit;
    return STEK_OK;
}
