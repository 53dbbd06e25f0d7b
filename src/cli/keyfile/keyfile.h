/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `stek keyfile`. Each takes its own words and returns an exit code. */
#ifndef STEK_CLI_KEYFILE_H
#define STEK_CLI_KEYFILE_H

#include "keyfile/keys.h"

int stek_keyfile_lint(int argc, char **argv);
int stek_keyfile_convert(int argc, char **argv);
int stek_keyfile_export(int argc, char **argv);

void stek_keyfile_print_help(void);

/* The layout that an option names; NULL after a complaint that lists those there are. */
const struct stek_keyfile_layout *stek_keyfile_layout_option(const char *command,
                                                             const char *option, const char *value);

/*
 * Arranges keys for a layout and writes the file to standard output: the key of number `key` (1:
 * the one that seals) where the layout has room for one. Says on standard error what was left out
 * or added. Returns an exit code.
 */
int stek_keyfile_put_out(const char *command, const struct stek_keyfile_keys *keys,
                         const struct stek_keyfile_layout *layout, const char *key);

#endif
