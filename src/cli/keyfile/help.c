/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyfile/keyfile.h"

#include <stdio.h>
#include <string.h>

/* Their names, in lines of at most 80 columns. */
static void print_layouts(void)
{
    int column = 0;

    for (const struct stek_keyfile_layout *at = stek_keyfile_layouts(); at->name != NULL; at++) {
        if (column + (int)strlen(at->name) > 76) {
            (void)puts("");
            column = 0;
        }
        column +=
            printf("%s%s%s", column == 0 ? "  " : " ", at->name, at[1].name != NULL ? "," : "");
    }
    (void)puts("");
}

void stek_keyfile_print_help(void)
{
    (void)puts("Usage: stek keyfile lint FILE... [--server NAME] [--ticket FILE] [--max-age TIME]\n"
               "       stek keyfile convert --from NAME --to NAME [--key N] FILE\n"
               "       stek keyfile export --ring RING --context LABEL --to NAME [--key N]\n"
               "Checks and writes the ticket key files that other servers read.\n\n"
               "  lint          say which layout a file can have, and what is wrong with it\n"
               "  convert       write the keys of a file in another layout\n"
               "  export        write the keys of a ring in the layout of a server\n\n"
               "  --server NAME   the server that reads the file (default: any that fits)\n"
               "  --ticket FILE   try the keys on a ticket, as 'stek inspect' takes it\n"
               "  --max-age TIME  the oldest that keys may be (default: 13h)\n"
               "  --key N         which key, where a file has room for one (1: it seals)\n"
               "  --json          lint: print JSON\n"
               "  --help          show this help\n\n"
               "Layouts:");
    print_layouts();
    (void)puts("\nExit codes: 0 fine, 1 lint found something or the command failed, 2 usage.\n\n"
               "Example:\n"
               "  stek keyfile lint /etc/nginx/ticket.key\n"
               "  stek keyfile convert --from nginx --to haproxy ticket.key >/run/haproxy/keys");
}

const struct stek_keyfile_layout *stek_keyfile_layout_option(const char *command,
                                                             const char *option, const char *value)
{
    const struct stek_keyfile_layout *layout =
        value != NULL ? stek_keyfile_layout_find(value) : NULL;

    if (value == NULL)
        (void)fprintf(stderr, "stek keyfile %s: --%s NAME is missing: try --help\n", command,
                      option);
    else if (layout == NULL)
        (void)fprintf(stderr,
                      "stek keyfile %s: --%s '%s' is not a layout: 'stek keyfile --help' lists "
                      "them\n",
                      command, option, value);
    return layout;
}
