/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broken-server: a TLS server on loopback that is wrong about session tickets in exactly one way,
 * named by --fault. Without a fault it is a good server. It answers every request with one line and
 * serves one connection after the other. faults.h has the list.
 */
#include "faults.h"
#include "listener.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/ssl.h>

enum { TIMEOUT_S = 5 };

static void die(const char *what)
{
    (void)fprintf(stderr, "broken-server: %s\n", what);
    exit(2);
}

static long number(const char *text)
{
    char *end;
    const long value = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || value < 0 || value > 100000000)
        die("a number is out of range");
    return value;
}

static void read_options(int argc, char **argv, struct server_options *opt)
{
    static const struct option names[] = {{"port", 1, NULL, 'p'},  {"cert", 1, NULL, 'c'},
                                          {"fault", 1, NULL, 'f'}, {"second", 1, NULL, '2'},
                                          {"ca", 1, NULL, 'a'},    {"timeout", 1, NULL, 't'},
                                          {"seed", 1, NULL, 's'},  {NULL, 0, NULL, 0}};
    int name;

    while ((name = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (name == 'p')
            opt->port = (int)number(optarg);
        else if (name == 'c')
            opt->cert = optarg;
        else if (name == '2')
            opt->second = optarg;
        else if (name == 'a')
            opt->ca = optarg;
        else if (name == 's')
            opt->seed = (int)number(optarg);
        else if (name == 't')
            opt->timeout_s = number(optarg);
        else if (name != 'f' || !fault_find(optarg, &opt->fault))
            die("usage: --port N --cert PEM [--second PEM --ca PEM] [--timeout S] [--seed N] "
                "[--fault NAME]");
    }
    if (opt->port == 0 || opt->cert == NULL)
        die("--port and --cert are needed");
}

/* Reads a request, early or not, and answers it. */
static void answer(SSL *ssl, enum fault fault)
{
    static const char text[] = "HTTP/1.0 200 fine\r\nContent-Type: text/plain\r\n\r\nfine\n";
    char request[4096];
    size_t early = 0, got = 0;

    while (SSL_get_max_early_data(ssl) > 0) {
        const int state = SSL_read_early_data(ssl, request, sizeof request, &got);
        if (state == SSL_READ_EARLY_DATA_ERROR)
            return;
        early += got;
        if (state == SSL_READ_EARLY_DATA_FINISH)
            break;
    }
    if (SSL_accept(ssl) != 1 || fault_flood(ssl, fault))
        return;
    if (early > 0 || SSL_read(ssl, request, sizeof request) > 0) {
        fault_interrupt(ssl, fault);
        (void)SSL_write(ssl, text, sizeof text - 1);
    }
    (void)SSL_shutdown(ssl);
}

static void serve(SSL_CTX *ctx, int listener, enum fault fault)
{
    const struct timeval limit = {.tv_sec = TIMEOUT_S};
    const int one = 1;
    const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    SSL *ssl = fd >= 0 ? SSL_new(ctx) : NULL;

    if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        answer(ssl, fault);
    }
    SSL_free(ssl);
    if (fd >= 0)
        (void)close(fd);
}

int main(int argc, char **argv)
{
    struct server_options opt = {.timeout_s = 3600, .seed = 1};

    read_options(argc, argv, &opt);
    (void)unsetenv("OPENSSL_CONF");
    (void)signal(SIGPIPE, SIG_IGN);
    SSL_CTX *ctx = fault_server(&opt);
    if (ctx == NULL)
        die("cannot make an SSL_CTX");
    const int listener = listener_open(opt.port);
    if (listener < 0)
        die("cannot listen");
    for (;;)
        serve(ctx, listener, opt.fault);
}
