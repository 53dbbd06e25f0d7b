/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Session tickets of wolfSSL servers under the keys of a stek ring: see stek-wolfssl(3).
 *
 *     if (stek_label_new(ring, "wolfssl www.example.org", &label) != STEK_OK) ...
 *     if (stek_wolfssl_attach(ctx, label) != STEK_OK) ...
 */
#ifndef STEK_WOLFSSL_H
#define STEK_WOLFSSL_H

#ifndef STEK_NO_OPENSSL
#define STEK_NO_OPENSSL
#endif
#include <stek.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Lets `ctx` seal and open its session tickets with the keys of a label, by
 * wolfSSL_CTX_set_TicketEncCb(). Without a usable key a ticket is made that nobody opens, and a
 * ticket that does not open means a full handshake. `label` is borrowed and must outlive `ctx`. Any
 * number of contexts, threads and forks may use it. Errors: STEK_ERR_ARGUMENT, STEK_ERR_SYSTEM
 * (wolfSSL has no tickets).
 */
STEK_MUST_USE enum stek_result stek_wolfssl_attach(WOLFSSL_CTX *ctx, struct stek_label *label);

#ifdef __cplusplus
}
#endif

#endif
