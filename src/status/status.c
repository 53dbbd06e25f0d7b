/* SPDX-License-Identifier: Apache-2.0 */
#include "status/status.h"
#include "core/hex.h"

#include "core/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A record that the reader itself continued has no fingerprint yet: it is computed. */
static enum stek_result describe_key(const struct stek_records *records, size_t i, int64_t now,
                                     struct stek_status_key *ret_key)
{
    static const struct stek_fingerprint none;
    const struct stek_record *record = &records->at[i];
    struct stek_fingerprint fingerprint = record->fingerprint;
    enum stek_result result = STEK_OK;

    if (memcmp(&fingerprint, &none, sizeof none) == 0)
        result = stek_derive_fingerprint(&record->secret, &fingerprint);
    if (result != STEK_OK)
        return result;
    *ret_key = (struct stek_status_key){.seq = record->seq,
                                        .state = stek_record_state(records, i, now),
                                        .origin = (enum stek_origin)record->origin,
                                        .active_from = record->active_from,
                                        .active_until = record->active_until,
                                        .accept_until = record->accept_until};
    stek_hex_text(fingerprint.bytes, sizeof fingerprint.bytes, ret_key->fingerprint);
    return STEK_OK;
}

static bool counts(const struct stek_status_key *key)
{
    return key->origin != STEK_ORIGIN_SUPERSEDED;
}

/* When the continuations began that the active key is the latest of; 0: it is none. */
static int64_t find_continued_since(const struct stek_status_ring *ring)
{
    int64_t since = 0;

    for (size_t i = 0; i < ring->key_count && ring->key[i].state != STEK_STATE_PENDING; i++) {
        const struct stek_status_key *key = &ring->key[i];
        if (!counts(key))
            continue;
        if (key->origin == STEK_ORIGIN_PUBLISHED)
            since = 0;
        else if (since == 0)
            since = key->active_from;
        if (key->state == STEK_STATE_ACTIVE)
            return since;
    }
    return 0;
}

static void judge(struct stek_status_ring *ring)
{
    const struct stek_status_key *active = stek_status_active(ring);

    for (size_t i = 0; i < ring->key_count; i++)
        if (ring->key[i].origin == STEK_ORIGIN_PUBLISHED &&
            ring->key[i].active_until > ring->published_until)
            ring->published_until = ring->key[i].active_until;
    ring->continued_since = find_continued_since(ring);
    ring->health = active == NULL                            ? STEK_STATUS_NO_KEY
                   : active->origin == STEK_ORIGIN_CONTINUED ? STEK_STATUS_CONTINUATION
                                                             : STEK_STATUS_FINE;
    if (ring->health == STEK_STATUS_NO_KEY)
        (void)snprintf(ring->problem, sizeof ring->problem,
                       "no key seals: clients get full handshakes and no tickets; start stekd");
}

enum stek_result stek_status_describe(const char *name, const struct stek_ring_state *state,
                                      const struct stek_stats_sum *stats, int64_t now,
                                      struct stek_status_ring *ret_ring)
{
    STEK_SECRET(stek_records) struct stek_records records = state->records;
    struct stek_status_ring ring = {.source = state->source,
                                    .policy = stek_ring_state_policy(state),
                                    .floor = state->floor,
                                    .changed_at = state->changed_at};

    (void)snprintf(ring.name, sizeof ring.name, "%s", name);
    /* As holders do: if stekd was away, the ring is continued, unless it is out of reach. */
    if (stek_records_settle(&records, &ring.policy, now) != STEK_OK)
        stek_records_retire(&records, now);
    for (size_t i = 0; i < records.count; i++) {
        enum stek_result result = describe_key(&records, i, now, &ring.key[ring.key_count]);
        if (result != STEK_OK)
            return result;
        ring.key_count++;
    }
    judge(&ring);
    ring.has_stats = stats != NULL;
    if (stats != NULL)
        ring.stats = *stats;
    *ret_ring = ring;
    return STEK_OK;
}

static void set_unknown(const char *name, enum stek_status_health health, const char *problem,
                        struct stek_status_ring *ring)
{
    memset(ring, 0, sizeof *ring);
    ring->health = health;
    (void)snprintf(ring->name, sizeof ring->name, "%s", name);
    (void)snprintf(ring->problem, sizeof ring->problem, "%s", problem);
}

void stek_status_unreadable(const char *name, const char *problem,
                            struct stek_status_ring *ret_ring)
{
    set_unknown(name, STEK_STATUS_UNREADABLE, problem, ret_ring);
}

void stek_status_not_kept(const char *name, const char *problem, struct stek_status_ring *ret_ring)
{
    set_unknown(name, STEK_STATUS_NOT_KEPT, problem, ret_ring);
}

bool stek_status_is_unknown(const struct stek_status_ring *ring)
{
    return ring->health == STEK_STATUS_UNREADABLE || ring->health == STEK_STATUS_NOT_KEPT;
}

size_t stek_status_count(const struct stek_status_ring *ring, enum stek_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < ring->key_count; i++)
        count += ring->key[i].state == state;
    return count;
}

const struct stek_status_key *stek_status_active(const struct stek_status_ring *ring)
{
    for (size_t i = 0; i < ring->key_count; i++)
        if (ring->key[i].state == STEK_STATE_ACTIVE)
            return &ring->key[i];
    return NULL;
}

static bool is_meant(const struct stek_status_key *key, const char *id)
{
    char seq[24];

    (void)snprintf(seq, sizeof seq, "%llu", (unsigned long long)key->seq);
    return (counts(key) && strcmp(seq, id) == 0) ||
           (strlen(id) >= STEK_KEY_ID_MIN && strncmp(key->fingerprint, id, strlen(id)) == 0);
}

const struct stek_status_key *stek_status_find(const struct stek_status_ring *ring, const char *id,
                                               size_t *ret_matches)
{
    const struct stek_status_key *found = NULL;

    *ret_matches = 0;
    for (size_t i = 0; i < ring->key_count; i++) {
        if (!is_meant(&ring->key[i], id))
            continue;
        found = &ring->key[i];
        (*ret_matches)++;
    }
    return *ret_matches == 1 ? found : NULL;
}

uint64_t stek_status_refused(const struct stek_status_ring *ring)
{
    uint64_t refused = 0;

    for (int i = 0; i < STEK_COUNTERS; i++)
        if (stek_counter_is_refusal((enum stek_counter)i))
            refused += ring->stats.count[i];
    return refused;
}

int stek_status_resumption_permille(const struct stek_status_ring *ring)
{
    const uint64_t opened = ring->stats.count[STEK_COUNT_OPENED];
    const uint64_t presented = opened + stek_status_refused(ring);

    /* In floating point: thousand times 2^60 is no 64-bit number. Never 100.0 % while one was
     * refused. */
    return presented == 0 ? -1 : (int)((double)opened / (double)presented * 1000.0);
}
