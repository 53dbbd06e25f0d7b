/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd notes in its history, as it happens. A history that is NULL, or is not kept, is fine.
 */
#ifndef STEK_DAEMON_HISTORY_NOTE_H
#define STEK_DAEMON_HISTORY_NOTE_H

#include "core/record.h"
#include "daemon/config/config.h"
#include "daemon/front/peer.h"
#include "daemon/front/request.h"
#include "daemon/history/history.h"

void stek_note_started(struct stekd_history *history);

/* Whether a new file of the history is to be told of each ring and its key. Once. */
bool stek_note_begins_anew(struct stekd_history *history);

void stek_note_stopped(struct stekd_history *history);

/* That stekd runs, if it has not said anything for a while. Wakes nobody up. */
void stek_note_alive(struct stekd_history *history);

/* A ring is kept from now on, with this policy; `anew`: its keys are new ones. */
void stek_note_kept(struct stekd_history *history, const struct stek_config_ring *ring, bool anew);
void stek_note_unkept(struct stekd_history *history, const char *ring, const char *why);
void stek_note_gone(struct stekd_history *history, const char *ring);

/* A key has begun to seal. */
void stek_note_rotated(struct stekd_history *history, const char *ring,
                       const struct stek_record *record);

/* An order was carried out, and this many keys were revoked (-1: none, or not known yet). */
void stek_note_order(struct stekd_history *history, const struct stek_request *request,
                     const struct stek_peer *peer, int64_t revoked);

/* An order was refused: logged, and noted. Of a user's refusals in a row one a minute is, so that
 * they do not fill the history, nor the journal. */
void stek_note_refused(struct stekd_history *history, const struct stek_request *request,
                       const struct stek_peer *peer, const char *why);

/* A configuration was loaded; or refused. */
void stek_note_reload(struct stekd_history *history, size_t rings);
void stek_note_reload_refused(struct stekd_history *history, const char *why);

#endif
