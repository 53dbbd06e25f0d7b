/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys that an attacker would try first: what forgotten initialisation, hand-made key files,
 * copied examples and test suites leave behind. Nothing here is secret. A pattern is a recipe for a
 * key of any length.
 */
#ifndef STEK_AUDIT_DICT_KEYS_H
#define STEK_AUDIT_DICT_KEYS_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_AUDIT_KEY_MAX = 64 };

enum stek_audit_pattern_kind {
    STEK_AUDIT_KEY_CONSTANT, /* one byte, over and over: `a` */
    STEK_AUDIT_KEY_COUNTER,  /* starts at `a`, counts by `b` */
    STEK_AUDIT_KEY_PADDED,   /* `b` times the byte `a`, then zeros */
    STEK_AUDIT_KEY_COUNTED,  /* counts up from `a`, `b` bytes, then zeros */
    STEK_AUDIT_KEY_WORD,     /* word number `a`, then zeros */
    STEK_AUDIT_KEY_WORDS,    /* word number `a` over and over, from its byte `b` */
    STEK_AUDIT_KEY_MAGIC,    /* magic number `a` over and over */
    STEK_AUDIT_KEY_PUBLISHED /* published key number `a`; `b`: its other half is repeated or padded
                              */
};

struct stek_audit_pattern {
    enum stek_audit_pattern_kind kind;
    uint32_t a, b;
};

struct stek_audit_key_text {
    char at[96];
};

/* All patterns; the caller frees *ret_patterns with free(). Errors: STEK_ERR_MEMORY. */
STEK_MUST_USE enum stek_result stek_audit_patterns_new(struct stek_audit_pattern **ret_patterns,
                                                       size_t *ret_len);

/* A pattern's key of `len` bytes (1 to STEK_AUDIT_KEY_MAX). False: no key has that length. */
bool stek_audit_pattern_key(const struct stek_audit_pattern *pattern, size_t len, uint8_t *ret_key);

/* `all bytes 00`, `"secret" and zeros`, … */
struct stek_audit_key_text stek_audit_pattern_text(const struct stek_audit_pattern *pattern);

/* The lists in dict_words.c; each ends with NULL or a length of 0. */
extern const char *const stek_audit_words[];
extern const uint32_t stek_audit_magic_numbers[];
struct stek_audit_published {
    const char *source;
    uint8_t len;
    uint8_t key[32];
};
extern const struct stek_audit_published stek_audit_published[];

#endif
