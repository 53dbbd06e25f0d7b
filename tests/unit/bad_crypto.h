/* SPDX-License-Identifier: Apache-2.0 */
/* A libcrypto that refuses: between begin and end it finds no implementation of anything. */
#ifndef TESTS_UNIT_BAD_CRYPTO_H
#define TESTS_UNIT_BAD_CRYPTO_H

#include "unit.h"

#include <openssl/err.h>
#include <openssl/evp.h>

static inline void bad_crypto_begin(void)
{
    assert_int_equal(EVP_set_default_properties(NULL, "provider=absent"), 1);
}

/* The second clears the error queue, too. */
static inline void bad_crypto_leave(void)
{
    assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
}

static inline void bad_crypto_end(void)
{
    bad_crypto_leave();
    ERR_clear_error();
}

#endif
