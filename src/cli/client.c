/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include "cli/command.h"
#include "cli/rundir.h"
#include "clock/clock.h"
#include "status/plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_LEN_MAX = 16 * 1024 * 1024, ANSWER_MS_MAX = 60 * 1000 };

__attribute__((format(printf, 2, 3))) static void say(char problem[STEK_CLIENT_PROBLEM_LEN],
                                                      const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(problem, STEK_CLIENT_PROBLEM_LEN, format, arguments);
    va_end(arguments);
}

/* A connected socket; -1 with errno. By the directory's descriptor: paths of sockets are short
 * (unix(7)). */
static int connect_control(void)
{
    const struct timeval patience = {.tv_sec = STEK_CLIENT_PATIENCE_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int dir = stek_rundir_open();

    if (dir < 0)
        return -1;
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/control.sock", dir);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    const int failed =
        fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0;
    const int error = errno;
    (void)close(dir);
    if (!failed)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    errno = error;
    return -1;
}

static bool send_line(int fd, const json_t *request)
{
    char *line = json_dumps(request, JSON_COMPACT);
    size_t sent = 0;

    if (line == NULL)
        return false;
    size_t len = strlen(line);
    line[len++] = '\n'; /* in the place of the final zero */
    while (sent < len) {
        const ssize_t some = send(fd, line + sent, len - sent, MSG_NOSIGNAL);
        if (some == 0 || (some < 0 && errno != EINTR))
            break;
        sent += some > 0 ? (size_t)some : 0;
    }
    free(line);
    return sent == len;
}

/* Reads up to the end of the line; NULL when there is none. Whoever answers slowly has a time for
 * all of it. */
static json_t *read_line(int fd)
{
    const int64_t end_ms = stek_clock_read_ms(CLOCK_MONOTONIC) + ANSWER_MS_MAX;
    char *line = malloc(ANSWER_LEN_MAX);
    size_t len = 0;
    json_t *answer = NULL;

    while (line != NULL && len < ANSWER_LEN_MAX && (len == 0 || line[len - 1] != '\n') &&
           stek_clock_read_ms(CLOCK_MONOTONIC) < end_ms) {
        const ssize_t some = recv(fd, line + len, ANSWER_LEN_MAX - len, 0);
        if (some == 0 || (some < 0 && errno != EINTR))
            break;
        len += some > 0 ? (size_t)some : 0;
    }
    if (line != NULL && len > 0 && line[len - 1] == '\n')
        answer = json_loadb(line, stek_plain_json(line, len), JSON_REJECT_DUPLICATES, NULL);
    free(line);
    return answer;
}

static enum stek_client_outcome judge_answer(json_t *answer, json_t **ret_answer,
                                             char problem[STEK_CLIENT_PROBLEM_LEN])
{
    const char *kind = json_string_value(json_object_get(answer, "kind"));
    const char *error = json_string_value(json_object_get(answer, "error"));

    if (json_is_true(json_object_get(answer, "ok"))) {
        *ret_answer = answer;
        return STEK_CLIENT_ANSWERED;
    }
    say(problem, "%s",
        error != NULL ? error : "stekd's answer has an unknown form: is it another version?");
    const bool denied = kind != NULL && strcmp(kind, "denied") == 0;
    json_decref(answer);
    return denied ? STEK_CLIENT_DENIED : STEK_CLIENT_FAILED;
}

enum stek_client_outcome stek_client_ask(json_t *request, json_t **ret_answer,
                                         char problem[STEK_CLIENT_PROBLEM_LEN])
{
    const int fd = connect_control();
    json_t *answer = NULL;

    if (fd < 0) {
        const bool denied = errno == EACCES;
        say(problem, denied ? "this user may not give stekd orders" : "control.sock: %s",
            strerror(errno));
        json_decref(request);
        return denied ? STEK_CLIENT_DENIED : STEK_CLIENT_UNREACHABLE;
    }
    if (send_line(fd, request))
        answer = read_line(fd);
    (void)close(fd);
    json_decref(request);
    if (answer == NULL) {
        say(problem, "it does not answer");
        return STEK_CLIENT_UNREACHABLE;
    }
    return judge_answer(answer, ret_answer, problem);
}

int stek_client_command(const char *command, json_t *request, json_t **ret_answer)
{
    char problem[STEK_CLIENT_PROBLEM_LEN];

    switch (stek_client_ask(request, ret_answer, problem)) {
    case STEK_CLIENT_ANSWERED:
        return STEK_EXIT_FINE;
    case STEK_CLIENT_UNREACHABLE:
        (void)fprintf(stderr,
                      "stek %s: stekd cannot be reached in %s: %s; try 'systemctl start stekd' or "
                      "--run-dir DIR\n",
                      command, stek_rundir(), problem);
        return STEK_EXIT_UNREACHABLE;
    case STEK_CLIENT_DENIED:
        (void)fprintf(stderr,
                      "stek %s: %s: run as root, or join the administrators' group (stek-admin)\n",
                      command, problem);
        return STEK_EXIT_FAILED;
    default:
        (void)fprintf(stderr, "stek %s: %s\n", command, problem);
        return STEK_EXIT_FAILED;
    }
}
