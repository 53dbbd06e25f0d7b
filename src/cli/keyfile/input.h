/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a key file, and looks at where it is. */
#ifndef STEK_CLI_KEYFILE_INPUT_H
#define STEK_CLI_KEYFILE_INPUT_H

#include "keyfile/weak.h"
#include "keyfile/write.h"

#include <stdbool.h>
#include <sys/stat.h>

struct stek_keyfile_input {
    struct stek_keyfile_bytes bytes; /* secret */
    struct stat stat;
    bool is_file;   /* it has a place, an owner and an age: it is not standard input */
    bool on_memory; /* the place is a tmpfs or ramfs */
};

static inline void stek_keyfile_input_wipe(struct stek_keyfile_input *input)
{
    stek_wipe(input, sizeof *input);
}

/* Reads a file; "-" is standard input. Returns NULL, or a text that says what is wrong (valid until
 * the next call). The bytes are kept out of swap where the limit on locked memory allows it. */
const char *stek_keyfile_input_read(const char *path, struct stek_keyfile_input *ret_input);

/* Adds what is wrong with the file's place, rights and age. */
void stek_keyfile_input_judge(const struct stek_keyfile_input *input, int64_t now, int64_t max_age,
                              struct stek_keyfile_findings *findings);

#endif
