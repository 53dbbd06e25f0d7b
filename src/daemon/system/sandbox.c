/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/sandbox.h"

#ifdef HAVE_SECCOMP

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

static const int allowed[] = {
    /* files, by descriptor or below the run directory */
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(openat),
    SCMP_SYS(open),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fstatfs),
    SCMP_SYS(lseek),
    SCMP_SYS(getdents64),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(fchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(unlinkat),
    SCMP_SYS(unlink),
    SCMP_SYS(rmdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(rename),
    SCMP_SYS(linkat),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    SCMP_SYS(flock),
    SCMP_SYS(fcntl),
    SCMP_SYS(dup),
    SCMP_SYS(umask),
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(mlock),
    SCMP_SYS(mlock2),
    SCMP_SYS(munlock),
    SCMP_SYS(madvise),
    /* the loop */
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
#ifdef __NR_epoll_pwait2 /* Linux 5.11 */
    SCMP_SYS(epoll_pwait2),
#endif
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(eventfd2),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(futex),
    SCMP_SYS(getrandom),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* sockets that are there */
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(connect),
    SCMP_SYS(shutdown),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    /* who we are */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(uname),
    SCMP_SYS(sysinfo),
    SCMP_SYS(tgkill),
    SCMP_SYS(getrlimit),
    SCMP_SYS(prlimit64),
};

/* The same calls under the names that they have on 32 bits; elsewhere libseccomp knows them, and
 * leaves them out. */
static const int allowed_32[] = {
    SCMP_SYS(fstat64),           SCMP_SYS(stat64),       SCMP_SYS(lstat64),
    SCMP_SYS(fstatat64),         SCMP_SYS(fstatfs64),    SCMP_SYS(fcntl64),
    SCMP_SYS(_llseek),           SCMP_SYS(ftruncate64),  SCMP_SYS(fchown32),
    SCMP_SYS(getuid32),          SCMP_SYS(geteuid32),    SCMP_SYS(getgid32),
    SCMP_SYS(getegid32),         SCMP_SYS(ugetrlimit),   SCMP_SYS(sigreturn),
    SCMP_SYS(clock_gettime64),   SCMP_SYS(futex_time64), SCMP_SYS(clock_nanosleep_time64),
    SCMP_SYS(timerfd_settime64), SCMP_SYS(ppoll_time64),
};

/* What a fleet needs besides: looking up names, which the C library and libcurl do in a thread. */
static const int allowed_network[] = {
    SCMP_SYS(clone),           SCMP_SYS(clone3),
    SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(sendmmsg),        SCMP_SYS(socketpair),
    SCMP_SYS(pipe2),           SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),     SCMP_SYS(set_tid_address),
};

/* stekd never makes these calls, so a call of them means an intruder. */
static const int fatal[] = {
    SCMP_SYS(execve),           SCMP_SYS(execveat),          SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(bpf),
    SCMP_SYS(init_module),      SCMP_SYS(finit_module),      SCMP_SYS(mount),
    SCMP_SYS(memfd_create),
};

/*
 * The prot argument without PROT_EXEC. mmap(2) is mmap2 where 32 bits do not hold an offset; the
 * old mmap of i386 has its arguments in memory, where a filter cannot look, and nobody calls it.
 */
static int allow_without_exec(scmp_filter_ctx filter)
{
    static const int calls[] = {
#ifndef __i386__
        SCMP_SYS(mmap),
#endif
        SCMP_SYS(mmap2), SCMP_SYS(mprotect)};
    const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);

    int result = 0;

    for (size_t i = 0; result == 0 && i < sizeof calls / sizeof *calls; i++)
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, calls[i], 1, &no_exec);
    return result;
}

/* On i386 socket(2) may go by way of socketcall, whose arguments are in memory, too: there a filter
 * cannot tell one family from another. */
static int allow_sockets(scmp_filter_ctx filter, bool network)
{
    const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    const size_t count = network ? 4 : 1;
    int result = 0;

    for (size_t i = 0; result == 0 && i < count; i++) {
        const struct scmp_arg_cmp family = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0);
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, &family);
    }
    return result;
}

/* How many bytes wait, whether standard error is a terminal; and whether a process is there, which
 * signal 0 asks. */
static int allow_questions(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp waiting = SCMP_A1(SCMP_CMP_EQ, FIONREAD, 0);
    const struct scmp_arg_cmp terminal = SCMP_A1(SCMP_CMP_EQ, TCGETS, 0);
    const struct scmp_arg_cmp no_signal = SCMP_A1(SCMP_CMP_EQ, 0, 0);

    int result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &waiting);

    if (result == 0)
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, &terminal);
    if (result == 0)
        result = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, &no_signal);
    return result;
}

static int add_all(scmp_filter_ctx filter, const int *calls, size_t count, uint32_t action)
{
    int result = 0;

    for (size_t i = 0; result == 0 && i < count; i++)
        result = seccomp_rule_add_array(filter, action, calls[i], 0, NULL);
    return result;
}

#define ADD_ALL(filter, calls, action)                                                             \
    add_all(filter, calls, sizeof(calls) / sizeof *(calls), action)

/* As libseccomp's own functions: 0, or less: minus an errno. */
static int add_rules(scmp_filter_ctx filter, bool network)
{
    int result = ADD_ALL(filter, allowed, SCMP_ACT_ALLOW);

    if (result == 0)
        result = ADD_ALL(filter, allowed_32, SCMP_ACT_ALLOW);
    if (result == 0 && network)
        result = ADD_ALL(filter, allowed_network, SCMP_ACT_ALLOW);
    if (result == 0)
        result = ADD_ALL(filter, fatal, SCMP_ACT_KILL_PROCESS);
    if (result == 0)
        result = allow_without_exec(filter);
    if (result == 0)
        result = allow_sockets(filter, network);
    if (result == 0)
        result = allow_questions(filter);
    return result;
}

/* libseccomp says ECANCELED for whatever the kernel answers, unless it is asked for more. */
static int load(scmp_filter_ctx filter)
{
    const int result = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);

    return result != 0 ? result : seccomp_load(filter);
}

enum stek_sandbox stek_sandbox_close(bool network, int *ret_error)
{
    errno = 0;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

    if (filter == NULL) {
        *ret_error = errno != 0 ? errno : ENOMEM;
        return STEK_SANDBOX_REFUSED;
    }
    int result = add_rules(filter, network);
    if (result == 0)
        result = load(filter);
    seccomp_release(filter);
    if (result == 0)
        return STEK_SANDBOX_ON;
    *ret_error = -result;
    return STEK_SANDBOX_REFUSED;
}

#else

enum stek_sandbox stek_sandbox_close(bool network, int *ret_error)
{
    (void)network;
    (void)ret_error;
    return STEK_SANDBOX_NOT_BUILT;
}

#endif
