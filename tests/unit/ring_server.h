/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server process with threads that shakes hands in memory, in TLS 1.2 and 1.3, with several
 * contexts of one ring and both kinds of ticket key callback. Its clients live in it too: they hold
 * tickets, never keys.
 */
#ifndef TESTS_UNIT_RING_SERVER_H
#define TESTS_UNIT_RING_SERVER_H

#include "ring_fixture.h"

#include <openssl/ssl.h>
#include <pthread.h>

enum { SERVER_SITES = 4, SERVER_THREADS = 3 };

/* One SSL_CTX and who visits it. */
struct site {
    SSL_CTX *server;
    SSL_CTX *client;
    struct stek_context context;
};

struct sites {
    struct stek_ring *ring;
    struct site site[SERVER_SITES];
};

/* Attaches all sites to the ring. No key is made yet. */
struct sites *sites_new(struct stek_ring *ring);
void sites_free(struct sites *sites);

/* A full handshake and one that resumes it, at one site; at all of them. */
void site_shake_hands(const struct site *site);
void sites_shake_hands(const struct sites *sites);

/* Threads that shake hands at all sites when they are told to, except that the first one idles
 * after its first time. */
struct crew {
    const struct sites *sites;
    pthread_t thread[SERVER_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned hired;
    unsigned round;
    unsigned done;
    bool over;
};

void crew_start(struct crew *crew, const struct sites *sites);

/* Lets each thread shake hands, and waits until all have. */
void crew_shake_hands(struct crew *crew);
void crew_end(struct crew *crew);

/* What a server process does at a byte's command. It answers each with the same byte. */
enum server_command {
    SERVER_ALL = 'a',      /* shakes hands in all threads at all sites */
    SERVER_ONCE = 'o',     /* shakes hands once in the main thread, at the first site */
    SERVER_MAINTAIN = 'm', /* stek_ring_maintain() */
    SERVER_PLANT = 'p',    /* puts 32 bytes that no key is made of on the heap: server_planted() */
    SERVER_ABORT = 'x'     /* dumps core where it was started; no answer */
};

/* Starts one in the working directory `folder`. */
struct child server_start(const struct sites *sites, const char *folder);
void server_command(const struct child *server, enum server_command command);
void server_end(struct child *server);

/* What SERVER_PLANT planted, made when asked for. */
void server_planted(uint8_t ret_bytes[32]);

#endif
