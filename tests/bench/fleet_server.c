/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-fleet-server: server processes behind a round-robin balancer. The parent reads OpenSSL's
 * configuration, listens and hands each connection to the next worker; a worker makes an SSL_CTX of
 * its own after the fork, so that without stek it has keys of its own.
 *
 *   bench-fleet-server PORT WORKERS CERTIFICATE KEY
 *
 * On SIGHUP each worker in turn is let finish what it has, ends, and is forked anew; "restarted" is
 * printed when all are. SIGTERM ends everything.
 */
#include "timing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 64, BACKLOG = 512, LINGER_MS = 5 };

struct worker {
    pid_t pid;
    int channel; /* connections are sent through it; -1 while it is restarted */
};

static struct worker workers[WORKERS_MAX];
static int worker_count;
static const char *cert_file;
static const char *key_file;
static volatile sig_atomic_t restart_asked;
static volatile sig_atomic_t end_asked;

static void on_signal(int number)
{
    if (number == SIGHUP)
        restart_asked = 1;
    else
        end_asked = 1;
}

static void send_fd(int channel, int fd)
{
    char byte = 0;
    struct iovec data = {&byte, 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    bench_must(sendmsg(channel, &message, 0) == 1, "a worker takes no connection");
}

/* Returns a connection, or -1 when there will be no more. */
static int receive_fd(int channel)
{
    char byte;
    struct iovec data = {&byte, 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    int fd = -1;

    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != NULL)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

static SSL_CTX *make_ctx(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    bench_must(ctx != NULL && SSL_CTX_use_certificate_chain_file(ctx, cert_file) == 1 &&
                   SSL_CTX_use_PrivateKey_file(ctx, key_file, SSL_FILETYPE_PEM) == 1,
               "a worker cannot use its certificate");
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ctx;
}

static void answer(SSL_CTX *ctx, int fd)
{
    static const char text[] = "HTTP/1.0 200 OK\r\n\r\nhello\n";
    const struct timeval limit = {.tv_sec = 5};
    const int one = 1;
    char request[4096];
    SSL *ssl = SSL_new(ctx);

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1 &&
        SSL_read(ssl, request, sizeof request) > 0 && SSL_write(ssl, text, sizeof text - 1) > 0)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
    (void)close(fd);
}

__attribute__((noreturn)) static void serve(int channel)
{
    SSL_CTX *ctx = make_ctx();
    int fd;

    while ((fd = receive_fd(channel)) >= 0)
        answer(ctx, fd);
    SSL_CTX_free(ctx);
    exit(0);
}

static void start_worker(struct worker *worker, int listener)
{
    int ends[2];

    bench_must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "no channel");
    worker->pid = fork();
    bench_must(worker->pid >= 0, "no process");
    if (worker->pid == 0) {
        (void)close(listener);
        for (int i = 0; i < worker_count; i++)
            if (workers[i].channel >= 0)
                (void)close(workers[i].channel);
        (void)close(ends[0]);
        serve(ends[1]);
    }
    (void)close(ends[1]);
    worker->channel = ends[0];
}

static void hand_over(int connection)
{
    static int next;
    int tries = 0;

    while (workers[next].channel < 0 && tries++ < worker_count)
        next = (next + 1) % worker_count;
    bench_must(workers[next].channel >= 0, "no worker");
    send_fd(workers[next].channel, connection);
    next = (next + 1) % worker_count;
    (void)close(connection);
}

/* Does the next step of restarting worker after worker; `at` is the one whose turn it is, -1: none.
 */
static int go_on_restarting(int at, int listener)
{
    if (at < 0)
        return at;
    if (workers[at].channel >= 0) {
        (void)close(workers[at].channel);
        workers[at].channel = -1;
    }
    if (waitpid(workers[at].pid, NULL, WNOHANG) != workers[at].pid)
        return at;
    start_worker(&workers[at], listener);
    if (at + 1 < worker_count)
        return at + 1;
    (void)puts("restarted");
    (void)fflush(stdout);
    return -1;
}

static void balance(int listener)
{
    struct pollfd poll_for = {.fd = listener, .events = POLLIN};
    int restarting = -1;

    while (!end_asked) {
        if (restart_asked && restarting < 0) {
            restart_asked = 0;
            restarting = 0;
        }
        restarting = go_on_restarting(restarting, listener);
        if (poll(&poll_for, 1, restarting >= 0 ? LINGER_MS : 100) <= 0)
            continue;
        const int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection >= 0)
            hand_over(connection);
    }
}

static int listen_on(int port)
{
    const struct sockaddr_in at = {.sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    bench_must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
                   bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
                   listen(fd, BACKLOG) == 0,
               "cannot listen");
    return fd;
}

int main(int argc, char **argv)
{
    bench_must(argc == 5, "usage: bench-fleet-server PORT WORKERS CERTIFICATE KEY");
    worker_count = (int)strtol(argv[2], NULL, 10);
    bench_must(worker_count > 0 && worker_count <= WORKERS_MAX, "1 to 64 workers");
    cert_file = argv[3];
    key_file = argv[4];
    (void)signal(SIGPIPE, SIG_IGN);
    bench_must(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) == 1, "libssl does not start");
    for (int i = 0; i < worker_count; i++)
        workers[i].channel = -1;
    const int listener = listen_on((int)strtol(argv[1], NULL, 10));
    for (int i = 0; i < worker_count; i++)
        start_worker(&workers[i], listener);
    (void)signal(SIGHUP, on_signal);
    (void)signal(SIGTERM, on_signal);
    (void)signal(SIGINT, on_signal);
    balance(listener);
    for (int i = 0; i < worker_count; i++) {
        (void)close(workers[i].channel);
        (void)waitpid(workers[i].pid, NULL, 0);
    }
    return 0;
}
