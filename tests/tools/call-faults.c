/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     call-faults SOCKET PROGRAM [ARGUMENT...]
 *
 * Runs a program, and has its system calls fail as asked: the kernel stops each call
 * (seccomp_unotify(2)), and this program, in a process of its own, lets it go on or answers with an
 * error in the kernel's place. Nothing of the program under test is changed, and calls that the C
 * library makes by itself are seen as well. Orders come on SOCKET, one packet each:
 *
 * "arm FIRST LAST ERRNO [FROM]": counts calls from the next one on, or from the one that is called
 * FROM or has a path that ends in it; those with these numbers fail.
 *
 * "off": no call fails any more.
 *
 * "seen": answers with the calls since, one a line: "!" if it failed, its name, its first argument
 * and its path.
 *
 * CALL_FAULTS in the environment is the first order, for calls of a program's start.
 *
 * Calls that the kernel never refuses are not counted, nor are those that give something back.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHANNEL = 900, SEEN_MAX = 256 * 1024, PATH_LEN = 200, ORDER_LEN = 512 };

/* What is watched. */
struct watch {
    int listener;
    bool armed;
    char from[PATH_LEN]; /* counting waits for this call or path; "": it counts */
    long first, last, count;
    int error;
    size_t len;
    char seen[SEEN_MAX];
};

static struct watch watch;

static void fail(const char *what)
{
    perror(what);
    exit(125);
}

/* Not counted: cannot fail, or gives back what cannot be given back twice. */
static const int free_calls[] = {
    SCMP_SYS(exit),           SCMP_SYS(exit_group),    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigreturn),      SCMP_SYS(getpid),        SCMP_SYS(restart_syscall),
    SCMP_SYS(gettid),         SCMP_SYS(getuid),        SCMP_SYS(geteuid),
    SCMP_SYS(getgid),         SCMP_SYS(getegid),       SCMP_SYS(getuid32),
    SCMP_SYS(geteuid32),      SCMP_SYS(getgid32),      SCMP_SYS(getegid32),
    SCMP_SYS(close),          SCMP_SYS(munmap),        SCMP_SYS(brk),
    SCMP_SYS(futex),          SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
    SCMP_SYS(gettimeofday),   SCMP_SYS(umask),         SCMP_SYS(set_tid_address),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(futex_time64),  SCMP_SYS(time),
};

enum { FREE_CALLS = sizeof free_calls / sizeof *free_calls };

/* All calls are notified but those above, and sending on the channel. */
static int install(void)
{
    struct sock_filter code[2 * FREE_CALLS + 8];
    unsigned short n = 0;
    const struct sock_filter load_nr =
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));

    code[n++] = load_nr;
    for (size_t i = 0; i < FREE_CALLS; i++) {
        code[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)free_calls[i], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_sendmsg, 0, 3);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                             offsetof(struct seccomp_data, args) +
                                                 (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0));
    code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CHANNEL, 0, 1);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    const struct sock_fprog program = {.len = n, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail("no_new_privs");
    const long fd =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return (int)fd;
}

/* Room for one descriptor. */
union room {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static void send_listener(int fd)
{
    union room room = {.bytes = {0}};
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = sizeof room.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);

    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(head), &fd, sizeof fd);
    (void)sendmsg(CHANNEL, &message, 0);
}

static int receive_listener(int channel)
{
    union room room;
    char byte;
    int fd;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = room.bytes,
                             .msg_controllen = sizeof room.bytes};

    if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) != 1 || CMSG_FIRSTHDR(&message) == NULL)
        exit(125); /* the other side has said why */
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

static bool has_path(int call)
{
    static const int calls[] = {SCMP_SYS(openat),    SCMP_SYS(unlinkat), SCMP_SYS(renameat),
                                SCMP_SYS(renameat2), SCMP_SYS(fchownat), SCMP_SYS(fchmodat),
                                SCMP_SYS(mkdirat),   SCMP_SYS(linkat),   SCMP_SYS(newfstatat)};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (calls[i] == call)
            return true;
    return false;
}

