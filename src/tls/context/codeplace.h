/* SPDX-License-Identifier: Apache-2.0 */
/* A function's place in the program's files: the same in every process that runs the same build. */
#ifndef STEK_TLS_CONTEXT_CODEPLACE_H
#define STEK_TLS_CONTEXT_CODEPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STEK_BUILD_ID_MAX = 64 };

struct stek_code_place {
    uint64_t offset; /* from where its file is loaded */
    size_t build_id_len;
    uint8_t build_id[STEK_BUILD_ID_MAX];
};

/* False: it is in no loaded file that has a build-id. Thread-safe. */
bool stek_code_place_find(uintptr_t address, struct stek_code_place *ret_place);

#endif
