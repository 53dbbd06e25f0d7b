/* SPDX-License-Identifier: Apache-2.0 */
/* The callbacks that libssl calls: docs/callback-contract.md says what each must do, and which test
 * shows it. */
#ifndef STEK_TLS_CALLBACKS_H
#define STEK_TLS_CALLBACKS_H

#include "stek.h"

#include "tls/ossl.h"

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): seals (enc = 1) or opens (enc = 0) a ticket. Negative
 * only where stek_refuse_ticket() is. */
int stek_ticket_key_evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                           EVP_MAC_CTX *mac, int enc);

/* The same for the older SSL_CTX_set_tlsext_ticket_key_cb(3). */
int stek_ticket_key_hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv,
                            EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc);

/* Of the session-ticket callbacks, which stek.h declares: the one runs just before sealing, writes
 * the chain and bounds the timeout; the other just after opening, and refuses what must not resume
 * here and now. */

/* Sets the better of the two ticket key callbacks, in the place of the program's own. */
static inline void stek_callbacks_install_key(SSL_CTX *ctx)
{
    stek_ossl_install(ctx, stek_ticket_key_evp_cb, stek_ticket_key_hmac_cb);
}

/* Sets all of them on an SSL_CTX. `arg` is the attachment. */
static inline void stek_callbacks_install(SSL_CTX *ctx, void *arg)
{
    stek_callbacks_install_key(ctx);
    (void)SSL_CTX_set_session_ticket_cb(ctx, stek_ticket_gen_cb, stek_ticket_dec_cb, arg);
}

#endif
