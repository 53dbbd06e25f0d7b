/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/talk.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool fail(struct stek_feed_fault *ret_fault, const char *path, const char *why)
{
    stek_feed_fault_say(ret_fault, "%.120s: %.120s", path, why);
    return false;
}

/* Waits until the socket is ready. False: the time is over. */
static bool wait_for(int fd, short events, int64_t deadline)
{
    struct pollfd entry = {.fd = fd, .events = events};
    int ready;

    do {
        const int64_t left = deadline - now_ms();
        ready = poll(&entry, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static int dial(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t len = strlen(path);

    if (len >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, len + 1);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        const int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static bool send_all(int fd, const char *text, int64_t deadline)
{
    size_t left = strlen(text);

    while (left > 0) {
        const ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && (errno != EAGAIN || !wait_for(fd, POLLOUT, deadline)))
            return false;
        if (sent > 0) {
            text += sent;
            left -= (size_t)sent;
        }
    }
    return true;
}

/* NULL when the answer is over, or what is wrong. */
static const char *receive(int fd, enum stek_feed_end end, int64_t deadline,
                           struct stek_feed_answer *answer)
{
    for (;;) {
        if (!wait_for(fd, POLLIN, deadline))
            return end == STEK_FEED_UNTIL_LINE ? NULL : "no answer in time";
        const ssize_t got =
            recv(fd, answer->text + answer->len, sizeof answer->text - 1 - answer->len, 0);
        if (got == 0)
            return answer->len + 1 == sizeof answer->text ? "the answer is too long" : NULL;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return strerror(errno);
        answer->len += got > 0 ? (size_t)got : 0;
        answer->text[answer->len] = '\0';
        if (end == STEK_FEED_UNTIL_LINE && strchr(answer->text, '\n') != NULL)
            return NULL;
    }
}

bool stek_feed_talk(const char *path, const char *request, enum stek_feed_end end,
                    struct stek_feed_answer *ret_answer, struct stek_feed_fault *ret_fault)
{
    const int64_t deadline = now_ms() + STEK_FEED_TALK_MS;
    const int fd = dial(path);

    ret_answer->len = 0;
    ret_answer->text[0] = '\0';
    if (fd < 0)
        return fail(ret_fault, path, strerror(errno));
    const char *problem = send_all(fd, request, deadline) ? NULL : "it takes no question";
    if (problem == NULL)
        problem = receive(fd, end, deadline, ret_answer);
    (void)close(fd);
    return problem == NULL || fail(ret_fault, path, problem);
}
