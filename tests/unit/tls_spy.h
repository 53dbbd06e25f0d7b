/* SPDX-License-Identifier: Apache-2.0 */
/* Stands between libssl and stek's callbacks: sees what they return, and can make the world fail
 * while they run. */
#ifndef TESTS_UNIT_TLS_SPY_H
#define TESTS_UNIT_TLS_SPY_H

#include "tls_fixture.h"

struct tls_spy {
    void (*before)(void); /* run before each call of stek's callbacks and after it; NULL: nothing */
    void (*after)(void);
    unsigned seals;
    unsigned opens;
    int last;           /* what the last call returned */
    unsigned negatives; /* calls that returned less than 0 */
};

/* One for the whole program, since callbacks know no better. tls_spy_place() sets it to zeros. */
extern struct tls_spy tls_spy;

/* Places the spy in a server that is attached already. */
void tls_spy_place(const struct tls_test *test, SSL_CTX *server);

#endif
