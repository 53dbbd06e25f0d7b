/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket keys that an SSL_CTX has by itself: random ones of libssl's, or what the program set.
 * Where stek's keys are used they seal nothing, but still say how far libssl would have shared. */
#ifndef STEK_TLS_CONTEXT_OWNKEYS_H
#define STEK_TLS_CONTEXT_OWNKEYS_H

#include "crypto/wipe.h"
#include "tls/ossl.h"

#include <stdbool.h>

struct stek_own_keys {
    uint8_t bytes[80]; /* name, HMAC key, AES key */
};

static inline void stek_own_keys_wipe(struct stek_own_keys *own)
{
    stek_wipe(own, sizeof *own);
}

/* False: libssl does not give them. */
bool stek_own_keys_read(SSL_CTX *ctx, struct stek_own_keys *ret_own);

/* A number that is another one when the keys are, as good as surely; 0 when libssl does not give
 * them. It tells nothing that the SSL_CTX beside it does not. */
uint64_t stek_own_keys_mark(SSL_CTX *ctx);

#endif
