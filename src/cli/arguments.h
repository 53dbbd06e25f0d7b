/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a command: options from a table, --help, and the complaints that several
 * commands share. */
#ifndef STEK_CLI_ARGUMENTS_H
#define STEK_CLI_ARGUMENTS_H

#include <stdbool.h>

enum { STEK_ARGUMENTS_MAX = 32 };

/* An option: a flag, or one with a value. A table of them ends with a NULL name. */
struct stek_argument {
    const char *name;   /* without "--" */
    char letter;        /* its short form; 0: none */
    bool *flag;         /* set to true; NULL when the option has a value */
    const char **value; /* set to the value, which is part of argv */
};

/*
 * Reads the options of `command` ("rotate") and leaves the other words from argv[optind] on. Each
 * command also has --help and -h, which call print_help(). Returns false when the command ends here
 * with *ret_code: after the help, or after a complaint on standard error.
 */
bool stek_arguments_read(const char *command, int argc, char **argv,
                         const struct stek_argument *table, void (*print_help)(void),
                         int *ret_code);

/*
 * Says in one line what is wrong with a word of the command line, as getopt_long() left it.
 * `option` is what that returned: '?' or ':'.
 */
void stek_arguments_refuse(const char *program, char **argv, int option);

/* Whether `name` may be a ring's; if not, says so on standard error. */
bool stek_arguments_ring(const char *command, const char *name);

/* Takes the only word at argv[optind] for a ring's name. False after a complaint. */
bool stek_arguments_one_ring(const char *command, int argc, char **argv, const char **ret_ring);

#endif
