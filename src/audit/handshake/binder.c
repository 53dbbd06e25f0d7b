/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/binder.h"

#include "crypto/wipe.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string.h>

struct hash_value {
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len;
};

static void hash_value_wipe(struct hash_value *value)
{
    stek_wipe(value, sizeof *value);
}

static bool mac(const EVP_MD *hash, const struct hash_value *key, const uint8_t *data, size_t len,
                struct hash_value *ret_mac)
{
    return HMAC(hash, key->bytes, (int)key->len, data, len, ret_mac->bytes, &ret_mac->len) != NULL;
}

/* HKDF-Expand-Label (RFC 9846 section 7.1), one hash long: one round of RFC 5869 section 2.3. */
static bool expand_label(const EVP_MD *hash, const struct hash_value *secret, const char *label,
                         const struct hash_value *context, struct hash_value *ret_out)
{
    uint8_t info[2 + 1 + 6 + 32 + 1 + EVP_MAX_MD_SIZE + 1] = {0, (uint8_t)EVP_MD_get_size(hash)};
    const size_t label_len = strlen(label);
    size_t used = 2;

    info[used++] = (uint8_t)(6 + label_len);
    memcpy(info + used, "tls13 ", 6);
    memcpy(info + used + 6, label, label_len);
    used += 6 + label_len;
    info[used++] = (uint8_t)context->len;
    memcpy(info + used, context->bytes, context->len);
    used += context->len;
    info[used++] = 1;
    return mac(hash, secret, info, used, ret_out);
}

bool stek_audit_binder(const EVP_MD *hash, const uint8_t *psk, size_t psk_len,
                       const uint8_t *truncated, size_t truncated_len, uint8_t *ret_binder,
                       size_t len)
{
    const struct hash_value none = {.len = 0};
    struct hash_value salt = {.len = (unsigned)EVP_MD_get_size(hash)};
    struct hash_value empty, transcript, binder;
    STEK_SECRET(hash_value) struct hash_value early = {0}, key = {0}, finished = {0};

    if (salt.len != len || EVP_Digest("", 0, empty.bytes, &empty.len, hash, NULL) != 1 ||
        EVP_Digest(truncated, truncated_len, transcript.bytes, &transcript.len, hash, NULL) != 1)
        return false;
    if (!mac(hash, &salt, psk, psk_len, &early) ||
        !expand_label(hash, &early, "res binder", &empty, &key) ||
        !expand_label(hash, &key, "finished", &none, &finished) ||
        !mac(hash, &finished, transcript.bytes, transcript.len, &binder))
        return false;
    memcpy(ret_binder, binder.bytes, len);
    return true;
}
