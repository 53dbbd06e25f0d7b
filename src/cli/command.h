/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of stek(1). */
#ifndef STEK_CLI_COMMAND_H
#define STEK_CLI_COMMAND_H

/* Exit codes, the same in every command: stek(1). */
enum {
    STEK_EXIT_FINE = 0,
    STEK_EXIT_FAILED = 1,
    STEK_EXIT_USAGE = 2,
    STEK_EXIT_DEGRADED = 3,   /* done, and the answer is bad: a degraded ring, findings, no key */
    STEK_EXIT_UNREACHABLE = 4 /* stekd, or a target of the audit, does not answer */
};

struct stek_command {
    const char *name;
    const char *summary;
    /* argv[0] is the command's name. Returns the exit code. */
    int (*run)(int argc, char **argv);
};

int stek_command_openssl_cnf(int argc, char **argv);
int stek_command_audit(int argc, char **argv);
int stek_command_status(int argc, char **argv);
int stek_command_rotate(int argc, char **argv);
int stek_command_revoke(int argc, char **argv);
int stek_command_fleet(int argc, char **argv);
int stek_command_inspect(int argc, char **argv);
int stek_command_keyfile(int argc, char **argv);
int stek_command_feed(int argc, char **argv);
int stek_command_report(int argc, char **argv);
int stek_command_inventory(int argc, char **argv);
int stek_command_enable(int argc, char **argv);
int stek_command_disable(int argc, char **argv);
int stek_command_doctor(int argc, char **argv);

#endif
