/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/systemctl.h"

#include "cli/unit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's part. */
static void become_systemctl(char *const arguments[], int out, bool quiet)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)dup2(null, STDIN_FILENO);
    if (out >= 0)
        (void)dup2(out, STDOUT_FILENO);
    if (quiet)
        (void)dup2(null, STDERR_FILENO);
    (void)execvp(arguments[0], arguments);
    _exit(127);
}

/* Reads to the end; what has no room is dropped. */
static void read_all(int fd, char *ret_text, size_t size)
{
    char part[512];
    size_t len = 0;
    ssize_t got;

    while ((got = read(fd, part, sizeof part)) > 0 || (got < 0 && errno == EINTR)) {
        const size_t room = size - 1 - len;
        const size_t taken = got < 0 ? 0 : (size_t)got < room ? (size_t)got : room;
        memcpy(ret_text + len, part, taken);
        len += taken;
    }
    ret_text[len] = '\0';
}

bool stek_systemctl(char *const arguments[], char *ret_text, size_t size)
{
    int ends[2] = {-1, -1};
    int status = -1;

    if (size > 0 && pipe2(ends, O_CLOEXEC) != 0)
        return false;
    const pid_t pid = fork();
    if (pid == 0)
        become_systemctl(arguments, ends[1], size > 0);
    if (size > 0) {
        (void)close(ends[1]);
        read_all(ends[0], ret_text, size);
        (void)close(ends[0]);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

bool stek_systemctl_show(const char *unit, const char *properties, char *ret_text, size_t size)
{
    static char program[] = "systemctl";
    static char show[] = "show";
    char which[256];
    char name[STEK_UNIT_NAME_MAX + 1];
    char *const arguments[] = {program, show, which, name, NULL};

    (void)snprintf(which, sizeof which, "--property=%s", properties);
    (void)snprintf(name, sizeof name, "%s", unit);
    return stek_systemctl(arguments, ret_text, size);
}

void stek_systemctl_property(const char *lines, const char *name, char *ret_value, size_t size)
{
    const size_t len = strlen(name);

    ret_value[0] = '\0';
    for (const char *line = lines; line != NULL && *line != '\0';) {
        const char *end = strchrnul(line, '\n');
        if (strncmp(line, name, len) == 0 && line[len] == '=')
            (void)snprintf(ret_value, size, "%.*s", (int)(end - line - (ptrdiff_t)len - 1),
                           line + len + 1);
        line = *end == '\n' ? end + 1 : end;
    }
}
