/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the HMAC_CTX that libssl hands to the callback from a state in which the key is hashed in
 * already. */
#ifndef STEK_TLS_HMACLOAD_H
#define STEK_TLS_HMACLOAD_H

#include "crypto/hmacstate.h"
#include "tls/ossl.h"

#include <stdbool.h>

/* What is copied into libssl's HMAC_CTX; it holds no key. */
struct stek_hmac_template;

/* NULL: no memory, or an OpenSSL that does not let us. */
struct stek_hmac_template *stek_hmac_template_new(void);
void stek_hmac_template_free(struct stek_hmac_template *made);

/* Returns whether it worked. `to` is then as HMAC_Init_ex() leaves it, for one MAC. Thread-safe. */
bool stek_hmac_load(HMAC_CTX *to, const struct stek_hmac_template *made,
                    const struct stek_hmac_state *state);

#endif
