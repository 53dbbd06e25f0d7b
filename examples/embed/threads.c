/* SPDX-License-Identifier: Apache-2.0 */
/* A server with threads, which all take connections from one socket. They share one SSL_CTX and its
 * ring, and need no lock for that. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "start.h"

enum { THREADS = 4 };

struct worker {
    const struct start *start;
    int number;
    pthread_t thread;
};

/* Ends when the listening socket is shut down. */
static void *work(void *arg)
{
    const struct worker *worker = arg;
    int connection;
    char who[32];

    snprintf(who, sizeof who, "thread %d", worker->number);
    while ((connection = accept(worker->start->listener, NULL, NULL)) >= 0) {
        serve(worker->start->ctx, connection, who);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct worker workers[THREADS];
    struct start made;
    sigset_t end;
    int number;

    /* The threads inherit the mask: the signal waits for sigwait(). */
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGINT);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    start(argc, argv, &made);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.start = &made, .number = i};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            fprintf(stderr, "no thread\n");
            exit(1);
        }
    }
    sigwait(&end, &number);
    shutdown(made.listener, SHUT_RDWR);
    for (int i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    start_end(&made);
    return 0;
}
