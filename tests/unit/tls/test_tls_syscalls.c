/* SPDX-License-Identifier: Apache-2.0 */
/* System calls on the hot path: a child that has none left to make seals and opens all the same. */
#include "tls_tickets.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

enum { TURNS = 200, ALLOWED_MAX = 16, TRAPPED = 100, HEAP_TO_SPARE = 16 << 20 };

/* SIGSYS: says which call it was, with the two that are always allowed. */
static void say_and_die(int signal, siginfo_t *info, void *context)
{
    char line[64];
    const int len =
        snprintf(line, sizeof line, "system call %d is not allowed here\n", info->si_syscall);

    (void)signal, (void)context;
    (void)!write(STDERR_FILENO, line, (size_t)len);
    _exit(TRAPPED);
}

static bool allow_only(const int *calls, size_t count)
{
    struct sock_filter filter[2 * ALLOWED_MAX + 2];
    struct sock_fprog program = {0, filter};
    const struct sigaction action = {.sa_sigaction = say_and_die, .sa_flags = SA_SIGINFO};

    filter[program.len++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < count && i < ALLOWED_MAX; i++) {
        filter[program.len++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i], 0, 1);
        filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    return sigaction(SIGSYS, &action, NULL) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static bool ask_the_clock(struct tls_test *test)
{
    struct timespec now;

    (void)test;
    return clock_gettime(CLOCK_REALTIME, &now) == 0;
}

/* libssl allocates for each connection. When glibc moves the end of the heap is a matter of what
 * was there before: here it is far away from the beginning, and stays. */
static void take_heap_ahead(void)
{
    (void)mallopt(M_TOP_PAD, HEAP_TO_SPARE);
    (void)mallopt(M_TRIM_THRESHOLD, 4 * HEAP_TO_SPARE);
    (void)mallopt(M_MMAP_THRESHOLD, HEAP_TO_SPARE);
}

/* The status of a child that runs `run` with these system calls and no others. */
static int status_with(const int *calls, size_t count, bool (*run)(struct tls_test *test),
                       struct tls_test *test)
{
    int status;
    const pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        take_heap_ahead();
        /* The first time to warm up. */
        _exit(run(test) && allow_only(calls, count) && run(test) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* On some machines the kernel's clock cannot be read from user space: to ask it is a call. */
static bool clock_is_a_call(void)
{
    static const int to_report[] = {SYS_write, SYS_exit_group};

    return status_with(to_report, 2, ask_the_clock, NULL) != 0;
}

/* Demands that `run` does what it should with these system calls and no others. */
static void assert_works_with(const int *calls, size_t count, bool (*run)(struct tls_test *test),
                              struct tls_test *test)
{
    int all[ALLOWED_MAX] = {SYS_clock_gettime};
    const size_t clocks = clock_is_a_call() ? 1 : 0;

    assert_true(clocks + count <= ALLOWED_MAX);
    memcpy(all + clocks, calls, count * sizeof *calls);
    assert_int_equal(status_with(all, clocks + count, run, test), 0);
}

static bool seal_and_open_in_the_ring(struct tls_test *test)
{
    static const struct stek_context context = {4, "test"};
    static const uint8_t unknown[STEK_NAME_LEN] = "not one of ours";
    struct stek_keys *keys = stek_ring_keys(test->ring, &context);
    struct stek_seal_key active;
    struct stek_ticket_key key;

    for (int i = 0; i < TURNS; i++) {
        const int64_t now = stek_ring_now(test->ring);
        if (!stek_ring_seal(test->ring, keys, now, &active) ||
            stek_ring_find(test->ring, keys, active.key.name, false, now, &key) !=
                STEK_CHOICE_OPEN ||
            memcmp(&key, &active.key, sizeof key) != 0 ||
            stek_ring_find(test->ring, keys, unknown, false, now, &key) != STEK_CHOICE_UNKNOWN)
            return false;
    }
    return true;
}

static void the_ring_seals_and_opens_without_any_system_call(void **state)
{
    static const int to_report[] = {SYS_write, SYS_exit_group};

    assert_works_with(to_report, 2, seal_and_open_in_the_ring, *state);
}

/* Full handshakes and resumptions, each of which seals and opens. */
static bool shake_hands(struct tls_test *test)
{
    struct tls_visit first;
    struct tls_visit second;
    bool well = true;

    for (int i = 0; well && i < TURNS; i++) {
        tls_talk(test->client, test->server, &(struct tls_call){.session = NULL}, &first);
        tls_talk(test->client, test->server, &(struct tls_call){.session = first.session}, &second);
        well = first.done && first.ticket_count > 0 && second.done && second.resumed;
        SSL_SESSION_free(first.session);
        SSL_SESSION_free(second.session);
    }
    return well;
}

static void a_whole_handshake_makes_no_system_call_but_those_of_generators(void **state)
{
    static const int allowed[] = {
        SYS_write, SYS_exit_group, /* to report */
        SYS_getpid,                /* libcrypto's generator looks whether the process has forked */
        SYS_getrandom,             /* each batch of IVs has the kernel's bytes in it */
    };

    assert_works_with(allowed, sizeof allowed / sizeof *allowed, shake_hands, *state);
}

int main(void)
{
    static const struct tls_behaviour system_calls[] = {
        TLS_BEHAVIOUR(the_ring_seals_and_opens_without_any_system_call, TLS_ONCE),
        TLS_BEHAVIOUR(a_whole_handshake_makes_no_system_call_but_those_of_generators, TLS_ALL),
    };

    return TLS_RUN(system_calls);
}
