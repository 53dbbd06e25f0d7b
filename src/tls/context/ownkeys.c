/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/ownkeys.h"

#include <string.h>

bool stek_own_keys_read(SSL_CTX *ctx, struct stek_own_keys *ret_own)
{
    return SSL_CTX_get_tlsext_ticket_keys(ctx, ret_own->bytes, sizeof ret_own->bytes) == 1;
}

uint64_t stek_own_keys_mark(SSL_CTX *ctx)
{
    STEK_SECRET(stek_own_keys) struct stek_own_keys own;
    uint64_t mark = 1;

    if (!stek_own_keys_read(ctx, &own))
        return 0;
    for (size_t at = 0; at < sizeof own.bytes; at += sizeof mark) {
        uint64_t word;
        memcpy(&word, own.bytes + at, sizeof word);
        mark = (mark ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        mark ^= mark >> 29;
    }
    return mark;
}
