/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdio.h>

/* Never more than a pointer to libcrypto's context. */
static EVP_MAC_CTX *context(struct stek_audit_hmac *hmac)
{
    return (EVP_MAC_CTX *)hmac;
}

struct stek_audit_hmac *stek_audit_hmac_new(const char *digest, const uint8_t *key, size_t len)
{
    OSSL_PARAM params[2];
    char name[16];
    EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(method);

    EVP_MAC_free(method);
    (void)snprintf(name, sizeof name, "%s", digest);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (ctx != NULL && EVP_MAC_init(ctx, key, len, params) == 1)
        return (struct stek_audit_hmac *)ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

bool stek_audit_hmac_tag(struct stek_audit_hmac *hmac, const uint8_t *bytes, size_t len,
                         uint8_t *ret_tag, size_t *ret_tag_len)
{
    return EVP_MAC_init(context(hmac), NULL, 0, NULL) == 1 &&
           EVP_MAC_update(context(hmac), bytes, len) == 1 &&
           EVP_MAC_final(context(hmac), ret_tag, ret_tag_len, EVP_MAX_MD_SIZE) == 1;
}

void stek_audit_hmac_free(struct stek_audit_hmac *hmac)
{
    EVP_MAC_CTX_free(context(hmac));
}
