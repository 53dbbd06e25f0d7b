/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random generators that fail, put in the place of libcrypto's own: every RAND_bytes() and
 * RAND_priv_bytes() of the process meets them, those of libssl too. Install and restore while no
 * other thread draws.
 */
#ifndef TESTS_UNIT_BAD_RAND_H
#define TESTS_UNIT_BAD_RAND_H

#include <stddef.h>

enum bad_rand_kind {
    BAD_RAND_FAILS, /* says that it failed (0), in the error queue, too, though what it wrote looks
                       good */
    BAD_RAND_REFUSES,  /* the same, with -1: it is not supported */
    BAD_RAND_ZEROS,    /* says that it succeeded, and gives nothing but zeros */
    BAD_RAND_CONSTANT, /* one byte all over */
    BAD_RAND_COUNTING, /* each byte one more than the one before, across calls */
    BAD_RAND_SHORT,    /* good bytes in the first half only, zeros after them */
    BAD_RAND_REPEATED, /* good bytes in the first half, and the same again */
    BAD_RAND_STUCK,    /* bytes that look good, and are the same at every call */
    BAD_RAND_KINDS
};

/* Every draw is bad from now on. */
void bad_rand_install(enum bad_rand_kind kind);

/* Only draws of exactly `len` bytes are bad: lets a handshake go on while what draws `len` bytes
 * meets a failure. */
void bad_rand_install_for(enum bad_rand_kind kind, size_t len);

/* How many draws were bad since it was installed: a test that expects a failure can see that it was
 * met. */
unsigned bad_rand_draws(void);

/* Puts libcrypto's generator back; the second clears the error queue, too. */
void bad_rand_leave(void);
void bad_rand_restore(void);

#endif
