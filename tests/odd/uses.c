/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of libssl that programs may make, and few do. */
#include "odd.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_S = 60, HEAD = 32, THREADS = 3, ROUNDS = 30 };

/* Memory with a head of the program's: what another free() gets of it ends the program. */
static void *own_malloc(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    char *at = size == 0 ? NULL : malloc(size + HEAD);

    if (at == NULL)
        return NULL;
    memcpy(at, &size, sizeof size);
    return at + HEAD;
}

static void own_free(void *at, const char *file, int line)
{
    (void)file, (void)line;
    if (at != NULL)
        free((char *)at - HEAD);
}

static void *own_realloc(void *at, size_t size, const char *file, int line)
{
    size_t before = 0;
    void *other = own_malloc(size, file, line);

    if (at != NULL)
        memcpy(&before, (char *)at - HEAD, sizeof before);
    if (at != NULL && other != NULL)
        memcpy(other, at, before < size ? before : size);
    if (other != NULL || size == 0)
        own_free(at, file, line);
    return other;
}

void odd_own_memory(void)
{
    must(CRYPTO_set_mem_functions(own_malloc, own_realloc, own_free) == 1, "memory functions");
    for (int i = 0; i < 3; i++) {
        SSL_CTX *server = new_server(TLS_server_method());
        SSL_CTX_set_verify(server, i == 2 ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
        print_both("own memory", server, 3);
        SSL_CTX_free(server);
    }
    OPENSSL_cleanup();
}

/* A ticket more, after the handshake. */
void odd_one_more(void)
{
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
    SSL_CTX *server = new_server(TLS_server_method());
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);

    for (int i = 0; i < 3; i++) {
        struct pair pair = pair_open(server, client);
        must(pair_shake(&pair) && pair_exchange(&pair), "a handshake");
        const SSL_SESSION *before = latest_session(client);
        const int asked = SSL_new_session_ticket(pair.server);
        const bool works = pair_exchange(&pair);
        (void)printf("asked %d, works %d, new %d, resumed %d\n", asked, works,
                     latest_session(client) != before, SSL_session_reused(pair.server));
        pair_close(&pair);
    }
    (void)puts(visit(server, client));
#else
    (void)puts("OpenSSL 3 has that");
#endif
}

/* A server that is given a session of its own before it accepts. */
void odd_given_session(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    for (int i = 0; i < 2; i++) {
        SSL_CTX *client = new_client(TLS_client_method(), i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
        struct pair first = pair_open(server, client);
        must(pair_shake(&first) && pair_exchange(&first), "a handshake");
        SSL_SESSION *session = SSL_get1_session(first.server);
        pair_close(&first);
        struct pair pair = pair_open(server, client);
        must(SSL_set_session(pair.server, session) == 1, "a session");
        const bool ok = pair_shake(&pair) && pair_exchange(&pair);
        (void)printf("works %d, resumed %d\n", ok, ok && SSL_session_reused(pair.server));
        pair_close(&pair);
        SSL_SESSION_free(session);
        ERR_clear_error();
        print_both("later", server, 2);
    }
}

/* Session-id contexts that come late, and one for each connection. */
void odd_late_ids(void)
{
    SSL_CTX *server = new_server(TLS_server_method());
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);

    (void)printf("%s", visit(server, client));
    must(SSL_CTX_set_session_id_context(server, (const unsigned char *)"b", 1) == 1, "an id");
    (void)printf(" %s", visit(server, client));
    (void)printf(" %s\n", visit(server, client));
    for (int i = 0; i < 4; i++) {
        struct pair pair = pair_open(server, client);
        const unsigned char id = (unsigned char)('c' + i / 2);
        must(SSL_set_session_id_context(pair.server, &id, 1) == 1, "an id");
        const bool ok = pair_shake(&pair) && pair_exchange(&pair);
        (void)printf("works %d, resumed %d\n", ok, ok && SSL_session_reused(pair.server));
        pair_close(&pair);
    }
}

/* There and back again, before anything is sealed. */
static int go_and_come_back(SSL *ssl, int *alert, void *other)
{
    SSL_CTX *own = SSL_get_SSL_CTX(ssl);

    *alert = SSL_AD_INTERNAL_ERROR; /* of no matter after a success */
    must(SSL_CTX_up_ref(own) == 1, "a hold");
    (void)SSL_set_SSL_CTX(ssl, other);
    (void)SSL_set_SSL_CTX(ssl, own);
    (void)SSL_set_SSL_CTX(ssl, NULL);
    SSL_CTX_free(own);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* stek looks once a second whom the SSL_CTXs verify. A ticket that was sealed between that change
 * and the look does not resume. */
static void wait_for_next_second(void)
{
    const time_t before = time(NULL);

    while (time(NULL) == before)
        (void)usleep(1000);
}

void odd_there_and_back(void)
{
    SSL_CTX *server = new_server(TLS_server_method());
    SSL_CTX *other = new_server(TLS_server_method());

    SSL_CTX_set_client_hello_cb(server, go_and_come_back, other);
    print_both("there and back", server, 3);
    SSL_CTX_set_verify(other, SSL_VERIFY_PEER, NULL);
    wait_for_next_second();
    print_both("from one that verifies", server, 3);
    SSL_CTX_free(other);
}

static SSL_CTX *of_all;

/* The last hold may be any thread's. */
static void *hold_and_visit(void *arg)
{
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        must(SSL_CTX_up_ref(of_all) == 1, "a hold");
        must(strcmp(visit(of_all, client), i == 0 ? "full" : "resumed") == 0, "a resumption");
        SSL_CTX_free(of_all);
    }
    SSL_SESSION_free(latest_session(client));
    SSL_CTX_free(client);
    SSL_CTX_free(of_all);
    return NULL;
}

