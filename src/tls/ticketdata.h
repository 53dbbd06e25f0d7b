/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket appdata of a session (SSL_SESSION_set1_ticket_appdata(3)): stek's, or the program's.
 */
#ifndef STEK_TLS_TICKETDATA_H
#define STEK_TLS_TICKETDATA_H

#include "core/appdata.h"
#include "tls/ossl.h"

#include <stdbool.h>

/* False, and nothing is set: there is none, or it is not stek's. */
bool stek_ticketdata_read(SSL_SESSION *session, struct stek_appdata *ret_appdata);

/* Replaces what is there. False: no memory. */
bool stek_ticketdata_write(SSL_SESSION *session, const struct stek_appdata *appdata);

/* Whether there is some that is not stek's. */
bool stek_ticketdata_is_others(SSL_SESSION *session);

#endif
