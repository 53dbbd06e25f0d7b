/* SPDX-License-Identifier: Apache-2.0 */
/* What libssl shows of the messages of a connection while it reads them. */
#ifndef STEK_AUDIT_TALK_WATCH_H
#define STEK_AUDIT_TALK_WATCH_H

#include <openssl/ssl.h>

/* The callbacks of libssl that fill in talk->shake; the talk is the SSL's app data. */
void stek_audit_talk_watch(SSL_CTX *ctx);

#endif
