/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Lengths at which a short key in a longer field ends. 16 bytes of '1' and zeros were found in use
 * by "We Really Need to Talk About Session Tickets" (USENIX Security 2023). */
static const uint8_t padded_lens[] = {1, 4, 8, 10, 12, 16, 20, 24};
static const uint8_t padded_bytes[] = {0x01, 0x11, '0', '1', 'A', 'a', 'x', 0xff};
/* Where in a file of 48 or 80 bytes, one word over and over, a key begins. */
static const uint8_t file_offsets[] = {0, 16, 32, 48};

struct list {
    struct stek_audit_pattern *at; /* NULL: count only */
    size_t len;
};

static void add(struct list *list, enum stek_audit_pattern_kind kind, uint32_t a, uint32_t b)
{
    if (list->at != NULL)
        list->at[list->len] = (struct stek_audit_pattern){kind, a, b};
    list->len++;
}

/* In order of how likely they are: the first that fits names the finding. */
static void add_bytes(struct list *list)
{
    static const uint8_t steps[] = {2, 3, 4, 5, 7, 8, 15, 16, 17, 0xfe, 0xf0, 0xef};

    add(list, STEK_AUDIT_KEY_CONSTANT, 0, 0);
    for (uint32_t byte = 1; byte < 256; byte++)
        add(list, STEK_AUDIT_KEY_CONSTANT, byte, 0);
    for (uint32_t start = 0; start < 256; start++)
        add(list, STEK_AUDIT_KEY_COUNTER, start, 1);
    /* Downwards, a file or a key begins or ends at a round number. */
    for (uint32_t start = 0x0f; start < 256; start += 0x10)
        for (uint32_t k = 0; k < 2; k++)
            add(list, STEK_AUDIT_KEY_COUNTER, (start + k) & 0xff, 0xff);
    for (size_t i = 0; i < sizeof steps; i++)
        for (uint32_t start = 0; start < 3; start++)
            add(list, STEK_AUDIT_KEY_COUNTER, start, steps[i]);
    for (size_t i = 0; i < sizeof padded_bytes; i++)
        for (size_t k = 0; k < sizeof padded_lens; k++)
            add(list, STEK_AUDIT_KEY_PADDED, padded_bytes[i], padded_lens[k]);
    for (uint32_t start = 0; start < 2; start++)
        for (size_t k = 1; k < sizeof padded_lens; k++)
            add(list, STEK_AUDIT_KEY_COUNTED, start, padded_lens[k]);
    add(list, STEK_AUDIT_KEY_COUNTED, 1, 2);
    add(list, STEK_AUDIT_KEY_COUNTED, 1, 3);
}

/* A word whose length divides the offset begins again there. */
static bool new_phase(size_t len, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (file_offsets[k] % len == file_offsets[i] % len)
            return false;
    return true;
}

static void add_words(struct list *list)
{
    for (uint32_t word = 0; stek_audit_words[word] != NULL; word++) {
        const size_t len = strlen(stek_audit_words[word]);
        add(list, STEK_AUDIT_KEY_WORD, word, 0);
        for (size_t i = 0; i < sizeof file_offsets; i++)
            if (new_phase(len, i))
                add(list, STEK_AUDIT_KEY_WORDS, word, (uint32_t)(file_offsets[i] % len));
    }
    for (uint32_t i = 0; stek_audit_magic_numbers[i] != 0; i++)
        add(list, STEK_AUDIT_KEY_MAGIC, i, 0);
    for (uint32_t i = 0; stek_audit_published[i].source != NULL; i++)
        for (uint32_t b = 0; b < 3; b++)
            add(list, STEK_AUDIT_KEY_PUBLISHED, i, b);
}

enum stek_result stek_audit_patterns_new(struct stek_audit_pattern **ret_patterns, size_t *ret_len)
{
    struct list list = {NULL, 0};

    add_bytes(&list);
    add_words(&list);
    list.at = calloc(list.len, sizeof *list.at);
    if (list.at == NULL)
        return STEK_ERR_MEMORY;
    list.len = 0;
    add_bytes(&list);
    add_words(&list);
    *ret_patterns = list.at;
    *ret_len = list.len;
    return STEK_OK;
}

static void repeat(uint8_t *key, size_t len, const uint8_t *bytes, size_t bytes_len, size_t from)
{
    for (size_t i = 0; i < len; i++)
        key[i] = bytes[(from + i) % bytes_len];
}

