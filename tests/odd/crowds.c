/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that make and free SSL_CTXs, while something else happens. */
#include "odd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 2, FORKS = 5, PATIENCE_S = 60, SHORT_US = 20000 };

static atomic_bool is_over;

static void *make(void *arg)
{
    (void)arg;
    while (!atomic_load(&is_over))
        SSL_CTX_free(SSL_CTX_new(TLS_server_method()));
    return NULL;
}

/* The child does nothing: it may have inherited libcrypto's locks as they were. */
static void fork_once(void)
{
    int status = 0;
    const pid_t child = fork();

    must(child >= 0, "fork");
    if (child == 0)
        _exit(0);
    must(waitpid(child, &status, 0) == child && status == 0, "a child");
}

/* A handler that was set up after OpenSSL read its configuration, and takes its time. */
static void wait_before_fork(void)
{
    (void)usleep(SHORT_US);
}

void odd_forks(void)
{
    pthread_t threads[THREADS];

    (void)alarm(PATIENCE_S);
    must(OPENSSL_init_ssl(0, NULL) == 1 && pthread_atfork(wait_before_fork, NULL, NULL) == 0,
         "handlers for forks");
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, make, NULL) == 0, "a thread");
    for (int i = 0; i < FORKS; i++)
        fork_once();
    atomic_store(&is_over, true);
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL) == 0, "a thread's end");
    (void)puts("forked");
}

enum { OLD_ONES = 300 };

static SSL_CTX *old_ones[OLD_ONES];
static atomic_int freed;

static void *free_all(void *arg)
{
    (void)arg;
    for (int i = 0; i < OLD_ONES; i++) {
        SSL_CTX_free(old_ones[i]);
        (void)atomic_fetch_add(&freed, 1);
        (void)usleep(100);
    }
    return NULL;
}

/* As a reload does: the old SSL_CTXs go in one thread, while others shake hands. */
void odd_freed(void)
{
    SSL_CTX *server = new_server(TLS_server_method());
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);
    pthread_t thread;

    (void)alarm(PATIENCE_S);
    SSL_CTX_set_verify(server, SSL_VERIFY_PEER, NULL);
    must(new_server(TLS_server_method()) != NULL, "one that stays");
    for (int i = 0; i < OLD_ONES; i++)
        old_ones[i] = new_server(TLS_server_method());
    (void)puts(visit(server, client));
    must(pthread_create(&thread, NULL, free_all, NULL) == 0, "a thread");
    while (atomic_load(&freed) < OLD_ONES)
        must(visit(server, client)[0] == 'r', "a resumption");
    must(pthread_join(thread, NULL) == 0, "a thread's end");
    print_both("freed", server, 3);
}
