/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As two_contexts.c, with OpenSSL's own QUIC server: says whether the second of two SSL_CTXs
 * resumes what the first began, and how many tickets the client got at each of three visits. Ends
 * with 77 where OpenSSL has no such server.
 *
 * usage: quic_contexts FILE    (certificate and key)
 */
#include "tls_clock.h"
#include "tls_quic.h"

#include <stdio.h>

#if TLS_HAVE_QUIC_SERVER

/* The clock goes by itself here. */
void tls_clock_pass(int64_t seconds)
{
    (void)seconds;
}

static SSL_CTX *server_context(const char *pem)
{
    SSL_CTX *ctx = tls_quic_server();

    return ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, pem) == 1 &&
                   SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) == 1
               ? ctx
               : NULL;
}

int main(int argc, char **argv)
{
    SSL_CTX *client = tls_quic_client();
    SSL_CTX *first = server_context(argc > 1 ? argv[1] : "");
    SSL_CTX *second = server_context(argc > 1 ? argv[1] : "");
    struct tls_call call = {.server_name = "a.example"};
    struct tls_visit visits[3];

    if (client == NULL || first == NULL || second == NULL)
        return 2;
    for (int i = 0; i < 3; i++) {
        tls_quic_talk(client, i < 2 ? first : second, &call, &visits[i]);
        if (!visits[i].done || visits[i].session == NULL)
            return 3 + i;
        call.session = visits[i].session;
    }
    (void)printf("%s, %s, tickets: %zu %zu %zu\n", visits[1].resumed ? "resumed" : "lost",
                 visits[2].resumed ? "shared" : "apart", visits[0].ticket_count,
                 visits[1].ticket_count, visits[2].ticket_count);
    for (int i = 0; i < 3; i++)
        SSL_SESSION_free(visits[i].session);
    SSL_CTX_free(client);
    SSL_CTX_free(first);
    SSL_CTX_free(second);
    return 0;
}

#else

int main(void)
{
    return 77;
}

#endif
