/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the store for a ring, as it is reported to its sync.
 *
 * Each key-encryption key has a folder of its own. A host that has two keys reads both folders, and
 * works in one: the first key's, as soon as anything stands there, else the second key's. `stek
 * fleet rekey` moves the ring from one to the other in one transaction. Folders of other keys are
 * never touched, and only shown: of what is beside this host's folders some names are read, and the
 * rest is counted (parts.c).
 */
#include "fleet/state.h"

#include "fleet/store/envelope.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

void stek_fleet_stored_init(struct stek_fleet_ring *ring)
{
    const char *prefix = ring->fleet->options.prefix;

    stek_name_folder(prefix, ring->name, &ring->from, &ring->until);
    stek_fleet_keyed_init(prefix, ring->name, ring->fleet->keks, ring->keyed);
}

void stek_fleet_stored_read_begin(struct stek_fleet_ring *ring, int64_t revision)
{
    ring->foreign = 0;
    for (uint32_t i = 0; i < STEK_KEKS_MAX; i++)
        ring->keyed[i].has_some = false;
    stek_sync_read_begin(ring->sync, revision);
}

/*
 * The folder to work in. A ring that was seen under the first key stays there: a host that was
 * removed has the second one, and could empty the first key's folder and fill the other.
 */
static uint32_t wanted(const struct stek_fleet_ring *ring)
{
    if (ring->seen.known &&
        memcmp(ring->seen.kek_id, ring->fleet->keks->at[0].id, STEK_KEK_ID_LEN) == 0)
        return 0;
    for (uint32_t i = 0; i < STEK_KEKS_MAX; i++)
        if (ring->keyed[i].has_some)
            return i;
    return ring->active;
}

void stek_fleet_stored_work_in(struct stek_fleet_ring *ring, uint32_t index)
{
    if (index == ring->active)
        return;
    ring->active = index;
    stek_sync_disconnected(ring->sync);
    stek_sync_forget_store(ring->sync);
    stek_etcd_reread(ring->fleet->etcd, (size_t)(ring - ring->fleet->rings));
}

void stek_fleet_stored_follow(struct stek_fleet_ring *ring)
{
    if (ring->sync->synced && !ring->sync->reading && !ring->moving && ring->keyed[0].has_some)
        stek_fleet_stored_work_in(ring, 0);
}

static void print_key(struct stek_bytes key, char *ret_text, size_t size)
{
    size_t len = key.len;

    if (len > size - 1)
        len = size - 1;
    for (size_t i = 0; i < len; i++)
        ret_text[i] = (char)(key.at[i] > ' ' && key.at[i] <= '~' ? key.at[i] : '?');
    ret_text[len] = '\0';
}

/* Told once: they are harmless, and there may be many. */
static void tell_foreign(struct stek_fleet_ring *ring)
{
    if (ring->foreign == 0 || ring->foreign_told)
        return;
    ring->foreign_told = true;
    if (ring->foreign == 1)
        stek_fleet_log(
            ring->fleet, LOG_WARNING,
            "fleet: ring %s: the key %s in the store does not belong to stek and is ignored",
            ring->name, ring->foreign_name);
    else
        stek_fleet_log(ring->fleet, LOG_WARNING,
                       "fleet: ring %s: %llu keys in the store do not belong to stek and are "
                       "ignored; one is %s",
                       ring->name, (unsigned long long)ring->foreign, ring->foreign_name);
}

/* While the folder is being read, there are more to come: they are told together. */
static void saw_foreign(struct stek_fleet_ring *ring, struct stek_bytes key)
{
    ring->foreign++;
    print_key(key, ring->foreign_name, sizeof ring->foreign_name);
    if (!ring->sync->reading)
        tell_foreign(ring);
}

void stek_fleet_stored_beside(struct stek_fleet_ring *ring, uint64_t count)
{
    ring->foreign += count;
}

void stek_fleet_stored_read_end(struct stek_fleet_ring *ring)
{
    tell_foreign(ring);
    stek_sync_read_end(ring->sync);
    stek_fleet_stored_work_in(ring, wanted(ring));
}

