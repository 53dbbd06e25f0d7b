/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/ownkeys.h"

#include "tls/context/mark.h"

bool stek_own_keys_read(SSL_CTX *ctx, struct stek_own_keys *ret_own)
{
    return SSL_CTX_get_tlsext_ticket_keys(ctx, ret_own->bytes, sizeof ret_own->bytes) == 1;
}

uint64_t stek_own_keys_mark(SSL_CTX *ctx)
{
    STEK_SECRET(stek_own_keys) struct stek_own_keys own;

    return stek_own_keys_read(ctx, &own) ? stek_mark_add_bytes(1, own.bytes, sizeof own.bytes) : 0;
}
