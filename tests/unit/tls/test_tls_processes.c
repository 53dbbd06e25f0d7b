/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that come from one that had attached a ring open each other's tickets, wherever they
 * went afterwards. */
#include "tls_tickets.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ROTATE_S = 3600,
    SESSION_MAX = 8192,
    NOBODY = 65534,
    IVS = STEK_IVS_IN_BATCH + 7,
    IV_LEN = 16
};

/* What a child does to itself before it serves. Returns whether it could. */
typedef bool (*ordeal)(void);

static bool nothing(void)
{
    return true;
}

static bool go_to_jail(void)
{
    char folder[] = "/tmp/stek-jail-XXXXXX";

    return mkdtemp(folder) != NULL && chdir(folder) == 0 && rmdir(folder) == 0 && chroot(".") == 0;
}

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
           setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

static bool go_to_jail_as_nobody_who_may_lock_no_memory(void)
{
    return go_to_jail() && setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}) == 0 &&
           become_nobody();
}

static bool needs_root(ordeal suffer)
{
    return suffer != nothing;
}

static bool resumes(struct tls_test *test, SSL_SESSION *session)
{
    const struct tls_visit visit = tls_come_back(test, session);

    return visit.done && visit.resumed && visit.alerts == 0;
}

/* In the child, where no assertion may fail: opens the parent's ticket, and sends back one of its
 * own. */
static bool serve(struct tls_test *test, SSL_SESSION *parents, int64_t later_s, int to_parent)
{
    unsigned char der[SESSION_MAX];
    unsigned char *end = der;

    tls_clock_pass(later_s);
    if (parents != NULL && !resumes(test, parents))
        return false;
    const struct tls_visit visit = tls_come_back(test, NULL);
    if (!visit.done || visit.session == NULL || i2d_SSL_SESSION(visit.session, NULL) > SESSION_MAX)
        return false;
    const int len = i2d_SSL_SESSION(visit.session, &end);
    return resumes(test, visit.session) && write(to_parent, der, (size_t)len) == len;
}

static SSL_SESSION *receive_session(struct tls_test *test, int from_child)
{
    unsigned char der[SESSION_MAX];
    const unsigned char *at = der;
    const ssize_t len = read(from_child, der, sizeof der);

    return len > 0 ? tls_keep(test, d2i_SSL_SESSION(NULL, &at, len)) : NULL;
}

/* Lets a child serve, and opens its ticket here. NULL: the parent has none yet, and not even keys.
 */
static void exchange_tickets(struct tls_test *test, ordeal suffer, SSL_SESSION *parents,
                             int64_t later_s)
{
    int ends[2];
    int status;

    if (needs_root(suffer) && geteuid() != 0)
        skip();
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(suffer() && serve(test, parents, later_s, ends[1]) ? 0 : 1);
    (void)close(ends[1]);
    SSL_SESSION *childs = receive_session(test, ends[0]);
    (void)close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_non_null(childs);
    tls_clock_pass(later_s);
    assert_resumed(tls_come_back(test, childs));
    if (parents != NULL)
        assert_true(tls_same_key(parents, childs) == (later_s < ROTATE_S));
}

static void a_child_and_its_parent_open_each_others_tickets(void **state)
{
    exchange_tickets(*state, nothing, tls_get_ticket(*state), 0);
}

static void a_child_may_make_the_first_keys(void **state)
{
    exchange_tickets(*state, nothing, NULL, 0);
}

static void a_child_may_rotate(void **state)
{
    exchange_tickets(*state, nothing, tls_get_ticket(*state), ROTATE_S);
}

/* What the wire shows of a process that seals. */
static bool collect_ivs(struct tls_test *test, uint8_t ret_ivs[IVS][IV_LEN])
{
    bool well = true;

    for (size_t i = 0; well && i < IVS; i++) {
        const struct tls_visit visit = tls_come_back(test, NULL);
        well = visit.done && visit.ticket_count > 0;
        memcpy(ret_ivs[i], visit.tickets[0].iv, IV_LEN);
    }
    return well;
}

static bool child_collects_ivs(struct tls_test *test, int to_parent)
{
    uint8_t ivs[IVS][IV_LEN];

    return collect_ivs(test, ivs) && write(to_parent, ivs, sizeof ivs) == (ssize_t)sizeof ivs;
}

static void a_child_and_its_parent_never_use_the_same_iv(void **state)
{
    struct tls_test *test = *state;
    uint8_t ours[IVS][IV_LEN];
    uint8_t theirs[IVS][IV_LEN];
    int ends[2];
    int status;

    (void)tls_get_ticket(test);
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(child_collects_ivs(test, ends[1]) ? 0 : 1);
    assert_true(collect_ivs(test, ours));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    (void)close(ends[0]);
    (void)close(ends[1]);
    for (size_t i = 0; i < IVS; i++)
        for (size_t j = 0; j < IVS; j++)
            assert_memory_not_equal(ours[i], theirs[j], IV_LEN);
}

static void a_child_in_a_chroot_serves_on(void **state)
{
    exchange_tickets(*state, go_to_jail, tls_get_ticket(*state), 0);
}

static void a_child_in_a_chroot_may_rotate(void **state)
{
    exchange_tickets(*state, go_to_jail, tls_get_ticket(*state), ROTATE_S);
}

static void a_child_without_privileges_serves_on(void **state)
{
    exchange_tickets(*state, become_nobody, tls_get_ticket(*state), 0);
}

static void a_child_without_privileges_may_rotate(void **state)
{
    exchange_tickets(*state, become_nobody, tls_get_ticket(*state), ROTATE_S);
}

static void
a_child_in_a_chroot_without_privileges_and_locked_memory_may_make_the_first_keys(void **state)
{
    exchange_tickets(*state, go_to_jail_as_nobody_who_may_lock_no_memory, NULL, 0);
}

static void a_child_in_a_chroot_without_privileges_and_locked_memory_may_rotate(void **state)
{
    exchange_tickets(*state, go_to_jail_as_nobody_who_may_lock_no_memory, tls_get_ticket(*state),
                     ROTATE_S);
}

int main(void)
{
    static const struct tls_behaviour processes[] = {
        TLS_BEHAVIOUR(a_child_and_its_parent_open_each_others_tickets, TLS_ALL),
        TLS_BEHAVIOUR(a_child_may_make_the_first_keys, TLS_ALL),
        TLS_BEHAVIOUR(a_child_may_rotate, TLS_ALL),
        TLS_BEHAVIOUR(a_child_and_its_parent_never_use_the_same_iv, TLS_ALL),
        TLS_BEHAVIOUR(a_child_in_a_chroot_serves_on, TLS_ALL),
        TLS_BEHAVIOUR(a_child_in_a_chroot_may_rotate, TLS_ALL),
        TLS_BEHAVIOUR(a_child_without_privileges_serves_on, TLS_ALL),
        TLS_BEHAVIOUR(a_child_without_privileges_may_rotate, TLS_ALL),
        TLS_BEHAVIOUR(
            a_child_in_a_chroot_without_privileges_and_locked_memory_may_make_the_first_keys,
            TLS_ALL),
        TLS_BEHAVIOUR(a_child_in_a_chroot_without_privileges_and_locked_memory_may_rotate, TLS_ALL),
    };

    return TLS_RUN(processes);
}
