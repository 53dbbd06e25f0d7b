/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose connections do not lead to the ring: it pads records and decides about security
 * by itself, both after it has made its SSL_CTX. Says how many tickets the clients of each of four
 * visits got: three to one SSL_CTX, the last to another one.
 *
 * usage: hides_ring FILE PROTOCOL    (certificate and key; the number of TLS 1.2 or 1.3, in hex)
 */
#include <openssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>

enum { VISITS = 4, TURNS_MAX = 20 };

static void require(int ok, const char *what)
{
    if (ok)
        return;
    (void)fprintf(stderr, "hides_ring: %s failed\n", what);
    exit(2);
}

static int allow_all(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                     void *ex)
{
    (void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
    return 1;
}

static size_t pad_nothing(SSL *ssl, int type, size_t len, void *arg)
{
    (void)ssl, (void)type, (void)len, (void)arg;
    return 0;
}

static SSL_CTX *server_context(const char *pem)
{
    static char argument;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    require(ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, pem) == 1 &&
                SSL_CTX_use_PrivateKey_file(ctx, pem, SSL_FILETYPE_PEM) == 1,
            "the server's SSL_CTX");
    SSL_CTX_set_security_callback(ctx, allow_all);
    SSL_CTX_set_record_padding_callback(ctx, pad_nothing);
    SSL_CTX_set_record_padding_callback_arg(ctx, &argument);
    return ctx;
}

/* RFC 5077 section 3.3: where a server gives no ticket after all, the message has none in it. */
static void count_ticket(int written, int version, int type, const void *bytes, size_t len,
                         SSL *ssl, void *arg)
{
    enum { EMPTY_IN_TLS12 = 4 + 4 + 2 };

    (void)version, (void)ssl;
    if (!written && type == SSL3_RT_HANDSHAKE && len > EMPTY_IN_TLS12 &&
        *(const unsigned char *)bytes == SSL3_MT_NEWSESSION_TICKET)
        ++*(int *)arg;
}

static int count_tickets(SSL_CTX *visitor, SSL_CTX *host)
{
    SSL *client = SSL_new(visitor);
    SSL *server = SSL_new(host);
    BIO *at_client;
    BIO *at_server;
    int count = 0;
    char byte;

    require(client != NULL && server != NULL && BIO_new_bio_pair(&at_client, 0, &at_server, 0) == 1,
            "making a connection");
    SSL_set_msg_callback(client, count_ticket);
    SSL_set_msg_callback_arg(client, &count);
    SSL_set_bio(client, at_client, at_client);
    SSL_set_bio(server, at_server, at_server);
    for (int i = 0; i < TURNS_MAX; i++) {
        (void)SSL_connect(client);
        (void)SSL_accept(server);
    }
    require(SSL_is_init_finished(client) && SSL_is_init_finished(server), "a handshake");
    (void)SSL_read(client, &byte, sizeof byte);
    SSL_free(client);
    SSL_free(server);
    return count;
}

int main(int argc, char **argv)
{
    require(argc == 3, "reading the command line");
    SSL_CTX *visitor = SSL_CTX_new(TLS_client_method());
    SSL_CTX *first = server_context(argv[1]);
    SSL_CTX *other = server_context(argv[1]);

    require(visitor != NULL &&
                SSL_CTX_set_max_proto_version(visitor, (int)strtol(argv[2], NULL, 16)) == 1,
            "the client's SSL_CTX");
    for (int i = 0; i < VISITS; i++)
        (void)printf("%d%s", count_tickets(visitor, i < VISITS - 1 ? first : other),
                     i < VISITS - 1 ? " " : "\n");
    SSL_CTX_free(visitor);
    SSL_CTX_free(first);
    SSL_CTX_free(other);
    return 0;
}
