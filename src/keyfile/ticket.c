/* SPDX-License-Identifier: Apache-2.0 */
#include "keyfile/ticket.h"

#include "audit/hmac.h"

#include <openssl/crypto.h>

#include <string.h>

enum { TAG_LEN = 32, IV_LEN = 16, TICKET_MIN = STEK_KEYFILE_NAME_LEN + IV_LEN + 16 + TAG_LEN };

/* The tag covers name, IV and ciphertext (RFC 5077 section 4). */
static bool has_tag_of(const struct stek_keyfile_key *key, const uint8_t *ticket, size_t len)
{
    uint8_t tag[64];
    size_t tag_len = 0;
    struct stek_audit_hmac *hmac = stek_audit_hmac_new("SHA256", key->hmac, key->hmac_len);
    const bool ok = hmac != NULL && stek_audit_hmac_tag(hmac, ticket, len - TAG_LEN, tag, &tag_len);

    stek_audit_hmac_free(hmac);
    return ok && tag_len == TAG_LEN && CRYPTO_memcmp(tag, ticket + len - TAG_LEN, TAG_LEN) == 0;
}

enum stek_keyfile_match stek_keyfile_try(const struct stek_keyfile_keys *keys,
                                         const uint8_t *ticket, size_t len, size_t *ret_key)
{
    const bool names = stek_keyfile_has_names(keys->layout);
    enum stek_keyfile_match match = STEK_KEYFILE_NO_NAME;

    if (len < TICKET_MIN)
        return match;
    for (size_t i = 0; i < keys->count; i++) {
        if (names && memcmp(keys->at[i].name, ticket, STEK_KEYFILE_NAME_LEN) != 0)
            continue;
        if (has_tag_of(&keys->at[i], ticket, len)) {
            *ret_key = i;
            return STEK_KEYFILE_OPENS;
        }
        if (names && match == STEK_KEYFILE_NO_NAME) {
            *ret_key = i;
            match = STEK_KEYFILE_WRONG_MAC;
        }
    }
    return match;
}
