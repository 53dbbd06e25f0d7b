/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-client: as many connections as fit in some seconds, from clients that really resume: each
 * keeps the tickets that it got, offers one, and every single connection is asked whether its
 * session was resumed. Prints one object:
 *
 *   {"connections":1,"failed":0,"offered":1,"resumed":1,"wall_ns":1,"cpu_ns":1,"error":null}
 *
 *   bench-client --port N --tls 1.2|1.3 [--seconds S] [--threads N] [--clients N]
 *
 * A connection is of a client drawn by lot; each thread has N. A TLS 1.3 ticket is offered once
 * (RFC 9846 appendix C.4), a TLS 1.2 ticket until a newer one comes.
 */
#include "client.h"

#include "timing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Two tickets come with a full handshake of TLS 1.3, one with each resumption. */
enum { HELD_MAX = 2 };

struct client {
    SSL_SESSION *held[HELD_MAX]; /* the newest last */
    int count;
};

/* One thread with clients of its own. */
struct visitor {
    const struct client_options *options;
    SSL_CTX *ctx;
    struct client *clients;
    unsigned int lot;
    int64_t until_ns;
    int64_t cpu_ns;
    struct client_result result;
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct client *client = SSL_get_app_data(ssl);

    if (client->count == HELD_MAX) {
        SSL_SESSION_free(client->held[0]);
        client->held[0] = client->held[1];
        client->count--;
    }
    client->held[client->count++] = session;
    return 1;
}

/* The session to offer, for the caller to free; NULL: none. */
static SSL_SESSION *take_session(struct client *client, const struct client_options *options)
{
    if (client->count == 0)
        return NULL;
    SSL_SESSION *newest = client->held[client->count - 1];
    if (options->version == TLS1_3_VERSION)
        client->count--;
    else
        (void)SSL_SESSION_up_ref(newest);
    return newest;
}

static void drop_sessions(struct client *client)
{
    while (client->count > 0)
        SSL_SESSION_free(client->held[--client->count]);
}

static int dial(int port)
{
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval limit = {.tv_sec = 5};
    /* Closed with a reset: no port is kept from the connections to come. */
    const struct linger reset = {.l_onoff = 1};
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    bench_must(fd >= 0, "no socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

/* Asks for a page and reads to the end of the answer, before which the tickets come. */
static int talk(SSL *ssl)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char answer[4096];
    int got = 0;
    int count;

    if (SSL_connect(ssl) != 1 || SSL_write(ssl, request, sizeof request - 1) <= 0)
        return 0;
    while ((count = SSL_read(ssl, answer, sizeof answer)) > 0)
        got += count;
    return got > 0;
}

static void note_failure(struct client_result *result)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    result->failed++;
    if (result->error[0] == '\0')
        (void)snprintf(result->error, sizeof result->error, "%s",
                       reason != NULL ? reason : "the connection broke");
    ERR_clear_error();
}

static void visit(struct visitor *visitor, struct client *client)
{
    const int fd = dial(visitor->options->port);
    SSL_SESSION *offered = take_session(client, visitor->options);
    SSL *ssl = SSL_new(visitor->ctx);

    bench_must(ssl != NULL && (offered == NULL || SSL_set_session(ssl, offered) == 1), "no SSL");
    (void)SSL_set_app_data(ssl, client);
    visitor->result.connections++;
    visitor->result.offered += offered != NULL;
    SSL_SESSION_free(offered);
    if (fd < 0 || SSL_set_fd(ssl, fd) != 1 || !talk(ssl))
        note_failure(&visitor->result);
    else
        visitor->result.resumed += SSL_session_reused(ssl);
    /* A session that was not closed properly is good for nothing in libssl's eyes. */
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
    if (fd >= 0)
        (void)close(fd);
}

static void *visit_on(void *arg)
{
    struct visitor *visitor = arg;
    const long clients = visitor->options->clients;

    do {
        visit(visitor, &visitor->clients[rand_r(&visitor->lot) % clients]);
    } while (bench_wall_ns() < visitor->until_ns);
    visitor->cpu_ns = bench_cpu_ns();
    return NULL;
}

static SSL_CTX *make_ctx(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    bench_must(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
                   SSL_CTX_set_max_proto_version(ctx, version) == 1,
               "no SSL_CTX");
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    (void)SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    return ctx;
}

static void add(struct client_result *sum, const struct client_result *result)
{
    sum->connections += result->connections;
    sum->failed += result->failed;
    sum->offered += result->offered;
    sum->resumed += result->resumed;
    if (sum->error[0] == '\0')
        memcpy(sum->error, result->error, sizeof sum->error);
}

struct client_result client_run(const struct client_options *options)
{
    struct client_result sum = {0};
    struct visitor *visitors = calloc((size_t)options->threads, sizeof *visitors);
    pthread_t *threads = calloc((size_t)options->threads, sizeof *threads);
    SSL_CTX *ctx = make_ctx(options->version);
    const int64_t begin = bench_wall_ns();

    bench_must(visitors != NULL && threads != NULL, "no memory");
    for (long i = 0; i < options->threads; i++) {
        visitors[i] = (struct visitor){.options = options, .ctx = ctx, .lot = (unsigned int)i + 1};
        visitors[i].until_ns = begin + (int64_t)(options->seconds * 1e9);
        visitors[i].clients = calloc((size_t)options->clients, sizeof(struct client));
        bench_must(visitors[i].clients != NULL, "no memory");
        bench_must(pthread_create(&threads[i], NULL, visit_on, &visitors[i]) == 0, "no thread");
    }
    for (long i = 0; i < options->threads; i++) {
        (void)pthread_join(threads[i], NULL);
        add(&sum, &visitors[i].result);
        sum.cpu_ns += visitors[i].cpu_ns;
        for (long client = 0; client < options->clients; client++)
            drop_sessions(&visitors[i].clients[client]);
        free(visitors[i].clients);
    }
    sum.wall_ns = bench_wall_ns() - begin;
    SSL_CTX_free(ctx);
    free(visitors);
    free(threads);
    return sum;
}
