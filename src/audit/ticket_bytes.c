/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/ticket_bytes.h"

#include <string.h>

int32_t stek_audit_clear_secret(const struct stek_audit_ticket *ticket)
{
    if (ticket->secret_len < STEK_AUDIT_PROOF_LEN)
        return STEK_AUDIT_NOWHERE;
    const uint8_t *at = memmem(ticket->bytes, ticket->len, ticket->secret, ticket->secret_len);
    return at != NULL ? (int32_t)(at - ticket->bytes) : STEK_AUDIT_NOWHERE;
}

int32_t stek_audit_same_keystream(const struct stek_audit_ticket *a,
                                  const struct stek_audit_ticket *b)
{
    const size_t secret_len = a->secret_len < b->secret_len ? a->secret_len : b->secret_len;
    const size_t len = a->len < b->len ? a->len : b->len;
    uint8_t wanted[STEK_AUDIT_SECRET_LEN_MAX];

    if (secret_len < STEK_AUDIT_PROOF_LEN || len < secret_len ||
        memcmp(a->secret, b->secret, secret_len) == 0)
        return STEK_AUDIT_NOWHERE;
    for (size_t i = 0; i < secret_len; i++)
        wanted[i] = a->secret[i] ^ b->secret[i];
    for (size_t at = 0; at + secret_len <= len; at++) {
        size_t i = 0;
        while (i < secret_len && (a->bytes[at + i] ^ b->bytes[at + i]) == wanted[i])
            i++;
        if (i == secret_len)
            return (int32_t)at;
    }
    return STEK_AUDIT_NOWHERE;
}

bool stek_audit_same_iv(const struct stek_audit_ticket *a, const struct stek_audit_ticket *b,
                        size_t name_len)
{
    const size_t iv_end = name_len + 12;
    const size_t len = a->len < b->len ? a->len : b->len;

    /* Something encrypted has to follow, or it is no ticket with an IV. */
    if (len < iv_end + STEK_AUDIT_PROOF_LEN || memcmp(a->bytes, b->bytes, iv_end) != 0)
        return false;
    return a->len != b->len || memcmp(a->bytes + iv_end, b->bytes + iv_end, len - iv_end) != 0;
}
