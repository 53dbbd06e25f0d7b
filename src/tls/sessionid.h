/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resumptions by session id (RFC 5246 section 7.4.1.2), the other mechanism: the session stands in
 * a cache of libssl's or the program's, and stek has no part in it but to count.
 *
 * Between its look into the cache and the end of the handshake libssl calls nothing but callbacks
 * of the program's. stek leaves those alone: where a ClientHello can resume by session id, a mark
 * is put into the SSL, and the look back is when the SSL is freed.
 */
#ifndef STEK_TLS_SESSIONID_H
#define STEK_TLS_SESSIONID_H

#include "tls/attachment.h"

/*
 * Marks the SSL where its ClientHello can resume by session id and no ticket of stek's. Called for
 * each protocol version that libssl considers, perhaps before there is a ClientHello. Where there
 * is no memory for the mark the connection is not counted. For the connection's own thread; takes
 * a lock and allocates only where a mark is due.
 */
void stek_session_id_watch(SSL *ssl, const struct stek_attachment *attachment, int version);

#endif
