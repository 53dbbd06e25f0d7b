/* SPDX-License-Identifier: Apache-2.0 */
/* A process that a test runs one instruction at a time, and can kill after each. */
#ifndef TESTS_UNIT_RING_STEP_H
#define TESTS_UNIT_RING_STEP_H

#include <stdbool.h>
#include <sys/types.h>

/* Starts a child that is to run `run`, and stops it just before. One at a time. */
pid_t step_start(void (*run)(void *arg), void *arg);

/* Lets it execute one instruction. False when `run` has come to its end. */
bool step_once(pid_t pid);

/* SIGKILL, wherever it is. */
void step_kill(pid_t pid);

#endif
