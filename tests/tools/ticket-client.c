/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ticket-client: makes handshakes with a TLS server on loopback again and again, and offers the
 * newest ticket that it has. It prints one JSON object a line for each connection, and judges
 * nothing:
 *
 *   n         number of the connection, from 0
 *   at_ms     when it began, since the first one
 *   clock_ms  the same by CLOCK_MONOTONIC
 *   took_ms   how long it took
 *   tls       "1.2" or "1.3", null if the handshake failed
 *   ok        handshake (and answer, with --http)
 *   offered   a session was offered: none whose last connection broke off, which libssl forgets
 *   resumed   the server took it
 *   tickets   non-empty tickets received in this connection
 *   key       first 16 bytes (the key name) of the newest ticket at its end, in hex, or null
 *   hint_s    the lifetime that the server gave it
 *   alert     fatal alert from the server, or null
 *   answer    first line of the HTTP body, or null
 *   error     what failed, or null
 *
 * A TLS 1.3 ticket is offered once (RFC 9846 appendix C.4); a TLS 1.2 ticket until a newer one
 * comes.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "options.h"

enum { KEY_NAME_LEN = 16, ANSWER_MAX = 80, TEXT_MAX = 160, RESPONSE_MAX = 16384 };

struct outcome {
    bool ok, offered, resumed;
    int version;
    int tickets;
    int64_t at_ms, clock_ms, took_ms;
    char alert[TEXT_MAX], error[TEXT_MAX], answer[ANSWER_MAX];
};

/* What the callbacks of libssl see of the connection under way. */
static struct outcome *current;

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void sleep_until_ms(int64_t when_ms)
{
    int64_t left_ms = when_ms - now_ms();
    if (left_ms <= 0)
        return;
    struct timespec ts = {.tv_sec = (time_t)(left_ms / 1000),
                          .tv_nsec = (long)(left_ms % 1000 * 1000000)};
    nanosleep(&ts, NULL);
}

/* Keeps the first failure only, with the reason that libssl or the system gives. */
static void fail(struct outcome *out, const char *step)
{
    unsigned long code = ERR_peek_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (!reason)
        reason = errno ? strerror(errno) : "closed by the server";
    if (out->error[0] == '\0')
        snprintf(out->error, sizeof out->error, "%s: %s", step, reason);
    out->ok = false;
    ERR_clear_error();
}

/* Length of the ticket in a NewSessionTicket message (RFC 5077 section 3.3, RFC 9846
 * section 4.6.1), 0 if none. */
static size_t ticket_len(const unsigned char *msg, size_t len, int version)
{
    size_t at = 4 + 4; /* message type and length; lifetime */
    if (version == TLS1_3_VERSION) {
        at += 4; /* age_add */
        if (at >= len)
            return 0;
        at += 1U + msg[at]; /* nonce */
    }
    if (at + 2 > len)
        return 0;
    return (size_t)msg[at] << 8 | msg[at + 1];
}

static void on_message(int write_p, int version, int type, const void *buf, size_t len, SSL *ssl,
                       void *arg)
{
    const unsigned char *msg = buf;
    (void)version;
    (void)arg;
    if (write_p || type != SSL3_RT_HANDSHAKE || len < 4 || msg[0] != SSL3_MT_NEWSESSION_TICKET)
        return;
    if (ticket_len(msg, len, SSL_version(ssl)) > 0)
        current->tickets++;
}

static void on_info(const SSL *ssl, int where, int ret)
{
    (void)ssl;
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && ret >> 8 == SSL3_AL_FATAL)
        snprintf(current->alert, sizeof current->alert, "%s", SSL_alert_desc_string_long(ret));
}

static SSL_CTX *make_ctx(const struct options *opt)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || !SSL_CTX_set_min_proto_version(ctx, opt->version) ||
        !SSL_CTX_set_max_proto_version(ctx, opt->version))
        die("cannot make an SSL_CTX");
    if (opt->cert && (SSL_CTX_use_certificate_chain_file(ctx, opt->cert) != 1 ||
                      SSL_CTX_use_PrivateKey_file(ctx, opt->key, SSL_FILETYPE_PEM) != 1))
        die("cannot use --cert and --key");
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    /* Some servers just close the connection after their answer. */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    if (opt->no_tickets)
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
    SSL_CTX_set_msg_callback(ctx, on_message);
    SSL_CTX_set_info_callback(ctx, on_info);
    return ctx;
}

