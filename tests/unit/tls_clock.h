/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One clock for everybody in a test: rings, libssl and libcrypto. It stands still until the test
 * moves it. The helpers define time(2) for the whole program, so that what libssl does by itself
 * when sessions get old is tested as well.
 */
#ifndef TESTS_UNIT_TLS_CLOCK_H
#define TESTS_UNIT_TLS_CLOCK_H

#include <stdint.h>

int64_t tls_clock_now(void);

/* Any thread may move it; steps back are allowed. */
void tls_clock_set(int64_t now);
void tls_clock_pass(int64_t seconds);

/* For stek_ring_set_clock(). */
int64_t tls_clock_read(void *arg);

#endif