/* 16 bytes in a field of 32: padded (b = 1) or twice (b = 2); 32 bytes in a field of 16: halves. */
static bool published_key(const struct stek_audit_published *published, uint32_t b, size_t len,
                          uint8_t *key)
{
    if (b == 0 && len != published->len)
        return false;
    if (b == 0) {
        memcpy(key, published->key, len);
        return true;
    }
    if (len < published->len) {
        if (len != 16)
            return false;
        memcpy(key, published->key + (b - 1) * 16, len);
        return true;
    }
    if (len == published->len)
        return false;
    memset(key, 0, len);
    if (b == 1)
        memcpy(key, published->key, published->len);
    else
        repeat(key, len, published->key, published->len, 0);
    return true;
}

/* A word that fills the field or is longer is cut; then it is not padded any more. */
static void word_key(const struct stek_audit_pattern *pattern, size_t len, uint8_t *key)
{
    const char *word = stek_audit_words[pattern->a];
    const size_t word_len = strlen(word);

    if (pattern->kind == STEK_AUDIT_KEY_WORDS) {
        repeat(key, len, (const uint8_t *)word, word_len, pattern->b);
        return;
    }
    memset(key, 0, len);
    memcpy(key, word, word_len < len ? word_len : len);
}

bool stek_audit_pattern_key(const struct stek_audit_pattern *pattern, size_t len, uint8_t *ret_key)
{
    const uint8_t a = (uint8_t)pattern->a, b = (uint8_t)pattern->b;

    switch (pattern->kind) {
    case STEK_AUDIT_KEY_CONSTANT:
        memset(ret_key, a, len);
        return true;
    case STEK_AUDIT_KEY_COUNTER:
        for (size_t i = 0; i < len; i++)
            ret_key[i] = (uint8_t)(a + i * b);
        return true;
    case STEK_AUDIT_KEY_PADDED:
    case STEK_AUDIT_KEY_COUNTED:
        if (pattern->b >= len)
            return false;
        memset(ret_key, 0, len);
        for (uint32_t i = 0; i < pattern->b; i++)
            ret_key[i] = pattern->kind == STEK_AUDIT_KEY_PADDED ? a : (uint8_t)(a + i);
        return true;
    case STEK_AUDIT_KEY_WORD:
    case STEK_AUDIT_KEY_WORDS:
        word_key(pattern, len, ret_key);
        return true;
    case STEK_AUDIT_KEY_MAGIC: {
        const uint32_t number = stek_audit_magic_numbers[pattern->a];
        const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 8), (uint8_t)number};
        repeat(ret_key, len, bytes, sizeof bytes, 0);
        return true;
    }
    case STEK_AUDIT_KEY_PUBLISHED:
        return published_key(&stek_audit_published[pattern->a], pattern->b, len, ret_key);
    }
    return false;
}

struct stek_audit_key_text stek_audit_pattern_text(const struct stek_audit_pattern *pattern)
{
    struct stek_audit_key_text text;
    const unsigned a = pattern->a, b = pattern->b;

    switch (pattern->kind) {
    case STEK_AUDIT_KEY_CONSTANT:
        (void)snprintf(text.at, sizeof text.at, a == 0 ? "all zeros" : "all bytes %02x", a);
        break;
    case STEK_AUDIT_KEY_COUNTER:
        (void)snprintf(text.at, sizeof text.at, "counting from %02x by %d", a, (int)(int8_t)b);
        break;
    case STEK_AUDIT_KEY_PADDED:
        (void)snprintf(text.at, sizeof text.at, "%u bytes %02x, then zeros", b, a);
        break;
    case STEK_AUDIT_KEY_COUNTED:
        (void)snprintf(text.at, sizeof text.at, "%u bytes counting from %02x, then zeros", b, a);
        break;
    case STEK_AUDIT_KEY_WORD:
        (void)snprintf(text.at, sizeof text.at, "\"%s\", then zeros", stek_audit_words[a]);
        break;
    case STEK_AUDIT_KEY_WORDS:
        (void)snprintf(text.at, sizeof text.at, "\"%s\" over and over", stek_audit_words[a]);
        break;
    case STEK_AUDIT_KEY_MAGIC:
        (void)snprintf(text.at, sizeof text.at, "%08x over and over",
                       (unsigned)stek_audit_magic_numbers[a]);
        break;
    case STEK_AUDIT_KEY_PUBLISHED:
        (void)snprintf(text.at, sizeof text.at, "published in %s", stek_audit_published[a].source);
        break;
    }
    return text;
}
