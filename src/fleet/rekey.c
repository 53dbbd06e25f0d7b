/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves what stands in the store to the first key-encryption key: each value that is sealed under
 * another one is opened, sealed again, and put in its place if nobody has changed it meanwhile.
 * Lease and content stay as they are, so other hosts notice nothing, as long as they have both
 * keys.
 */
#include "fleet/state.h"

#include <string.h>

static void on_put(void *arg, const struct stek_etcd_problem *problem,
                   const struct stek_etcd_answer *answer)
{
    struct stek_fleet *fleet = arg;
    struct stek_fleet_rekey *rekey = &fleet->rekey;

    (void)problem;
    rekey->open--;
    if (answer != NULL && answer->succeeded)
        rekey->resealed++;
    else
        rekey->left++;
}

static void put_again(struct stek_fleet *fleet, const struct stek_etcd_item *item,
                      struct stek_bytes value)
{
    const struct stek_etcd_caller caller = {NULL, on_put, fleet};
    const struct stek_etcd_put put = {
        .key = item->key, .value = value, .lease = -1, .expected = item->revision};
    const struct stek_etcd_write write = {.count = 1, .puts = &put};

    if (stek_etcd_write(fleet->etcd, &write, &caller) == STEK_OK)
        fleet->rekey.open++;
    else
        fleet->rekey.left++;
}

static bool is_first_key(const struct stek_fleet *fleet, const struct stek_envelope *envelope)
{
    return memcmp(envelope->kek_id, fleet->keks->at[0].id, STEK_KEK_ID_LEN) == 0;
}

static void reseal_record(struct stek_fleet *fleet, const char *ring, uint64_t seq,
                          const struct stek_etcd_item *item)
{
    STEK_SECRET(stek_envelope) struct stek_envelope envelope = {0};
    uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];

    const bool opened = stek_envelope_open_record(fleet->keks, ring, seq, item->value, &envelope) ==
                        STEK_VALUE_GOOD;
    if (opened && is_first_key(fleet, &envelope))
        return;
    if (opened &&
        stek_envelope_seal_record(&fleet->keks->at[0], ring, &envelope.record, bytes) == STEK_OK)
        put_again(fleet, item, (struct stek_bytes){bytes, sizeof bytes});
    else
        fleet->rekey.left++;
}

static void reseal_floor(struct stek_fleet *fleet, const char *ring,
                         const struct stek_etcd_item *item)
{
    STEK_SECRET(stek_envelope) struct stek_envelope envelope = {0};
    uint8_t bytes[STEK_ENVELOPE_FLOOR_LEN];

    const bool opened =
        stek_envelope_open_floor(fleet->keks, ring, item->value, &envelope) == STEK_VALUE_GOOD;
    if (opened && is_first_key(fleet, &envelope))
        return;
    if (opened && stek_envelope_seal_floor(&fleet->keks->at[0], ring, envelope.record.seq,
                                           envelope.record.active_from, bytes) == STEK_OK)
        put_again(fleet, item, (struct stek_bytes){bytes, sizeof bytes});
    else
        fleet->rekey.left++;
}

static void on_item(void *arg, const struct stek_etcd_answer *head,
                    const struct stek_etcd_item *item)
{
    struct stek_fleet *fleet = arg;
    const struct stek_fleet_ring *ring = &fleet->rings[fleet->rekey.ring];
    uint64_t seq = 0;

    (void)head;
    switch (stek_name_parse(&ring->from, item->key, &seq)) {
    case STEK_NAME_RECORD:
        reseal_record(fleet, ring->name, seq, item);
        break;
    case STEK_NAME_FLOOR:
        reseal_floor(fleet, ring->name, item);
        break;
    case STEK_NAME_FOREIGN:
        break;
    }
}

static void read_ring(struct stek_fleet *fleet);

static void on_read(void *arg, const struct stek_etcd_problem *problem,
                    const struct stek_etcd_answer *answer)
{
    struct stek_fleet *fleet = arg;

    (void)problem;
    fleet->rekey.open--;
    if (answer == NULL)
        fleet->rekey.problem = "a ring could not be read: see the log";
    fleet->rekey.ring++;
    if (answer != NULL && fleet->rekey.ring < fleet->rings_count)
        read_ring(fleet);
}

static void read_ring(struct stek_fleet *fleet)
{
    const struct stek_fleet_ring *ring = &fleet->rings[fleet->rekey.ring];
    const struct stek_etcd_caller caller = {on_item, on_read, fleet};
    const struct stek_etcd_span span = {stek_key_name_bytes(&ring->from),
                                        stek_key_name_bytes(&ring->until)};

    if (stek_etcd_range(fleet->etcd, &span, STEK_STOREVIEW_MAX, &caller) == STEK_OK)
        fleet->rekey.open++;
    else
        fleet->rekey.problem = "the store cannot be reached";
}

const char *stek_fleet_rekey_begin(struct stek_fleet *fleet)
{
    if (!stek_etcd_is_online(fleet->etcd))
        return "the store cannot be reached";
    if (fleet->rekey.open > 0)
        return NULL;
    fleet->rekey = (struct stek_fleet_rekey){.begun = true};
    read_ring(fleet);
    return NULL;
}

json_t *stek_fleet_rekey_json(const struct stek_fleet *fleet)
{
    const struct stek_fleet_rekey *rekey = &fleet->rekey;
    const char *state = !rekey->begun            ? "idle"
                        : rekey->open > 0        ? "running"
                        : rekey->problem != NULL ? "failed"
                                                 : "done";

    return json_pack("{s:s, s:I, s:I, s:s?}", "state", state, "resealed",
                     (json_int_t)rekey->resealed, "left", (json_int_t)rekey->left, "problem",
                     rekey->problem);
}
