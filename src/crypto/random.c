/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/random.h"

#include "crypto/keycheck.h"
#include "crypto/libctx.h"
#include "crypto/quiet.h"

#include <openssl/rand.h>

/* The generators have 256 bits, or what was configured for them. */
enum { ANY_STRENGTH = 0 };

enum stek_result stek_random_secret(struct stek_secret32 *ret_secret)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 fresh = {{0}};
    STEK_QUIET(mark);

    if (RAND_priv_bytes_ex(stek_libctx_get0(), fresh.bytes, sizeof fresh.bytes, ANY_STRENGTH) !=
            1 ||
        stek_key_is_weak(fresh.bytes, sizeof fresh.bytes))
        return STEK_ERR_RANDOM;
    *ret_secret = fresh;
    return STEK_OK;
}

enum stek_result stek_random_public(uint8_t *ret_bytes, size_t len)
{
    STEK_QUIET(mark);

    return RAND_bytes_ex(stek_libctx_get0(), ret_bytes, len, ANY_STRENGTH) == 1 &&
                   !stek_key_is_weak(ret_bytes, len)
               ? STEK_OK
               : STEK_ERR_RANDOM;
}
