/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the journal's lines end with where something happened that the history has, too: fields for
 * programs, behind the words for people (docs/formats.md, "Journal"). They stand in the line
 * itself, so they are the same whoever reads standard error. Pure.
 */
#ifndef STEK_DAEMON_HISTORY_FIELDS_H
#define STEK_DAEMON_HISTORY_FIELDS_H

#include "core/record.h"
#include "daemon/front/peer.h"
#include "daemon/front/request.h"

enum { STEK_FIELDS_LEN = 256 };

struct stek_fields {
    char text[STEK_FIELDS_LEN];
};

/* rotate, revoke-all, revoke-key, revoke-before, rekey: the words of the history. Static. */
const char *stek_order_word(const struct stek_request *request);

/* Of an order that was carried out (`revoked` keys; -1: none, or not known yet); or refused. */
struct stek_fields stek_fields_of_order(const struct stek_request *request,
                                        const struct stek_peer *peer, int64_t revoked);
struct stek_fields stek_fields_of_refusal(const struct stek_request *request,
                                          const struct stek_peer *peer);

/* Of a key that has begun to seal. */
struct stek_fields stek_fields_of_rotation(const char *ring, const struct stek_record *record);

#endif
