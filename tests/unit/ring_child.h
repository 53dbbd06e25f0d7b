/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children of a test. cmocka's assertions jump back into the test program, which in a child would
 * run the other tests once more: what may run in a child says CHECK() instead, which ends a child
 * and fails a test.
 */
#ifndef TESTS_UNIT_RING_CHILD_H
#define TESTS_UNIT_RING_CHILD_H

#include "unit.h"

#include <stdbool.h>
#include <sys/types.h>

#define CHECK(condition)                                                                           \
    ((condition) ? (void)0 : child_check_failed(#condition, __FILE__, __LINE__))

__attribute__((noreturn)) void child_check_failed(const char *condition, const char *file,
                                                  int line);

/* A child, and the end of a socket whose other end it has. */
struct child {
    pid_t pid;
    int fd;
};

/* Runs `run` in a child, which ends with it. The child dies when the test does. */
struct child child_start(void (*run)(int fd, void *arg), void *arg);

/* Sends one byte to the other side; waits for one, and returns it, or -1 when the other side is
 * gone. */
void child_tell(int fd, char byte);
int child_hear(int fd);

/* Waits for the child's end, and fails the test unless all its checks held. */
void child_join(struct child *child);

/* SIGKILL, and waits until it is gone. Fails the test if it had ended before, as it does when a
 * check fails. */
void child_kill(struct child *child);

/* Both in one: runs it to its end. */
void child_run(void (*run)(int fd, void *arg), void *arg);

/* In a child: gives up root's right to lock memory without limit, and sets the limit, which can
 * only sink. */
void child_limit_locked_memory(size_t limit);

#endif
