/* SPDX-License-Identifier: Apache-2.0 */
/* A server with processes. The ring is made before the fork, and all of them share it: a ticket of
 * one opens in each. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "start.h"

enum { WORKERS = 4 };

static void work(const struct start *start)
{
    char who[32];

    /* No worker outlives its parent. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    snprintf(who, sizeof who, "process %ld", (long)getpid());
    for (;;) {
        int connection = accept(start->listener, NULL, NULL);

        if (connection >= 0)
            serve(start->ctx, connection, who);
    }
}

int main(int argc, char **argv)
{
    struct start made;

    start(argc, argv, &made);
    for (int i = 0; i < WORKERS; i++) {
        pid_t child = fork();

        if (child < 0) {
            perror("fork");
            exit(1);
        }
        if (child == 0)
            work(&made);
    }
    while (wait(NULL) > 0) {
    }
    start_end(&made);
    return 1;
}
