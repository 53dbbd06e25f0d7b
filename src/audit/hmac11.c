/* SPDX-License-Identifier: Apache-2.0 */
/* What hmac.c does, for OpenSSL 1.1.1. */
#include "audit/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* Never more than a pointer to libcrypto's context. */
static HMAC_CTX *context(struct stek_audit_hmac *hmac)
{
    return (HMAC_CTX *)hmac;
}

struct stek_audit_hmac *stek_audit_hmac_new(const char *digest, const uint8_t *key, size_t len)
{
    HMAC_CTX *ctx = HMAC_CTX_new();
    const EVP_MD *method = EVP_get_digestbyname(digest);

    if (ctx != NULL && method != NULL && HMAC_Init_ex(ctx, key, (int)len, method, NULL) == 1)
        return (struct stek_audit_hmac *)ctx;
    HMAC_CTX_free(ctx);
    return NULL;
}

bool stek_audit_hmac_tag(struct stek_audit_hmac *hmac, const uint8_t *bytes, size_t len,
                         uint8_t *ret_tag, size_t *ret_tag_len)
{
    unsigned tag_len = 0;

    if (HMAC_Init_ex(context(hmac), NULL, 0, NULL, NULL) != 1 ||
        HMAC_Update(context(hmac), bytes, len) != 1 ||
        HMAC_Final(context(hmac), ret_tag, &tag_len) != 1)
        return false;
    *ret_tag_len = tag_len;
    return true;
}

void stek_audit_hmac_free(struct stek_audit_hmac *hmac)
{
    HMAC_CTX_free(context(hmac));
}
