/* SPDX-License-Identifier: Apache-2.0 */
/* A name with several addresses, of which some refuse. The test takes the place of libc's resolver.
 */
#include "unit.h"

#include "audit/handshake/dial.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

static const char refusing[] = "127.0.0.2", listening[] = "127.0.0.1";

static struct addrinfo *item(const char *address, uint16_t port, struct addrinfo *next)
{
    struct sockaddr_in *to = calloc(1, sizeof *to);
    struct addrinfo *made = calloc(1, sizeof *made);

    assert_non_null(to);
    assert_non_null(made);
    to->sin_family = AF_INET;
    to->sin_port = htons(port);
    assert_int_equal(inet_pton(AF_INET, address, &to->sin_addr), 1);
    made->ai_addr = (struct sockaddr *)to;
    made->ai_addrlen = sizeof *to;
    made->ai_next = next;
    return made;
}

/* "both" has two addresses, "refusing" has one. */
int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict ret_found)
{
    const uint16_t port = (uint16_t)strtoul(service, NULL, 10);

    if ((hints->ai_flags & AI_NUMERICHOST) != 0)
        return EAI_NONAME;
    *ret_found = strcmp(name, "both") == 0 ? item(listening, port, NULL) : NULL;
    *ret_found = item(refusing, port, *ret_found);
    return 0;
}

void freeaddrinfo(struct addrinfo *found)
{
    while (found != NULL) {
        struct addrinfo *next = found->ai_next;
        free(found->ai_addr);
        free(found);
        found = next;
    }
}

/* A listening socket of this address alone, and a target of this name at its port. */
static int listen_for(const char *name, struct stek_audit_target *ret_target)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;

    assert_int_equal(inet_pton(AF_INET, listening, &at.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    memset(ret_target, 0, sizeof *ret_target);
    memcpy(ret_target->host, name, strlen(name) + 1);
    ret_target->port = ntohs(at.sin_port);
    return fd;
}

static void
an_address_that_refuses_is_no_problem_where_another_one_takes_the_connection(void **state)
{
    struct stek_audit_target target;
    char problem[128] = "";
    const int server = listen_for("both", &target);

    (void)state;
    const int fd =
        stek_audit_dial(&target, stek_audit_now_ms() + WAIT_MS, NULL, problem, sizeof problem);
    assert_true(fd >= 0);
    assert_string_equal(target.address, listening);
    assert_string_equal(problem, "");
    (void)close(fd);
    (void)close(server);
}

static void where_all_refuse_the_last_one_is_the_problem(void **state)
{
    struct stek_audit_target target;
    char problem[128] = "";
    const int server = listen_for("refusing", &target);

    (void)state;
    assert_int_equal(
        stek_audit_dial(&target, stek_audit_now_ms() + WAIT_MS, NULL, problem, sizeof problem), -1);
    assert_string_equal(target.address, "");
    assert_string_equal(problem, "Connection refused");
    (void)close(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            an_address_that_refuses_is_no_problem_where_another_one_takes_the_connection),
        cmocka_unit_test(where_all_refuse_the_last_one_is_the_problem),
    };

    return cmocka_run_group_tests_name("audit dial", tests, NULL, NULL);
}