/* A session file holds as many sessions as there were clients with one. */
static void read_sessions(const char *path, SSL_SESSION **sessions, long clients)
{
    BIO *bio = BIO_new_file(path, "r");
    if (!bio)
        die("cannot read --sess-in");
    for (long i = 0; i < clients; i++)
        sessions[i] = PEM_read_bio_SSL_SESSION(bio, NULL, NULL, NULL);
    if (!sessions[0])
        die("no session in --sess-in");
    BIO_free(bio);
    ERR_clear_error();
}

static void write_sessions(const char *path, SSL_SESSION **sessions, long clients)
{
    BIO *bio = BIO_new_file(path, "w");
    if (!bio)
        die("cannot write --sess-out");
    for (long i = 0; i < clients; i++)
        if (sessions[i] && !PEM_write_bio_SSL_SESSION(bio, sessions[i]))
            die("cannot write --sess-out");
    BIO_free(bio);
}

/* Returns a connected socket, or -1 with the failure in `out`. */
static int dial(const struct options *opt, struct outcome *out)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)opt->port)};
    struct timeval tv = {.tv_sec = opt->timeout_ms / 1000,
                         .tv_usec = (opt->timeout_ms % 1000) * 1000};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("cannot make a socket");
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) == 0)
        return fd;
    fail(out, "connect");
    close(fd);
    return -1;
}

/* Reads until the server has nothing more to say, tickets included. Returns the bytes kept in
 * `buf`. */
static size_t read_all(SSL *ssl, char *buf, size_t size)
{
    char spill[4096];
    size_t used = 0;
    for (;;) {
        size_t room = size - 1 - used;
        int n =
            room ? SSL_read(ssl, buf + used, (int)room) : SSL_read(ssl, spill, (int)sizeof spill);
        if (n <= 0)
            break;
        used += room ? (size_t)n : 0;
    }
    buf[used] = '\0';
    return used;
}

/* Keeps the first line of the body, printable characters only. */
static void keep_answer(const char *response, struct outcome *out)
{
    const char *body = strstr(response, "\r\n\r\n");
    size_t used = 0;
    if (!body)
        return;
    for (body += 4; *body && *body != '\n' && used < sizeof out->answer - 1; body++)
        if (isprint((unsigned char)*body) && *body != '"' && *body != '\\')
            out->answer[used++] = *body;
    out->answer[used] = '\0';
}

static void get_over_http(SSL *ssl, const struct options *opt, struct outcome *out)
{
    static char response[RESPONSE_MAX];
    char request[512];
    int len = snprintf(request, sizeof request, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n",
                       opt->sni ? opt->sni : "127.0.0.1");
    if (len < 0 || SSL_write(ssl, request, len) != len) {
        fail(out, "write");
        return;
    }
    if (read_all(ssl, response, sizeof response) == 0)
        fail(out, "read");
    keep_answer(response, out);
    SSL_shutdown(ssl);
}

/* Says goodbye first: the server has sent its tickets before it reads that, so they all come before
 * the end. */
static void hang_up(SSL *ssl)
{
    char rest[64];
    SSL_shutdown(ssl);
    read_all(ssl, rest, sizeof rest);
}

static void talk(SSL *ssl, const struct options *opt, struct outcome *out)
{
    errno = 0;
    if (SSL_connect(ssl) != 1) {
        fail(out, "handshake");
        return;
    }
    out->ok = true;
    out->version = SSL_version(ssl);
    out->resumed = SSL_session_reused(ssl) == 1;
    if (opt->http)
        get_over_http(ssl, opt, out);
    else
        hang_up(ssl);
    if (out->alert[0])
        out->ok = false;
    ERR_clear_error();
}

/* The session to offer next; takes over `offered`, the one just used. */
static SSL_SESSION *next_session(SSL *ssl, const struct outcome *out, SSL_SESSION *offered)
{
    SSL_SESSION *got = out->version ? SSL_get1_session(ssl) : NULL;
    if (got && SSL_SESSION_is_resumable(got) &&
        (out->tickets > 0 || out->version == TLS1_2_VERSION)) {
        SSL_SESSION_free(offered);
        return got;
    }
    SSL_SESSION_free(got);
    if (SSL_version(ssl) == TLS1_2_VERSION)
        return offered;
    SSL_SESSION_free(offered);
    return NULL;
}

