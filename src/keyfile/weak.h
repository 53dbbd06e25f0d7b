/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with the keys of a file themselves. Pure, but for memory. */
#ifndef STEK_KEYFILE_WEAK_H
#define STEK_KEYFILE_WEAK_H

#include "stek.h"

#include "keyfile/keys.h"

enum { STEK_KEYFILE_FINDINGS_MAX = 32, STEK_KEYFILE_TEXT_MAX = 192 };

struct stek_keyfile_finding {
    const char *code; /* static: "weak-key" */
    char text[STEK_KEYFILE_TEXT_MAX];
};

struct stek_keyfile_findings {
    size_t count;
    size_t left_out; /* that found no room */
    struct stek_keyfile_finding at[STEK_KEYFILE_FINDINGS_MAX];
};

/* Adds one, unless the same text stands there already. `text` tells no secret. */
void stek_keyfile_add_finding(struct stek_keyfile_findings *findings, const char *code,
                              const char *text);

/*
 * Adds what is wrong with the keys: one of the audit's dictionary, a pattern, text, the same key
 * twice, the same name twice, fewer keys than the server demands. Errors: STEK_ERR_MEMORY.
 */
STEK_MUST_USE enum stek_result stek_keyfile_judge(const struct stek_keyfile_keys *keys,
                                                  struct stek_keyfile_findings *findings);

#endif
