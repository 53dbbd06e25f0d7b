/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/weak.h"

#include "audit/dictionary/keys.h"
#include "core/plural.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct judging {
    const struct stek_keyfile_keys *keys;
    struct stek_keyfile_findings *findings;
    struct stek_audit_pattern *patterns;
    size_t patterns_len;
};

/* One of the two keys in a set. */
struct part {
    size_t key; /* its set, from 1 */
    const char *what;
    const uint8_t *bytes;
    size_t len;
};

void stek_keyfile_add_finding(struct stek_keyfile_findings *findings, const char *code,
                              const char *text)
{
    for (size_t i = 0; i < findings->count; i++)
        if (strcmp(findings->at[i].text, text) == 0)
            return;
    if (findings->count == STEK_KEYFILE_FINDINGS_MAX) {
        findings->left_out++;
        return;
    }
    struct stek_keyfile_finding *finding = &findings->at[findings->count++];
    finding->code = code;
    (void)snprintf(finding->text, sizeof finding->text, "%s", text);
}

static void add_weak(const struct judging *judging, const struct part *part, const char *why)
{
    char text[STEK_KEYFILE_TEXT_MAX];

    (void)snprintf(text, sizeof text, "key %zu: its %s is weak: %s", part->key, part->what, why);
    stek_keyfile_add_finding(judging->findings, "weak-key", text);
}

/* Adds the first pattern of the dictionary that the part is, if any. */
static bool in_dictionary(const struct judging *judging, const struct part *part)
{
    uint8_t key[STEK_AUDIT_KEY_MAX];

    for (size_t i = 0; i < judging->patterns_len; i++) {
        if (!stek_audit_pattern_key(&judging->patterns[i], part->len, key) ||
            memcmp(key, part->bytes, part->len) != 0)
            continue;
        add_weak(judging, part, stek_audit_pattern_text(&judging->patterns[i]).at);
        return true;
    }
    return false;
}

/* The length of the piece that the part repeats, or 0. */
static size_t period(const struct part *part)
{
    for (size_t len = 1; len <= part->len / 2; len++)
        if (memcmp(part->bytes, part->bytes + len, part->len - len) == 0)
            return len;
    return 0;
}

/* Whether it holds at least 8 zeros at its end: a shorter key in a longer field. By chance: 2^-64.
 */
static bool is_padded(const struct part *part)
{
    for (size_t i = 1; i <= 8; i++)
        if (part->bytes[part->len - i] != 0)
            return false;
    return true;
}

/* By chance 16 bytes are all printable in one case of nine million, and 32 in none. */
static bool is_printable(const struct part *part)
{
    for (size_t i = 0; i < part->len; i++)
        if (part->bytes[i] < ' ' || part->bytes[i] > '~')
            return false;
    return true;
}

static void judge_part(const struct judging *judging, const struct part *part)
{
    const size_t repeats = period(part);

    if (in_dictionary(judging, part))
        return;
    if (repeats > 0) {
        char why[64];
        (void)snprintf(why, sizeof why, "it repeats %zu %s", repeats,
                       stek_plural(repeats, "byte", "bytes"));
        add_weak(judging, part, why);
    } else if (is_padded(part)) {
        add_weak(judging, part, "a shorter key with zeros after it");
    } else if (is_printable(part)) {
        add_weak(judging, part, "it is text, not random bytes");
    }
}

/* h2o's HMAC keys may be of 32 bytes with zeros after them. */
static size_t mac_len(const struct stek_keyfile_key *key)
{
    for (size_t i = 32; i < key->hmac_len; i++)
        if (key->hmac[i] != 0)
            return key->hmac_len;
    return key->hmac_len > 32 ? 32 : key->hmac_len;
}

static void judge_key(const struct judging *judging, size_t i)
{
    const struct stek_keyfile_key *key = &judging->keys->at[i];
    const size_t mac = mac_len(key);

    judge_part(judging, &(struct part){i + 1, "AES key", key->aes, key->aes_len});
    judge_part(judging, &(struct part){i + 1, "HMAC key", key->hmac, mac});
    if (mac == key->aes_len && memcmp(key->hmac, key->aes, mac) == 0) {
        char text[STEK_KEYFILE_TEXT_MAX];
        (void)snprintf(text, sizeof text, "key %zu: its AES key and its HMAC key are the same",
                       i + 1);
        stek_keyfile_add_finding(judging->findings, "repeated-key", text);
    }
}

static bool same_secrets(const struct stek_keyfile_key *a, const struct stek_keyfile_key *b)
{
    return memcmp(a->aes, b->aes, sizeof a->aes) == 0 ||
           memcmp(a->hmac, b->hmac, sizeof a->hmac) == 0;
}

/* A name that stands twice hides the second key: tickets under it never open. */
static void judge_pair(const struct judging *judging, size_t i, size_t k)
{
    const struct stek_keyfile_key *at = judging->keys->at;
    char text[STEK_KEYFILE_TEXT_MAX];

    if (same_secrets(&at[i], &at[k])) {
        (void)snprintf(text, sizeof text, "keys %zu and %zu share an AES or HMAC key", i + 1,
                       k + 1);
        stek_keyfile_add_finding(judging->findings, "repeated-key", text);
    } else if (stek_keyfile_has_names(judging->keys->layout) &&
               memcmp(at[i].name, at[k].name, sizeof at[i].name) == 0) {
        (void)snprintf(text, sizeof text,
                       "keys %zu and %zu have the same name: tickets of one never open", i + 1,
                       k + 1);
        stek_keyfile_add_finding(judging->findings, "repeated-name", text);
    }
}

enum stek_result stek_keyfile_judge(const struct stek_keyfile_keys *keys,
                                    struct stek_keyfile_findings *findings)
{
    struct judging judging = {keys, findings, NULL, 0};
    enum stek_result result = stek_audit_patterns_new(&judging.patterns, &judging.patterns_len);

    if (result != STEK_OK)
        return result;
    for (size_t i = 0; i < keys->count; i++) {
        judge_key(&judging, i);
        for (size_t k = i + 1; k < keys->count; k++)
            judge_pair(&judging, i, k);
    }
    free(judging.patterns);
    return STEK_OK;
}