/* Opens a value by the key of its folder, and by no other. */
static enum stek_value judge(const struct stek_fleet_ring *ring, uint32_t index,
                             enum stek_value value, const struct stek_envelope *envelope)
{
    const uint8_t *id = ring->fleet->keks->at[index].id;

    if (value == STEK_VALUE_GOOD && memcmp(envelope->kek_id, id, STEK_KEK_ID_LEN) != 0)
        return STEK_VALUE_WRONG_KEY;
    return value;
}

static void saw_record(struct stek_fleet_ring *ring, uint32_t index, uint64_t seq,
                       const struct stek_etcd_item *item)
{
    STEK_SECRET(stek_envelope) struct stek_envelope envelope = {0};
    const int64_t now = stek_fleet_now_ms() / 1000;
    enum stek_value value = STEK_VALUE_MALFORMED;

    if (!item->gone)
        value = judge(
            ring, index,
            stek_envelope_open_record(ring->fleet->keks, ring->name, seq, item->value, &envelope),
            &envelope);
    ring->keyed[index].has_some |= value == STEK_VALUE_GOOD;
    if (index != ring->active)
        return;
    if (item->gone)
        stek_sync_saw_record_deleted(ring->sync, seq, item->revision);
    else
        stek_sync_saw_record(ring->sync, seq, item->revision, value, &envelope.record, now);
}

static void saw_floor(struct stek_fleet_ring *ring, uint32_t index,
                      const struct stek_etcd_item *item)
{
    STEK_SECRET(stek_envelope) struct stek_envelope envelope = {0};
    enum stek_value value = STEK_VALUE_MALFORMED;

    if (!item->gone)
        value =
            judge(ring, index,
                  stek_envelope_open_floor(ring->fleet->keks, ring->name, item->value, &envelope),
                  &envelope);
    ring->keyed[index].has_some |= value == STEK_VALUE_GOOD;
    if (index != ring->active)
        return;
    if (item->gone)
        stek_sync_saw_floor_deleted(ring->sync, item->revision);
    else
        stek_sync_saw_floor(ring->sync, item->revision, value, envelope.record.seq, envelope.epoch);
}

/* Whether it is in the folder of one of this host's keys, and reported. */
static bool saw_own(struct stek_fleet_ring *ring, const struct stek_etcd_item *item)
{
    uint64_t seq = 0;

    for (uint32_t i = 0; i < ring->fleet->keks->count; i++) {
        switch (stek_name_parse(&ring->keyed[i].from, item->key, &seq)) {
        case STEK_NAME_RECORD:
            saw_record(ring, i, seq, item);
            return true;
        case STEK_NAME_FLOOR:
            saw_floor(ring, i, item);
            return true;
        case STEK_NAME_FOREIGN:
            break;
        }
    }
    return false;
}

/* Another fleet's, or a host of this one that has another file: an operator has to know. */
static void saw_other_key(struct stek_fleet_ring *ring, const struct stek_etcd_item *item)
{
    if (!item->gone)
        ring->other_key_ms = stek_fleet_now_ms();
}

static bool is_in(const struct stek_key_name *folder, struct stek_bytes key)
{
    const size_t len = strlen(folder->text);

    return key.len >= len && memcmp(key.at, folder->text, len) == 0;
}

/* In the folder of a key that this host does not have. */
static bool is_other_keys(const struct stek_fleet_ring *ring, struct stek_bytes key)
{
    for (uint32_t i = 0; i < ring->fleet->keks->count; i++)
        if (is_in(&ring->keyed[i].from, key))
            return false;
    return stek_name_is_keyed(&ring->from, key);
}

bool stek_fleet_stored_other_key(const struct stek_fleet_ring *ring)
{
    const int64_t age_ms = stek_fleet_now_ms() - ring->other_key_ms;

    return ring->other_key_ms != 0 && age_ms < 2 * ring->sync->policy.rotate_s * 1000;
}

void stek_fleet_stored_item(struct stek_fleet_ring *ring, const struct stek_etcd_item *item)
{
    if (!saw_own(ring, item)) {
        if (is_other_keys(ring, item->key))
            saw_other_key(ring, item);
        else if (!item->gone)
            saw_foreign(ring, item->key);
    }
    stek_fleet_ring_soon(ring);
}
