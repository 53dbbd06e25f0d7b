/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session tickets of BoringSSL servers under the keys of a stek ring: see stek-boringssl(3).
 *
 *     if (stek_label_new(ring, "boringssl www.example.org", &label) != STEK_OK) ...
 *     if (stek_boringssl_attach(ctx, label) != STEK_OK) ...
 *
 * libstek-boringssl has the calls for rings and keys of stek.h itself, and computes with BoringSSL.
 * A program that links it must not link libstek, which brings OpenSSL: both have the same names.
 */
#ifndef STEK_BORINGSSL_H
#define STEK_BORINGSSL_H

#ifndef STEK_NO_OPENSSL
#define STEK_NO_OPENSSL
#endif
#include <stek.h>

#include <openssl/ssl.h>

#ifndef OPENSSL_IS_BORINGSSL
/* cppcheck-suppress preprocessorErrorDirective */
#error "these are the headers of another library than BoringSSL"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Lets `ctx` seal and open its session tickets with the keys of a label, by
 * SSL_CTX_set_tlsext_ticket_key_cb(). Without a usable key a ticket is made that nobody opens, and
 * a ticket that does not open means a full handshake. `label` is borrowed and must outlive `ctx`.
 * Where the server changes the SSL_CTX by the client's server name, attach each: the label of the
 * one that was chosen counts. Any number of contexts, threads and forks may use a label. Errors:
 * STEK_ERR_ARGUMENT, STEK_ERR_MEMORY, STEK_ERR_CRYPTO (BoringSSL does not take the callback).
 */
STEK_MUST_USE enum stek_result stek_boringssl_attach(SSL_CTX *ctx, struct stek_label *label);

#ifdef __cplusplus
}
#endif

#endif
