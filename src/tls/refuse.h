/* SPDX-License-Identifier: Apache-2.0 */
/* `required = yes`: no tickets at all, where stek's keys cannot be had. */
#ifndef STEK_TLS_REFUSE_H
#define STEK_TLS_REFUSE_H

#include "tls/ossl.h"

/* Lets the SSL_CTX neither seal nor open tickets, in the place of libssl's own keys. A ticket key
 * callback that the program sets later still wins. */
void stek_refuse_tickets(SSL_CTX *ctx);

#endif
