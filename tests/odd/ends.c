/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that end, or end OpenSSL, in an unusual way. */
#include "odd.h"

#include <stdio.h>
#include <stdlib.h>

/* OpenSSL is over, and what is left of it is freed. */
void odd_clean_up(void)
{
    SSL_CTX *server = new_server(TLS_server_method());
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);

    (void)puts(visit(server, client));
    struct pair pair = pair_open(server, client);
    must(pair_shake(&pair), "a handshake");
    OPENSSL_cleanup();
    (void)puts(SSL_CTX_new(TLS_server_method()) == NULL ? "no more" : "one more");
    SSL_free(pair.server);
    SSL_CTX_free(server);
    (void)puts("freed");
}

static SSL_CTX *of_exit;

static void visit_at_exit(void)
{
    print_both("at exit", of_exit, 3);
    (void)fflush(stdout);
}

/* libcrypto set its own handler up when it began, so it ends after this one. */
void odd_at_exit(void)
{
    of_exit = new_server(TLS_server_method());
    print_both("before", of_exit, 2);
    must(atexit(visit_at_exit) == 0, "atexit");
}
