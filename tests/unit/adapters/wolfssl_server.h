/* SPDX-License-Identifier: Apache-2.0 */
/* A wolfSSL server, and one connection of it, without a word of wolfSSL's headers. */
#ifndef TESTS_UNIT_WOLFSSL_SERVER_H
#define TESTS_UNIT_WOLFSSL_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct stek_label;
struct wolfssl_server;
struct wolfssl_side;

struct wolfssl_der {
    unsigned char *at;
    int len;
};

/* NULL: wolfSSL refuses. The label is borrowed; without one the server has keys of its own. */
struct wolfssl_server *wolfssl_server_new(struct stek_label *label, struct wolfssl_der cert,
                                          struct wolfssl_der key);
void wolfssl_server_free(struct wolfssl_server *server);

/* How bytes come and go: at least one, or a negative number when there are none now. */
struct wolfssl_wire {
    int (*send)(void *arg, const char *at, int len);
    int (*receive)(void *arg, char *at, int len);
    void *arg;
};

/* The wire is borrowed. */
struct wolfssl_side *wolfssl_side_new(struct wolfssl_server *server, struct wolfssl_wire *wire);
void wolfssl_side_free(struct wolfssl_side *side);

/* One more turn of the handshake: 1 it is done, 0 it waits for the client, -1 it has failed. */
int wolfssl_side_turn(struct wolfssl_side *side);
bool wolfssl_side_resumed(struct wolfssl_side *side);

#endif
