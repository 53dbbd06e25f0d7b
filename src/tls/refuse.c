/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/refuse.h"

/* NOLINTBEGIN(readability-non-const-parameter): the types are libssl's */
static int refuse_evp(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int enc)
{
    (void)ssl, (void)name, (void)iv, (void)cipher, (void)mac, (void)enc;
    return 0;
}

static int refuse_hmac(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       HMAC_CTX *mac, int enc)
{
    (void)ssl, (void)name, (void)iv, (void)cipher, (void)mac, (void)enc;
    return 0;
}

/* NOLINTEND(readability-non-const-parameter) */

void stek_refuse_tickets(SSL_CTX *ctx)
{
    stek_ossl_install(ctx, refuse_evp, refuse_hmac);
}
