/* SPDX-License-Identifier: Apache-2.0 */
/*
 * early-server: a program with worker processes that accepts early data, for tests of what it does
 * about replays. It makes its SSL_CTX and then forks, so that its workers share OpenSSL's ticket
 * keys, or stek's. They accept connections in turn. Each request that is executed is a line on
 * standard output, with its path.
 *
 *   --guard none      nothing: every copy is executed
 *   --guard libssl    libssl's own: sessions that stand in the cache of one worker
 *   --guard process   each worker keeps a record of the ClientHellos that it has seen (RFC 9846
 *                     section 8.2), in a callback of the program's
 *   --guard program   a callback of the program's that allows all
 *   --late            each worker makes an SSL_CTX of its own, after the fork
 */
#include "listener.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { EARLY_MAX = 1024, WORKERS_MAX = 16, SEEN_MAX = 4096, TIMEOUT_S = 3 };

struct server {
    int port;
    int workers;
    const char *cert; /* with its key */
    const char *guard;
    bool late;
};

__attribute__((noreturn)) static void die(const char *what)
{
    (void)fprintf(stderr, "early-server: %s\n", what);
    exit(2);
}

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

static struct server options(int argc, char **argv)
{
    static const struct option names[] = {{"port", 1, NULL, 'p'}, {"workers", 1, NULL, 'w'},
                                          {"cert", 1, NULL, 'c'}, {"guard", 1, NULL, 'g'},
                                          {"late", 0, NULL, 'l'}, {NULL, 0, NULL, 0}};
    struct server server = {.workers = 3, .guard = "none"};
    int name;

    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 'p')
            server.port = number(optarg);
        else if (name == 'w')
            server.workers = number(optarg);
        else if (name == 'c')
            server.cert = optarg;
        else if (name == 'g')
            server.guard = optarg;
        else if (name == 'l')
            server.late = true;
    }
    if (server.port <= 0 || server.cert == NULL || server.workers < 1 ||
        server.workers > WORKERS_MAX)
        die("--port N --cert PEM [--workers N] [--guard none|libssl|process|program] [--late]");
    return server;
}

/* What this worker has seen. */
static int record_hello(SSL *ssl, void *arg)
{
    static unsigned char seen[SEEN_MAX][SSL3_RANDOM_SIZE];
    static size_t count;
    unsigned char random[SSL3_RANDOM_SIZE];

    (void)arg;
    (void)SSL_get_client_random(ssl, random, sizeof random);
    for (size_t i = 0; i < count; i++)
        if (memcmp(seen[i], random, sizeof random) == 0)
            return 0;
    if (count == SEEN_MAX)
        return 0;
    memcpy(seen[count++], random, sizeof random);
    return 1;
}

static int allow_all(SSL *ssl, void *arg)
{
    (void)ssl, (void)arg;
    return 1;
}

static SSL_CTX *make_ctx(const struct server *server)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    if (ctx == NULL || SSL_CTX_use_certificate_chain_file(ctx, server->cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(ctx, server->cert, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_set_max_early_data(ctx, EARLY_MAX) != 1)
        die("cannot make an SSL_CTX");
    if (strcmp(server->guard, "libssl") != 0)
        (void)SSL_CTX_set_options(ctx, SSL_OP_NO_ANTI_REPLAY);
    if (strcmp(server->guard, "process") == 0)
        SSL_CTX_set_allow_early_data_cb(ctx, record_hello, NULL);
    else if (strcmp(server->guard, "program") == 0)
        SSL_CTX_set_allow_early_data_cb(ctx, allow_all, NULL);
    return ctx;
}

/* "GET /path HTTP/1.0": one write, so that lines of several workers do not mix. */
static void execute(const char *request)
{
    char line[256];
    char path[128] = "?";

    (void)sscanf(request, "GET %127s", path);
    const int len = snprintf(line, sizeof line, "%s\n", path);
    if (write(STDOUT_FILENO, line, (size_t)len) != len)
        exit(1);
}

/* False: the handshake ends here. */
static bool read_early(SSL *ssl, char *request, size_t room, size_t *used)
{
    size_t got = 0;
    int state;

    do {
        state = SSL_read_early_data(ssl, request + *used, room - *used, &got);
        *used += state == SSL_READ_EARLY_DATA_ERROR ? 0 : got;
        if (state == SSL_READ_EARLY_DATA_SUCCESS && strstr(request, "\r\n\r\n") != NULL)
            execute(request);
    } while (state == SSL_READ_EARLY_DATA_SUCCESS);
    return state == SSL_READ_EARLY_DATA_FINISH;
}

static void answer(SSL *ssl)
{
    static const char text[] = "HTTP/1.0 200 fine\r\nContent-Type: text/plain\r\n\r\nfine\n";
    char request[4096] = "";
    size_t early = 0;

    if (!read_early(ssl, request, sizeof request - 1, &early) || SSL_accept(ssl) != 1)
        return;
    if (early == 0) {
        const int got = SSL_read(ssl, request, sizeof request - 1);
        if (got <= 0)
            return;
        execute(request);
    }
    (void)SSL_write(ssl, text, sizeof text - 1);
    (void)SSL_shutdown(ssl);
}

static void serve(SSL_CTX *ctx, int fd)
{
    const struct timeval limit = {.tv_sec = TIMEOUT_S};
    const int one = 1;
    SSL *ssl = SSL_new(ctx);

    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        answer(ssl);
    }
    SSL_free(ssl);
    (void)close(fd);
}

/* Whoever has the turn accepts one connection, and passes the turn on. */
static void work(SSL_CTX *ctx, int listener, int my_turn, int next_turn)
{
    char turn;

    while (read(my_turn, &turn, 1) == 1) {
        const int fd = accept(listener, NULL, NULL);
        if (write(next_turn, &turn, 1) != 1)
            break;
        if (fd >= 0)
            serve(ctx, fd);
    }
    _exit(1);
}

static void start(const struct server *server, int listener)
{
    SSL_CTX *ctx = server->late ? NULL : make_ctx(server);
    int turns[WORKERS_MAX][2];

    for (int i = 0; i < server->workers; i++)
        if (pipe(turns[i]) != 0)
            die("no pipe");
    for (int i = 0; i < server->workers; i++) {
        const pid_t worker = fork();
        if (worker < 0)
            die("cannot fork");
        if (worker == 0) {
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
            work(ctx != NULL ? ctx : make_ctx(server), listener, turns[i][0],
                 turns[(i + 1) % server->workers][1]);
        }
    }
    if (write(turns[0][1], "!", 1) != 1)
        die("no worker takes the turn");
}

int main(int argc, char **argv)
{
    const struct server server = options(argc, argv);

    (void)signal(SIGPIPE, SIG_IGN);
    const int listener = listener_open(server.port);
    if (listener < 0)
        die("cannot listen");
    start(&server, listener);
    while (wait(NULL) > 0)
        ;
    return 1;
}