void odd_holds(void)
{
    pthread_t threads[THREADS] = {0};

    (void)alarm(PATIENCE_S);
    of_all = new_server(TLS_server_method());
    for (int i = 0; i < THREADS; i++)
        must(SSL_CTX_up_ref(of_all) == 1 &&
                 pthread_create(&threads[i], NULL, hold_and_visit, NULL) == 0,
             "a thread");
    SSL_CTX_free(of_all);
    for (int i = 0; i < THREADS; i++)
        must(pthread_join(threads[i], NULL) == 0, "a thread's end");
    (void)puts("held");
}

static void *fork_in_thread(void *arg)
{
    int status = 0;
    SSL_CTX *server = arg;

    (void)fflush(stdout);
    const pid_t child = fork();
    must(child >= 0, "fork");
    if (child == 0) {
        print_both("in the child", server, 3);
        exit(0);
    }
    must(waitpid(child, &status, 0) == child && status == 0, "a child");
    return NULL;
}

/* A thread that is not the first forks, and its child serves and exits without exec. */
void odd_thread_forks(void)
{
    SSL_CTX *server = new_server(TLS_server_method());
    pthread_t thread;

    (void)alarm(PATIENCE_S);
    print_both("before", server, 2);
    must(pthread_create(&thread, NULL, fork_in_thread, server) == 0, "a thread");
    must(pthread_join(thread, NULL) == 0, "a thread's end");
    print_both("after", server, 2);
}

static int bound_socket(struct sockaddr_in *ret_address)
{
    static const struct timeval patience = {.tv_sec = PATIENCE_S};
    socklen_t len = sizeof *ret_address;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);

    *ret_address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    must(fd >= 0 && bind(fd, (struct sockaddr *)ret_address, len) == 0 &&
             getsockname(fd, (struct sockaddr *)ret_address, &len) == 0 &&
             setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0,
         "a socket");
    return fd;
}

static void *connect_datagrams(void *arg)
{
    SSL *client = arg;

    must(SSL_connect(client) == 1, "a client's handshake");
    return NULL;
}

static int make_cookie(SSL *ssl, unsigned char *cookie, unsigned *len)
{
    (void)ssl;
    memcpy(cookie, "cookie", 6);
    *len = 6;
    return 1;
}

static int check_cookie(SSL *ssl, const unsigned char *cookie, unsigned len)
{
    (void)ssl;
    return len == 6 && memcmp(cookie, "cookie", 6) == 0;
}

static void use_sockets(SSL *server, SSL *client)
{
    struct sockaddr_in address[2];
    const int fd[2] = {bound_socket(&address[0]), bound_socket(&address[1])};

    for (int i = 0; i < 2; i++)
        must(connect(fd[i], (struct sockaddr *)&address[1 - i], sizeof address[0]) == 0, "connect");
    BIO *server_end = BIO_new_dgram(fd[0], BIO_CLOSE);
    BIO *client_end = BIO_new_dgram(fd[1], BIO_CLOSE);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_bio(client, client_end, client_end);
    (void)BIO_ctrl(client_end, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &address[0]);
}

/* DTLS with a cookie, which DTLSv1_listen() asks for before the handshake begins. */
void odd_listens(void)
{
    SSL_CTX *server = new_server(DTLS_server_method());
    SSL_CTX *client = new_client(DTLS_client_method(), DTLS1_2_VERSION);

    (void)alarm(PATIENCE_S);
    SSL_CTX_set_cookie_generate_cb(server, make_cookie);
    SSL_CTX_set_cookie_verify_cb(server, check_cookie);
    for (int i = 0; i < 3; i++) {
        SSL *ends[] = {SSL_new(server), SSL_new(client)};
        BIO_ADDR *peer = BIO_ADDR_new();
        pthread_t thread;
        int result;
        use_sockets(ends[0], ends[1]);
        if (latest_session(client) != NULL)
            must(SSL_set_session(ends[1], latest_session(client)) == 1, "a session");
        (void)SSL_set_options(ends[0], SSL_OP_COOKIE_EXCHANGE);
        must(pthread_create(&thread, NULL, connect_datagrams, ends[1]) == 0, "a thread");
        while ((result = DTLSv1_listen(ends[0], peer)) == 0)
            ;
        must(result > 0 && SSL_accept(ends[0]) == 1, "a server's handshake");
        must(pthread_join(thread, NULL) == 0, "a thread's end");
        (void)puts(SSL_session_reused(ends[0]) ? "resumed" : "full");
        BIO_ADDR_free(peer);
        SSL_free(ends[0]);
        (void)SSL_shutdown(ends[1]);
        SSL_free(ends[1]);
    }
}
