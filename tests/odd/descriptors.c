/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that close descriptors which others think they own, and start programs without fork(2).
 */
#include "odd.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEPT = 100, LAST = 255 };

/* Which of these descriptors are open. */
static void print_open(const char *text, int first, int last)
{
    (void)printf("%s:", text);
    for (int fd = first; fd <= last; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            (void)printf(" %d", fd);
    (void)puts("");
}

/* A daemon that was started without standard input, output and error: what is opened next has their
 * numbers. */
void odd_closed(void)
{
    const int out = fcntl(STDOUT_FILENO, F_DUPFD, KEPT);

    must(out >= KEPT, "a copy of standard output");
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
    SSL_CTX *server = new_server(TLS_server_method()); /* OpenSSL begins here */
    SSL_CTX *client = new_client(TLS_client_method(), TLS1_3_VERSION);
    const bool first = strcmp(visit(server, client), "full") == 0;
    const bool works = first && strcmp(visit(server, client), "resumed") == 0;
    int open = 0;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        open += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    must(dup2(out, STDOUT_FILENO) == STDOUT_FILENO, "standard output");
    (void)printf("works %d, open %d\n", works, open);
    print_both("later", server, 3);
}

static void close_all(void)
{
    for (int fd = STDERR_FILENO + 1; fd <= LAST; fd++)
        (void)close(fd);
}

/* What daemons do when they begin: the numbers are then those of files of their own. */
void odd_closes(void)
{
    SSL_CTX *server = new_server(TLS_server_method());

    print_both("before", server, 2);
    close_all();
    FILE *own[3];
    for (int i = 0; i < 3; i++) {
        own[i] = tmpfile();
        must(own[i] != NULL, "a file");
    }
    print_both("after", server, 3);
    SSL_CTX *another = new_server(TLS_server_method());
    print_both("another", another, 3);
    SSL_CTX_free(another);
    for (int i = 0; i < 3; i++) {
        must(fseek(own[i], 0, SEEK_END) == 0, "a file's end");
        (void)printf("file %d has %ld bytes\n", i, ftell(own[i]));
    }
    print_open("open", STDIN_FILENO, LAST);
}

static void print_end(const char *text, pid_t child)
{
    int status = -1;

    must(child > 0 && waitpid(child, &status, 0) == child, text);
    (void)printf("%s ended with %d\n", text, status);
}

/* posix_spawn(3) and vfork(2) run no handlers of fork, and share the parent's memory until exec. */
void odd_spawns(void)
{
    static char program[] = "/bin/true";
    char *const arguments[] = {program, NULL};
    SSL_CTX *server = new_server(TLS_server_method());

    print_both("before", server, 2);
    for (int i = 0; i < 2; i++) {
        pid_t child = -1;
        must(posix_spawn(&child, program, NULL, NULL, arguments, environ) == 0, "posix_spawn");
        print_end("spawned", child);
        print_both("between", server, 2);
        child = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): what is tried */
        if (child == 0) {
            (void)execv(program, arguments);
            _exit(1);
        }
        print_end("vforked", child);
        print_both("after", server, 2);
    }
}