/* The path that the call is about; "" when there is none. */
static void read_path(const struct seccomp_notif *notif, char path[PATH_LEN])
{
    struct iovec here = {path, PATH_LEN - 1};
    struct iovec there = {(void *)(uintptr_t)notif->data.args[1], PATH_LEN - 1};

    memset(path, 0, PATH_LEN);
    if (!has_path(notif->data.nr))
        return;
    /* The text may end where memory ends. */
    while (process_vm_readv((pid_t)notif->pid, &here, 1, &there, 1, 0) < 0 && there.iov_len > 8)
        here.iov_len = there.iov_len /= 2;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text);
    const size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void note(const struct seccomp_notif *notif, bool fails, const char *name, const char *path)
{
    if (watch.len < SEEN_MAX - 2 * PATH_LEN)
        watch.len +=
            (size_t)snprintf(watch.seen + watch.len, SEEN_MAX - watch.len, "%s%s %lld %s\n",
                             fails ? "!" : "", name, (long long)notif->data.args[0], path);
}

/* Counts the call; the error that it is to have, or 0. */
static int judge(const struct seccomp_notif *notif)
{
    char path[PATH_LEN];

    if (!watch.armed)
        return 0;
    read_path(notif, path);
    char *resolved = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, notif->data.nr);
    const char *name = resolved != NULL ? resolved : "?";
    bool fails = false;
    if (watch.from[0] == '\0' || ends_with(path, watch.from) || strcmp(name, watch.from) == 0) {
        watch.from[0] = '\0';
        watch.count++;
        fails = watch.count >= watch.first && watch.count <= watch.last;
        note(notif, fails, name, path);
    }
    free(resolved);
    return fails ? watch.error : 0;
}

static void on_call(void)
{
    struct seccomp_notif notif = {.id = 0};

    if (ioctl(watch.listener, SECCOMP_IOCTL_NOTIF_RECV, &notif) != 0)
        return; /* a signal came first */
    struct seccomp_notif_resp answer = {.id = notif.id, .error = -judge(&notif)};
    if (answer.error == 0)
        answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)ioctl(watch.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

static void arm(const char *order)
{
    watch.armed = false;
    watch.from[0] = '\0';
    watch.count = 0;
    watch.len = 0;
    watch.seen[0] = '\0';
    char *at;
    watch.first = strtol(order + strlen("arm "), &at, 10);
    watch.last = strtol(at, &at, 10);
    watch.error = (int)strtol(at, &at, 10);
    (void)snprintf(watch.from, sizeof watch.from, "%s", at + strspn(at, " "));
    watch.armed = true;
}

static void on_order(int server)
{
    char order[ORDER_LEN];
    const int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
    const ssize_t len = client >= 0 ? recv(client, order, sizeof order - 1, 0) : -1;

    if (len > 0) {
        order[len] = '\0';
        if (strncmp(order, "arm ", 4) == 0)
            arm(order);
        else if (strcmp(order, "off") == 0)
            watch.armed = false;
        const bool seen = strcmp(order, "seen") == 0;
        (void)send(client, seen ? watch.seen : "ok", seen ? watch.len : 2, MSG_NOSIGNAL);
    }
    if (client >= 0)
        (void)close(client);
}

static int serve_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int size = SEEN_MAX + 4096;
    const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path)
        fail(path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    (void)unlink(path);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) != 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
        fail(path);
    return fd;
}

static void supervise(int server, int channel)
{
    watch.listener = receive_listener(channel);
    (void)close(channel);
    for (;;) {
        struct pollfd ends[] = {{.fd = watch.listener, .events = POLLIN},
                                {.fd = server, .events = POLLIN}};
        if (poll(ends, 2, -1) < 0)
            continue;
        if ((ends[0].revents & POLLIN) != 0)
            on_call();
        else if (ends[0].revents != 0)
            exit(0); /* nobody is left */
        if ((ends[1].revents & POLLIN) != 0)
            on_order(server);
    }
}

int main(int argc, char **argv)
{
    int channel[2];

    if (argc < 3) {
        (void)fputs("usage: call-faults SOCKET PROGRAM [ARGUMENT...]\n", stderr);
        return 125;
    }
    const int server = serve_at(argv[1]);
    const char *first = getenv("CALL_FAULTS");
    if (first != NULL)
        arm(first);
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, channel) != 0)
        fail("socketpair");
    const pid_t pid = fork();
    if (pid == 0) {
        (void)signal(SIGHUP, SIG_IGN);
        (void)close(channel[1]);
        supervise(server, channel[0]);
    }
    (void)close(server);
    (void)close(channel[0]);
    if (pid < 0 || dup3(channel[1], CHANNEL, O_CLOEXEC) != CHANNEL)
        fail("fork");
    (void)close(channel[1]);
    const int listener = install();
    if (listener < 0)
        fail("seccomp");
    send_listener(listener);
    (void)execv(argv[2], argv + 2);
    fail(argv[2]);
    return 125;
}
