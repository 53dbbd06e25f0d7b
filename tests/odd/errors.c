/* SPDX-License-Identifier: Apache-2.0 */
/* Programs whose standard error is not for messages. */
#include "odd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATIENCE_S = 60 };

static void use_as_standard_error(int fd)
{
    must(dup2(fd, STDERR_FILENO) == STDERR_FILENO, "dup2");
}

static void serve(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    print_both("served", server, 2);
    SSL_CTX_free(server);
}

/* Whoever read it has gone. */
void odd_broken_pipe(void)
{
    int ends[2];

    must(pipe(ends) == 0 && close(ends[0]) == 0, "a pipe");
    use_as_standard_error(ends[1]);
    serve();
}

/* Whoever should read it does not. */
void odd_full_pipe(void)
{
    int ends[2];

    (void)alarm(PATIENCE_S);
    must(pipe2(ends, O_NONBLOCK) == 0, "a pipe");
    while (write(ends[1], "?", 1) == 1)
        ;
    must(fcntl(ends[1], F_SETFL, 0) == 0, "fcntl");
    use_as_standard_error(ends[1]);
    serve();
}

/* As inetd(8) starts a server: all that it writes goes to its client. */
void odd_inetd(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    char byte;

    must(bind(listener, (void *)&address, len) == 0 && listen(listener, 1) == 0 &&
             getsockname(listener, (void *)&address, &len) == 0 &&
             connect(client, (void *)&address, len) == 0,
         "a connection");
    use_as_standard_error(accept(listener, NULL, NULL));
    serve();
    must(shutdown(STDERR_FILENO, SHUT_WR) == 0, "shutdown");
    (void)printf("the client reads %zd bytes\n", recv(client, &byte, 1, 0));
}

/* A program's key callback, which is set late and gives no tickets. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is libssl's */
static int no_tickets(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      HMAC_CTX *mac, int enc)
{
    (void)ssl, (void)name, (void)iv, (void)cipher, (void)mac, (void)enc;
    return 0;
}

/* A daemon closes its standard error, and its data gets the number. */
void odd_daemon(void)
{
    SSL_CTX *server = new_server(TLS_server_method());
    char path[] = "/tmp/stek-odd-XXXXXX";
    struct stat data;

    must(close(STDERR_FILENO) == 0 && mkstemp(path) == STDERR_FILENO && unlink(path) == 0,
         "a file");
    print_both("first", server, 2);
    (void)SSL_CTX_set_tlsext_ticket_key_cb(server, no_tickets);
    print_both("later", server, 2);
    must(fstat(STDERR_FILENO, &data) == 0, "fstat");
    (void)printf("the file has %lld bytes\n", (long long)data.st_size);
}
