/* SPDX-License-Identifier: Apache-2.0 */
/* The part that every TLS server has, and in attach() the part that stek needs: three calls. */
#include "start.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_S = 10, BACKLOG = 128, ROOM = 4096 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void fail_tls(const char *what)
{
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static int listen_on(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int one = 1;
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)strtoul(port, NULL, 10));
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, BACKLOG) != 0) {
        fail(port);
    }
    return listener;
}

static SSL_CTX *context(const char *certificate, const char *key)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
        fail_tls(certificate);
    }
    return ctx;
}

/* The ring of stekd that `name` means; without it, or without a name, a ring of this program's own.
 */
static struct stek_ring *ring_called(const char *name)
{
    struct stek_ring *ring;
    enum stek_result result;

    if (name != NULL) {
        const char *problem = stek_ring_file_problem(name);

        if (problem == NULL && stek_ring_open(name, &ring) == STEK_OK)
            return ring;
        fprintf(stderr, "ring %s: %s; using a private ring instead\n", name,
                problem != NULL ? problem : "cannot be opened");
    }
    result = stek_ring_new(NULL, &ring);
    if (result != STEK_OK) {
        fprintf(stderr, "no ring: %s\n", stek_result_text(result));
        exit(1);
    }
    return ring;
}

static void attach(SSL_CTX *ctx, struct stek_ring *ring)
{
    enum stek_result result = stek_attach(ctx, ring, NULL);

    if (result != STEK_OK)
        fail_tls(stek_result_text(result));
}

void start(int argc, char **argv, struct start *ret_start)
{
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: %s PORT CERT.pem KEY.pem [RING]\n", argv[0]);
        exit(2);
    }
    /* A client that goes away must not end the server. */
    signal(SIGPIPE, SIG_IGN);
    ret_start->ctx = context(argv[2], argv[3]);
    ret_start->ring = ring_called(argv[4]);
    attach(ret_start->ctx, ret_start->ring);
    ret_start->listener = listen_on(argv[1]);
}

void start_end(struct start *start)
{
    close(start->listener);
    SSL_CTX_free(start->ctx);
    stek_ring_free(start->ring);
}

size_t answer_to(SSL *ssl, const char *who, char *ret_answer, size_t size)
{
    const char *how = SSL_session_reused(ssl) ? "resumed" : "full";
    int length = snprintf(ret_answer, size,
                          "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n"
                          "%s\n%s handshake\n",
                          who, how);

    return length > 0 && (size_t)length < size ? (size_t)length : 0;
}

void serve(SSL_CTX *ctx, int connection, const char *who)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    char text[ROOM];
    SSL *ssl = SSL_new(ctx);

    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (ssl != NULL && SSL_set_fd(ssl, connection) == 1 && SSL_accept(ssl) == 1 &&
        SSL_read(ssl, text, sizeof text) > 0) {
        size_t length = answer_to(ssl, who, text, sizeof text);

        if (SSL_write(ssl, text, (int)length) > 0)
            SSL_shutdown(ssl);
    }
    /* What one client did wrong is no matter of the next. */
    ERR_clear_error();
    SSL_free(ssl);
    close(connection);
}
