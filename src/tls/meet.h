/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a connection leads to the attachment of the SSL_CTX that accepted it, on every OpenSSL and
 * without a look-up by name.
 *
 * SSL_new() copies the argument of the record-padding callback from the SSL_CTX, and nothing but
 * the program changes it afterwards: neither SSL_set_SSL_CTX() nor SSL_clear(). So the attachment
 * is put there. It is compared (slots.h) and followed only when it is one of ours, since a program
 * that pads records has an argument of its own there.
 *
 * For such a program, and to set a callback again that was replaced, the SSL_CTX's security
 * callback is wrapped. libssl asks it for the protocol version when a handshake begins, before any
 * callback can switch the SSL_CTX. What it returns is always what the one before says.
 */
#ifndef STEK_TLS_MEET_H
#define STEK_TLS_MEET_H

#include "tls/attachment.h"

/* Prepares an SSL_CTX whose attachment is in place: connections that are made from now on lead
 * there. */
void stek_meet_prepare(SSL_CTX *ctx, struct stek_attachment *attachment);

/* After that, for an SSL_CTX that has no certificate yet: those that it is given are counted. */
void stek_meet_watch_certs(struct stek_attachment *attachment);

#endif
