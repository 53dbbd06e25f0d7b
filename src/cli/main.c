/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/rundir.h"

#include "stek.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct stek_command commands[] = {
    {"status", "show rings, their keys and their ticket counts", stek_command_status},
    {"rotate", "make the next key of a ring the active one now", stek_command_rotate},
    {"revoke", "destroy keys of a ring in every process now", stek_command_revoke},
    {"fleet", "keep the same keys on every host: set up, show, rekey", stek_command_fleet},
    {"inspect", "show which key sealed a ticket, and when", stek_command_inspect},
    {"report", "say whether keys rotated as they should, and who ordered what",
     stek_command_report},
    {"inventory", "list the keys of this host, their periods and algorithms",
     stek_command_inventory},
    {"enable", "make a systemd service share the keys of a ring", stek_command_enable},
    {"disable", "undo 'stek enable'", stek_command_disable},
    {"doctor", "say what keeps the tickets of a service from working", stek_command_doctor},
    {"audit", "test from outside how servers treat their tickets", stek_command_audit},
    {"keyfile", "check and write the ticket key files of other servers", stek_command_keyfile},
    {"feed", "keep the keys of servers that cannot load stek in step with a ring",
     stek_command_feed},
    {"openssl-cnf", "print an OpenSSL configuration that loads stek into a program",
     stek_command_openssl_cnf},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(void)
{
    (void)puts("Usage: stek COMMAND [OPTION]...\n"
               "Keeps TLS session ticket keys: makes, shares, rotates and destroys them.\n\n"
               "Commands:");
    for (int i = 0; i < COMMANDS; i++)
        (void)printf("  %-12s %s\n", commands[i].name, commands[i].summary);
    (void)puts("\n  --help       show this help; 'stek COMMAND --help' explains a command\n"
               "  --version    show the version\n\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ");\n"
               "                 may stand before or after the command\n\n"
               "Example:\n"
               "  stek enable nginx --ring web && systemctl restart nginx\n"
               "  stek status web\n\n"
               "Exit codes: 0 fine, 1 failed, 2 usage, 3 degraded: a ring runs on continuations,\n"
               "4 stekd not reachable. See stek(1).");
}

/* What was printed must have arrived: a full disk must not leave half a configuration with exit
 * code 0. */
static int finish(int code)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "stek: cannot write to standard output: %s\n", strerror(errno));
        return STEK_EXIT_FAILED;
    }
    return code;
}

int main(int argc, char **argv)
{
    if (!stek_rundir_take(&argc, argv))
        return STEK_EXIT_USAGE;
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return finish(STEK_EXIT_FINE);
    }
    if (strcmp(name, "--version") == 0) {
        (void)puts("stek " STEK_VERSION);
        return finish(STEK_EXIT_FINE);
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return finish(commands[i].run(argc - 1, argv + 1));
    if (name[0] == '\0')
        (void)fprintf(stderr, "stek: no command given: try 'stek --help'\n");
    else if (name[0] == '-')
        (void)fprintf(stderr,
                      "stek: '%s' is not an option that may stand before a command: try "
                      "'stek --help'\n",
                      name);
    else
        (void)fprintf(stderr, "stek: '%s' is not a command: try 'stek --help'\n", name);
    return STEK_EXIT_USAGE;
}
