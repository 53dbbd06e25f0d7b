/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/history/note.h"

#include "core/policy.h"
#include "daemon/history/fields.h"
#include "daemon/system/log.h"
#include "status/status.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { REFUSALS_APART_S = 60 };

static int64_t clock_now(void)
{
    return (int64_t)time(NULL);
}

static struct stek_history_entry of_ring(enum stek_history_kind kind, const char *ring)
{
    struct stek_history_entry entry;

    stek_history_entry_init(kind, &entry);
    memcpy(entry.ring, ring, strnlen(ring, STEK_RING_NAME_MAX));
    return entry;
}

static void set_word(struct stek_history_entry *entry, const char *word)
{
    memcpy(entry->word, word, strnlen(word, STEK_HISTORY_WORD_MAX));
}

void stek_note_started(struct stekd_history *history)
{
    struct stek_history_entry entry = of_ring(STEK_HISTORY_STARTED, "");

    entry.pid = getpid();
    stek_history_set_text(&entry, STEK_VERSION);
    stekd_history_add(history, &entry, clock_now());
}

bool stek_note_begins_anew(struct stekd_history *history)
{
    const bool anew = history != NULL && history->anew;

    if (anew)
        history->anew = false;
    return anew;
}

void stek_note_stopped(struct stekd_history *history)
{
    const struct stek_history_entry entry = of_ring(STEK_HISTORY_STOPPED, "");

    stekd_history_add(history, &entry, clock_now());
}

void stek_note_alive(struct stekd_history *history)
{
    const struct stek_history_entry entry = of_ring(STEK_HISTORY_ALIVE, "");
    const int64_t now = clock_now();

    if (history == NULL)
        return;
    if (now - history->last >= STEK_HISTORY_ALIVE_S || now < history->last)
        stekd_history_add(history, &entry, now);
}

void stek_note_kept(struct stekd_history *history, const struct stek_config_ring *ring, bool anew)
{
    const struct stek_policy policy = stek_policy_resolve(&ring->policy);
    struct stek_history_entry entry = of_ring(STEK_HISTORY_KEPT, ring->name);

    entry.number = anew;
    entry.one = policy.rotate_s;
    entry.other = policy.accept_s;
    set_word(&entry, stek_source_name(ring->source));
    stekd_history_add(history, &entry, clock_now());
}

void stek_note_unkept(struct stekd_history *history, const char *ring, const char *why)
{
    struct stek_history_entry entry = of_ring(STEK_HISTORY_UNKEPT, ring);

    stek_history_set_text(&entry, why);
    stekd_history_add(history, &entry, clock_now());
}

void stek_note_gone(struct stekd_history *history, const char *ring)
{
    const struct stek_history_entry entry = of_ring(STEK_HISTORY_GONE, ring);

    stekd_history_add(history, &entry, clock_now());
}

void stek_note_rotated(struct stekd_history *history, const char *ring,
                       const struct stek_record *record)
{
    struct stek_history_entry entry = of_ring(STEK_HISTORY_ROTATED, ring);

    entry.number = (int64_t)record->seq;
    entry.one = record->active_from;
    entry.other = record->active_until;
    set_word(&entry, stek_origin_name((enum stek_origin)record->origin));
    stekd_history_add(history, &entry, clock_now());
}

/* ---- orders ---- */

static struct stek_history_entry of_order(enum stek_history_kind kind,
                                          const struct stek_request *request,
                                          const struct stek_peer *peer)
{
    struct stek_history_entry entry = of_ring(kind, request->ring);

    set_word(&entry, stek_order_word(request));
    entry.uid = (int64_t)peer->uid;
    entry.pid = (int64_t)peer->pid;
    return entry;
}

void stek_note_order(struct stekd_history *history, const struct stek_request *request,
                     const struct stek_peer *peer, int64_t revoked)
{
    struct stek_history_entry entry = of_order(STEK_HISTORY_ORDER, request, peer);

    entry.number = revoked;
    stekd_history_add(history, &entry, clock_now());
}

void stek_note_refused(struct stekd_history *history, const struct stek_request *request,
                       const struct stek_peer *peer, const char *why)
{
    struct stek_history_entry entry = of_order(STEK_HISTORY_REFUSED, request, peer);
    const int64_t now = clock_now();

    if (history == NULL)
        return;
    if (history->refused_uid == entry.uid && now >= history->refused_at &&
        now < history->refused_at + REFUSALS_APART_S)
        return;
    history->refused_uid = entry.uid;
    history->refused_at = now;
    stek_log(STEK_LOG_NOTICE, "refused: %s: %s", why, stek_fields_of_refusal(request, peer).text);
    stek_history_set_text(&entry, why);
    stekd_history_add(history, &entry, now);
}

void stek_note_reload(struct stekd_history *history, size_t rings)
{
    struct stek_history_entry entry = of_ring(STEK_HISTORY_RELOAD, "");

    entry.number = (int64_t)rings;
    stekd_history_add(history, &entry, clock_now());
}

void stek_note_reload_refused(struct stekd_history *history, const char *why)
{
    struct stek_history_entry entry = of_ring(STEK_HISTORY_REFUSED, "");

    set_word(&entry, "reload");
    stek_history_set_text(&entry, why);
    stekd_history_add(history, &entry, clock_now());
}