/* One connection, from dial to hang-up. Returns the session to offer next. */
static SSL_SESSION *run_once(SSL_CTX *ctx, const struct options *opt, SSL_SESSION *session,
                             struct outcome *out)
{
    current = out;
    /* libssl offers none whose last connection broke off. */
    out->offered = session != NULL && SSL_SESSION_is_resumable(session) == 1;
    int fd = dial(opt, out);
    if (fd < 0)
        return session;
    SSL *ssl = SSL_new(ctx);
    if (!ssl || !SSL_set_fd(ssl, fd) || (opt->sni && !SSL_set_tlsext_host_name(ssl, opt->sni)) ||
        (session && !SSL_set_session(ssl, session)))
        die("cannot make an SSL");
    talk(ssl, opt, out);
    session = next_session(ssl, out, session);
    SSL_free(ssl);
    close(fd);
    return session;
}

static void print_text(const char *name, const char *text)
{
    if (text[0])
        printf(",\"%s\":\"%s\"", name, text);
    else
        printf(",\"%s\":null", name);
}

static void print_key(const SSL_SESSION *session)
{
    const unsigned char *ticket = NULL;
    char hex[2 * KEY_NAME_LEN + 1] = "";
    size_t len = 0;
    if (session)
        SSL_SESSION_get0_ticket(session, &ticket, &len);
    for (size_t i = 0; ticket && len >= KEY_NAME_LEN && i < KEY_NAME_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02x", ticket[i]);
    print_text("key", hex);
    printf(",\"hint_s\":%lu", session ? SSL_SESSION_get_ticket_lifetime_hint(session) : 0UL);
}

static void print_outcome(long n, const struct outcome *out, const SSL_SESSION *session)
{
    const char *tls = out->version == TLS1_3_VERSION   ? "1.3"
                      : out->version == TLS1_2_VERSION ? "1.2"
                                                       : "";
    printf("{\"n\":%ld,\"at_ms\":%lld,\"clock_ms\":%lld,\"took_ms\":%lld,\"ok\":%s", n,
           (long long)out->at_ms, (long long)out->clock_ms, (long long)out->took_ms,
           out->ok ? "true" : "false");
    print_text("tls", tls);
    printf(",\"offered\":%s,\"resumed\":%s,\"tickets\":%d", out->offered ? "true" : "false",
           out->resumed ? "true" : "false", out->tickets);
    print_key(session);
    print_text("alert", out->alert);
    print_text("answer", out->answer);
    print_text("error", out->error);
    puts("}");
}

static void visit(SSL_CTX *ctx, const struct options *opt, SSL_SESSION **sessions)
{
    int64_t start_ms = now_ms() + opt->delay_ms;
    for (long n = 0; opt->count == 0 || n < opt->count; n++) {
        struct outcome out = {.ok = false};
        SSL_SESSION **session = &sessions[opt->clients > 1 ? random() % opt->clients : 0];
        sleep_until_ms(start_ms + (n - n % opt->burst) * opt->interval_ms);
        out.clock_ms = now_ms();
        out.at_ms = out.clock_ms - start_ms;
        if (opt->seconds && out.at_ms >= opt->seconds * 1000)
            break;
        *session = run_once(ctx, opt, *session, &out);
        out.took_ms = now_ms() - out.clock_ms;
        print_outcome(n, &out, *session);
        if (!opt->resume) {
            SSL_SESSION_free(*session);
            *session = NULL;
        }
    }
}

static void run(const struct options *opt)
{
    SSL_SESSION *sessions[CLIENTS_MAX] = {NULL};
    SSL_CTX *ctx = make_ctx(opt);
    if (opt->sess_in)
        read_sessions(opt->sess_in, sessions, opt->clients);
    visit(ctx, opt, sessions);
    if (opt->sess_out)
        write_sessions(opt->sess_out, sessions, opt->clients);
    for (long i = 0; i < opt->clients; i++)
        SSL_SESSION_free(sessions[i]);
    SSL_CTX_free(ctx);
}

int main(int argc, char **argv)
{
    /* The client is the measure, so nothing but its own arguments may change it. */
    unsetenv("OPENSSL_CONF");
    if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, NULL))
        die("libssl does not start");
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct options opt = options_parse(argc, argv);
    run(&opt);
    return 0;
}
