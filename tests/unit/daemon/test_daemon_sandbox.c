/* SPDX-License-Identifier: Apache-2.0 */
/* What the filter of system calls leaves and what it takes. Each attempt is made by a child of its
 * own. */
#include "unit.h"

#include "daemon/system/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Returns 0, or the errno of what failed. */
typedef int (*attempt_fn)(void);

enum { NO_SANDBOX = 200, KILLED = 1000 };

/* There a filter cannot see which family a socket has (src/daemon/system/sandbox.c). */
#ifdef __i386__
enum { FAMILIES_ARE_SEEN = 0 };
#else
enum { FAMILIES_ARE_SEEN = 1 };
#endif

/* What became of the attempt behind a filter: its result, or KILLED plus the signal. */
static int behind(bool network, attempt_fn attempt)
{
    const pid_t child = fork();
    int status = 0;
    int error = 0;

    if (child == 0) {
        if (stek_sandbox_close(network, &error) != STEK_SANDBOX_ON)
            _exit(NO_SANDBOX);
        _exit(attempt());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? KILLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int failed(bool yes)
{
    return yes ? errno : 0;
}

static int try_exec(void)
{
    char *const argv[] = {NULL};
    return failed(execve("/bin/true", argv, argv) != 0);
}

static int try_ptrace(void)
{
    return failed(ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0);
}

static int try_memory_of_another(void)
{
    return failed(syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0) != 0);
}

static int try_fork(void)
{
    return failed(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) < 0);
}

static int try_code(void)
{
    return failed(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                  MAP_FAILED);
}

static int try_data(void)
{
    return failed(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                  MAP_FAILED);
}

static int try_data_to_code(void)
{
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return failed(mprotect(at, 4096, PROT_READ | PROT_EXEC) != 0);
}

static int try_unix_socket(void)
{
    return failed(socket(AF_UNIX, SOCK_STREAM, 0) < 0);
}

static int try_internet_socket(void)
{
    return failed(socket(AF_INET, SOCK_STREAM, 0) < 0);
}

static int try_raw_socket(void)
{
    return failed(socket(AF_PACKET, SOCK_RAW, 0) < 0);
}

static int try_signal(void)
{
    return failed(kill(getppid(), SIGCONT) != 0);
}

static int try_to_see_a_process(void)
{
    return failed(kill(getppid(), 0) != 0);
}

static int try_another_user(void)
{
    return failed(setuid(getuid()) != 0);
}

static void starting_programs_and_looking_into_others_is_fatal(void **state)
{
    (void)state;
    assert_int_equal(behind(false, try_exec), KILLED + SIGSYS);
    assert_int_equal(behind(false, try_ptrace), KILLED + SIGSYS);
    assert_int_equal(behind(false, try_memory_of_another), KILLED + SIGSYS);
}

static void no_process_no_code_no_network_no_signals(void **state)
{
    (void)state;
    assert_int_equal(behind(false, try_fork), EPERM);
    assert_int_equal(behind(false, try_code), EPERM);
    assert_int_equal(behind(false, try_data_to_code), EPERM);
    if (FAMILIES_ARE_SEEN) {
        assert_int_equal(behind(false, try_internet_socket), EPERM);
        assert_int_equal(behind(false, try_raw_socket), EPERM);
    }
    assert_int_equal(behind(false, try_signal), EPERM);
    assert_int_equal(behind(false, try_another_user), EPERM);
}

static void what_stekd_needs_works(void **state)
{
    (void)state;
    assert_int_equal(behind(false, try_data), 0);
    assert_int_equal(behind(false, try_unix_socket), 0);
    assert_int_equal(behind(false, try_to_see_a_process), 0);
}

static void a_fleet_may_have_internet_sockets_and_no_others(void **state)
{
    (void)state;
    assert_int_equal(behind(true, try_internet_socket), 0);
    if (FAMILIES_ARE_SEEN)
        assert_int_equal(behind(true, try_raw_socket), EPERM);
    assert_int_equal(behind(true, try_exec), KILLED + SIGSYS);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_programs_and_looking_into_others_is_fatal),
        cmocka_unit_test(no_process_no_code_no_network_no_signals),
        cmocka_unit_test(what_stekd_needs_works),
        cmocka_unit_test(a_fleet_may_have_internet_sockets_and_no_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
