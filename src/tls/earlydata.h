/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Early data at most once: a ticket that is sealed where early data is accepted gets the program's
 * id and a serial number, and the allow_early_data callback asks the register for that serial.
 */
#ifndef STEK_TLS_EARLYDATA_H
#define STEK_TLS_EARLYDATA_H

#include "core/appdata.h"
#include "tls/attachment.h"

/* Sessions of TLS 1.3 that are kept in libssl's cache and not in tickets: none of stek's business.
 * libssl takes such a session out of the cache when it brings early data. */
bool stek_early_data_is_stateful(const SSL *ssl);

/* Whether the next ticket of this connection may bring early data once. Thread-safe. */
bool stek_early_data_is_due(const SSL *ssl, const struct stek_attachment *attachment);

/*
 * Marks what goes into the next ticket: with a serial of its own, or as one that brings no early
 * data. Returns whether anything has changed. Thread-safe.
 */
bool stek_early_data_mark(const SSL *ssl, const struct stek_attachment *attachment,
                          struct stek_appdata *appdata);

/* Counts early data that was accepted without a word of stek's. Called when a ticket is due. For
 * the connection's own thread. */
void stek_early_data_watch(SSL *ssl, struct stek_attachment *attachment);

#endif
