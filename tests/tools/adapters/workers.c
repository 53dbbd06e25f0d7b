/* SPDX-License-Identifier: Apache-2.0 */
#include "workers.h"

#include "../listener.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, PATIENCE_S = 30 };

size_t workers_answer(char ret_answer[ANSWER_LEN])
{
    char body[32];
    const int len = snprintf(body, sizeof body, "%d\n", (int)getpid());

    return (size_t)snprintf(ret_answer, ANSWER_LEN,
                            "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                            "%d\r\nConnection: close\r\n\r\n%s",
                            len, body);
}

static void work(int listener, void (*serve)(int fd))
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        const int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        serve(fd);
    }
}

void workers_run(int port, void (*serve)(int fd))
{
    const int listener = listener_open(port);

    if (listener < 0)
        return;
    (void)signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < WORKERS; i++)
        if (fork() == 0)
            work(listener, serve);
    (void)wait(NULL);
}
