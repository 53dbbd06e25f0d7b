/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/derivations.h"

#include <string.h>

#include <openssl/hmac.h>

bool stek_audit_hmac_sha256(const uint8_t *under, size_t under_len, const uint8_t *message,
                            size_t len, uint8_t ret_tag[STEK_AUDIT_DERIVED_LEN])
{
    unsigned tag_len;

    return HMAC(EVP_sha256(), under, (int)under_len, message, len, ret_tag, &tag_len) != NULL;
}

bool stek_audit_expand(const uint8_t prk[STEK_AUDIT_DERIVED_LEN], const uint8_t *info,
                       size_t info_len, uint8_t ret_key[STEK_AUDIT_DERIVED_LEN])
{
    uint8_t message[STEK_AUDIT_DERIVED_LEN + 1];

    memcpy(message, info, info_len);
    message[info_len] = 1;
    return stek_audit_hmac_sha256(prk, STEK_AUDIT_DERIVED_LEN, message, info_len + 1, ret_key);
}

bool stek_audit_s2n_prk(const uint8_t ikm[STEK_AUDIT_DERIVED_LEN],
                        uint8_t ret_prk[STEK_AUDIT_DERIVED_LEN])
{
    static const uint8_t no_salt[STEK_AUDIT_DERIVED_LEN];
    uint8_t prk[STEK_AUDIT_DERIVED_LEN], aes[STEK_AUDIT_DERIVED_LEN];

    return stek_audit_hmac_sha256(no_salt, STEK_AUDIT_DERIVED_LEN, ikm, STEK_AUDIT_DERIVED_LEN,
                                  prk) &&
           stek_audit_expand(prk, no_salt, 0, aes) &&
           stek_audit_hmac_sha256(no_salt, STEK_AUDIT_DERIVED_LEN, aes, STEK_AUDIT_DERIVED_LEN,
                                  ret_prk);
}
