/* SPDX-License-Identifier: Apache-2.0 */
/* Asks stekd on its control socket: docs/formats.md, "Control protocol". */
#ifndef STEK_CLI_CLIENT_H
#define STEK_CLI_CLIENT_H

#include <jansson.h>

enum stek_client_outcome {
    STEK_CLIENT_ANSWERED,    /* the answer says ok */
    STEK_CLIENT_UNREACHABLE, /* no stekd there, or it does not answer */
    STEK_CLIENT_DENIED,      /* this user may not give orders */
    STEK_CLIENT_FAILED       /* stekd says no, or what it says cannot be understood */
};

enum { STEK_CLIENT_PROBLEM_LEN = 512, STEK_CLIENT_PATIENCE_S = 10 };

/*
 * Sends one request, which it frees, and waits for the answer. With STEK_CLIENT_ANSWERED
 * *ret_answer is an object, and the caller's; otherwise `problem` is one line for people, without
 * the program's name.
 */
enum stek_client_outcome stek_client_ask(json_t *request, json_t **ret_answer,
                                         char problem[STEK_CLIENT_PROBLEM_LEN]);

/*
 * The same for commands that cannot do without: says on standard error what is wrong and what to do
 * next. Returns the exit code, STEK_EXIT_FINE with an answer.
 */
int stek_client_command(const char *command, json_t *request, json_t **ret_answer);

#endif
