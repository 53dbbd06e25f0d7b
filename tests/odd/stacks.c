/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes on stacks that are not the usual ones. */
#include "odd.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* Each SSL_do_handshake() is a job of libcrypto's, which has 32 KiB of stack. */
void odd_jobs(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    (void)SSL_CTX_set_mode(server, SSL_MODE_ASYNC);
    print_both("in jobs", server, 4);
    SSL_CTX_free(server);
}

enum { STACK_LEN = 1 << 20, PAINT = 0xa5 };

static void *shake_server(void *arg)
{
    (void)SSL_do_handshake(arg);
    return NULL;
}

/* How much of the stack was used. */
static size_t run_on(unsigned char *stack, SSL *ssl)
{
    pthread_attr_t attributes;
    pthread_t thread;
    size_t untouched = 0;

    memset(stack, PAINT, STACK_LEN);
    must(pthread_attr_init(&attributes) == 0 &&
             pthread_attr_setstack(&attributes, stack, STACK_LEN) == 0 &&
             pthread_create(&thread, &attributes, shake_server, ssl) == 0 &&
             pthread_join(thread, NULL) == 0 && pthread_attr_destroy(&attributes) == 0,
         "a thread");
    while (untouched < STACK_LEN && stack[untouched] == PAINT)
        untouched++;
    return STACK_LEN - untouched;
}

static size_t deepest_of_visit(SSL_CTX *server, SSL_CTX *client, unsigned char *stack)
{
    struct pair pair = pair_open(server, client);
    size_t deepest = 0;

    for (int i = 0; i < 4; i++) {
        (void)SSL_do_handshake(pair.client);
        const size_t depth = run_on(stack, pair.server);
        deepest = depth > deepest ? depth : deepest;
    }
    must(pair_exchange(&pair), "a handshake");
    pair_close(&pair);
    return deepest;
}

/* The stack that a server's handshake takes at most, in bytes. */
void odd_depth(void)
{
    void *stack = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    SSL_CTX *server = new_server(TLS_server_method());
    size_t deepest = 0;

    must(stack != MAP_FAILED, "a stack");
    for (int i = 0; i < 6; i++) {
        SSL_CTX *client = new_client(TLS_client_method(), i < 3 ? TLS1_2_VERSION : TLS1_3_VERSION);
        const size_t depth = deepest_of_visit(server, client, stack);
        deepest = depth > deepest ? depth : deepest;
    }
    (void)printf("%zu\n", deepest);
}
