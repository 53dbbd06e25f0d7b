/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts instructions on this very processor: a child process takes one step at a time under
 * ptrace(2). Slow, some microseconds for each, but it repeats as callgrind's counts do, and knows
 * what the processor knows.
 */
#ifndef TESTS_BENCH_STEPS_H
#define TESTS_BENCH_STEPS_H

/* In the child: counting begins, or ends. The marks' own instructions are counted with what is
 * between them. */
void steps_mark(void);

/* Runs work(arg) in a child and calls tell(count, arg) here for each stretch between two marks. */
void steps_count(void (*work)(void *arg), void (*tell)(long count, void *arg), void *arg);

#endif
