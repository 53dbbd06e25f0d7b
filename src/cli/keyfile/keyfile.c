/* SPDX-License-Identifier: Apache-2.0 */
/* stek keyfile: the ticket key files of servers that stek is not loaded into. */
#include "cli/keyfile/keyfile.h"

#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static int missing(const char *word)
{
    if (word == NULL)
        (void)fprintf(stderr, "stek keyfile: give lint, convert or export: try --help\n");
    else
        (void)fprintf(stderr, "stek keyfile: '%s' is not lint, convert or export: try --help\n",
                      word);
    return STEK_EXIT_USAGE;
}

int stek_command_keyfile(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } parts[] = {{"lint", stek_keyfile_lint},
                 {"convert", stek_keyfile_convert},
                 {"export", stek_keyfile_export}};
    const char *word = argc > 1 ? argv[1] : NULL;

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* keys pass through this process */
    if (word != NULL && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
        stek_keyfile_print_help();
        return STEK_EXIT_FINE;
    }
    for (size_t i = 0; word != NULL && i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].name, word) == 0)
            return parts[i].run(argc - 1, argv + 1);
    return missing(word);
}
