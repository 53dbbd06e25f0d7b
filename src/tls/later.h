/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions that came into OpenSSL after 3.0. All of 3.x has one name for the dynamic linker, so
 * one build serves each of them: it may need no more than 3.0 has, and looks for the rest where it
 * runs.
 */
#ifndef STEK_TLS_LATER_H
#define STEK_TLS_LATER_H

#include "tls/ossl.h"

/* Looks for them, once in the life of the process. The others do it, too; but the dynamic linker
 * takes a lock for it, which no handshake should wait for. Thread-safe. */
void stek_later_find(void);

/* Whether the session says who the peer is by a raw public key (RFC 7250; 3.2 and later). */
bool stek_later_session_has_raw_key(const SSL_SESSION *session);

/* What certificates are verified for; 0 where it cannot be read (before 3.5). */
int stek_later_param_purpose(const X509_VERIFY_PARAM *parameters);

/* Has SSL_CTXs refuse system-wide defaults that OpenSSL cannot use, as config_diagnostics of that
 * configuration does. Does nothing where OpenSSL never refuses them (before 3.4). */
void stek_later_be_strict(const CONF *conf);

#endif
