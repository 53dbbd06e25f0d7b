/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcrypto's error queue is the program's: errors from in here must not stay in it, where
 * SSL_get_error(3) would take them for the handshake's. What stood there before does stay: OpenSSL
 * or the program left it, and without stek it ends the connection.
 */
#ifndef STEK_CRYPTO_QUIET_H
#define STEK_CRYPTO_QUIET_H

#include <openssl/err.h>

/* Whether there is an error already: ours then stays above it. A mark to go back to costs as much,
 * and in OpenSSL 1.1.1 marks do not nest. */
static inline int stek_quiet_begin(void)
{
    return ERR_peek_last_error() != 0;
}

static inline void stek_quiet_end(const int *had_errors)
{
    if (*had_errors == 0 && ERR_peek_last_error() != 0)
        ERR_clear_error();
}

/* `STEK_QUIET(quiet);` among the declarations: the function ends so at every return. Costs 35 ns.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): the name of a variable takes none */
#define STEK_QUIET(quiet)                                                                          \
    __attribute__((cleanup(stek_quiet_end), unused)) const int quiet = stek_quiet_begin()
/* NOLINTEND(bugprone-macro-parentheses) */

#endif
