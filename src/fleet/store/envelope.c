/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/envelope.h"

#include "crypto/hkdf.h"
#include "fleet/rules/epoch.h"

#include <stdbool.h>
#include <string.h>

enum {
    VERSION = 2,
    AT_VERSION = 4,
    AT_KIND = 5,
    AT_ORIGIN = 6,
    AT_KEK = 8,
    AT_EPOCH = 16,
    AT_SEQ = 24,
    AT_TIMES = 32
};

static const uint8_t magic[] = {'s', 't', 'k', 'v'};

static void put64(uint8_t *at, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t number = 0;

    for (unsigned i = 0; i < 8; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

/* What is authenticated beside the secret; `head` is the value's first 56 bytes. */
struct associated {
    uint8_t head[STEK_ENVELOPE_HEAD_LEN];
    char ring[STEK_FLEET_RING_MAX];
};

static struct stek_bytes associate(const uint8_t *head, const char *ring, struct associated *at)
{
    const size_t ring_len = strnlen(ring, sizeof at->ring);

    memcpy(at->head, head, sizeof at->head);
    memcpy(at->ring, ring, ring_len);
    return (struct stek_bytes){(const uint8_t *)at, sizeof at->head + ring_len};
}

/* The AES key of one name in one epoch: Expand(E(epoch), "value" 00 kind seq ring). */
static enum stek_result derive_key(const struct stek_secret32 *secret, const uint8_t *head,
                                   const char *ring, struct stek_secret32 *ret_key)
{
    static const uint8_t label[] = {'v', 'a', 'l', 'u', 'e', 0};
    uint8_t info[sizeof label + 1 + 8 + STEK_FLEET_RING_MAX];
    const size_t ring_len = strnlen(ring, STEK_FLEET_RING_MAX);

    memcpy(info, label, sizeof label);
    info[sizeof label] = head[AT_KIND];
    memcpy(info + sizeof label + 1, head + AT_SEQ, 8);
    memcpy(info + sizeof label + 9, ring, ring_len);
    return stek_hkdf_expand(secret->bytes, info, sizeof label + 9 + ring_len, ret_key->bytes,
                            sizeof ret_key->bytes);
}

static bool ring_is_named(const char *ring)
{
    const size_t len = strnlen(ring, STEK_FLEET_RING_MAX + 1);

    return len > 0 && len <= STEK_FLEET_RING_MAX;
}

static void write_head(const struct stek_kek *kek, uint64_t epoch, enum stek_envelope_kind kind,
                       const struct stek_record *record, uint8_t *head)
{
    memcpy(head, magic, sizeof magic);
    head[AT_VERSION] = VERSION;
    head[AT_KIND] = (uint8_t)kind;
    head[AT_ORIGIN] = (uint8_t)record->origin;
    head[AT_ORIGIN + 1] = 0;
    memcpy(head + AT_KEK, kek->id, STEK_KEK_ID_LEN);
    put64(head + AT_EPOCH, epoch);
    put64(head + AT_SEQ, record->seq);
    put64(head + AT_TIMES, (uint64_t)record->active_from);
    put64(head + AT_TIMES + 8, (uint64_t)record->active_until);
    put64(head + AT_TIMES + 16, (uint64_t)record->accept_until);
}

static enum stek_result seal(const struct stek_kek *kek, uint64_t epoch, const char *ring,
                             enum stek_envelope_kind kind, const struct stek_record *record,
                             struct stek_bytes plain, uint8_t *ret_bytes)
{
    const struct stek_secret32 *secret = stek_kek_secret(kek, epoch);
    STEK_SECRET(stek_secret32) struct stek_secret32 key;
    struct associated associated;

    if (!ring_is_named(ring) || secret == NULL)
        return STEK_ERR_ARGUMENT;
    write_head(kek, epoch, kind, record, ret_bytes);
    enum stek_result result = derive_key(secret, ret_bytes, ring, &key);
    if (result != STEK_OK)
        return result;
    return stek_aead_seal(&key, associate(ret_bytes, ring, &associated), plain,
                          ret_bytes + STEK_ENVELOPE_HEAD_LEN);
}

enum stek_result stek_envelope_seal_record(const struct stek_kek *kek, uint64_t epoch,
                                           const char *ring, const struct stek_record *record,
                                           uint8_t ret_bytes[STEK_ENVELOPE_RECORD_LEN])
{
    if (epoch < stek_epoch_at(record->accept_until))
        return STEK_ERR_ARGUMENT;
    return seal(kek, epoch, ring, STEK_ENVELOPE_RECORD, record,
                (struct stek_bytes){record->secret.bytes, sizeof record->secret.bytes}, ret_bytes);
}

enum stek_result stek_envelope_seal_floor(const struct stek_kek *kek, uint64_t epoch,
                                          const char *ring, uint64_t floor, int64_t made_at,
                                          uint8_t ret_bytes[STEK_ENVELOPE_FLOOR_LEN])
{
    const struct stek_record record = {.seq = floor, .active_from = made_at};

    return seal(kek, epoch, ring, STEK_ENVELOPE_FLOOR, &record, (struct stek_bytes){NULL, 0},
                ret_bytes);
}

static bool origin_is_sound(enum stek_envelope_kind kind, uint8_t origin)
{
    if (kind == STEK_ENVELOPE_FLOOR)
        return origin == 0;
    return origin == STEK_ORIGIN_PUBLISHED || origin == STEK_ORIGIN_CONTINUED;
}

static bool head_is_sound(enum stek_envelope_kind kind, struct stek_bytes bytes)
{
    const size_t len =
        kind == STEK_ENVELOPE_RECORD ? STEK_ENVELOPE_RECORD_LEN : STEK_ENVELOPE_FLOOR_LEN;

    return bytes.len == len && memcmp(bytes.at, magic, sizeof magic) == 0 &&
           bytes.at[AT_VERSION] == VERSION && bytes.at[AT_KIND] == kind &&
           bytes.at[AT_ORIGIN + 1] == 0 && origin_is_sound(kind, bytes.at[AT_ORIGIN]);
}

static const struct stek_kek *find_kek(const struct stek_keks *keks, const uint8_t *id)
{
    for (uint32_t i = 0; i < keks->count; i++)
        if (memcmp(keks->at[i].id, id, STEK_KEK_ID_LEN) == 0)
            return &keks->at[i];
    return NULL;
}

static bool time_is_sane(int64_t time)
{
    return time >= -STEK_TIME_MAX && time <= STEK_TIME_MAX;
}

static bool numbers_are_sound(const struct stek_envelope *envelope)
{
    const struct stek_record *record = &envelope->record;

    if (record->seq > STEK_SEQ_MAX || !time_is_sane(record->active_from) ||
        !time_is_sane(record->active_until) || !time_is_sane(record->accept_until))
        return false;
    if (envelope->kind == STEK_ENVELOPE_FLOOR)
        return record->active_until == 0 && record->accept_until == 0;
    return record->seq > 0 && record->active_from < record->active_until &&
           record->active_until <= record->accept_until &&
           envelope->epoch >= stek_epoch_at(record->accept_until);
}

static void read_head(const uint8_t *head, struct stek_envelope *ret_envelope)
{
    ret_envelope->kind = (enum stek_envelope_kind)head[AT_KIND];
    memcpy(ret_envelope->kek_id, head + AT_KEK, STEK_KEK_ID_LEN);
    ret_envelope->epoch = get64(head + AT_EPOCH);
    ret_envelope->record.origin = head[AT_ORIGIN];
    ret_envelope->record.seq = get64(head + AT_SEQ);
    ret_envelope->record.active_from = (int64_t)get64(head + AT_TIMES);
    ret_envelope->record.active_until = (int64_t)get64(head + AT_TIMES + 8);
    ret_envelope->record.accept_until = (int64_t)get64(head + AT_TIMES + 16);
}

/* The seal comes first: numbers and times are trusted only if it covers them. */
static enum stek_value open_seal(const struct stek_keks *keks, const char *ring,
                                 struct stek_bytes bytes, uint8_t *ret_plain)
{
    const struct stek_kek *kek = find_kek(keks, bytes.at + AT_KEK);
    const struct stek_secret32 *secret =
        kek != NULL ? stek_kek_secret(kek, get64(bytes.at + AT_EPOCH)) : NULL;
    const struct stek_bytes sealed = {bytes.at + STEK_ENVELOPE_HEAD_LEN,
                                      bytes.len - STEK_ENVELOPE_HEAD_LEN};
    STEK_SECRET(stek_secret32) struct stek_secret32 key;
    struct associated associated;

    if (secret == NULL || derive_key(secret, bytes.at, ring, &key) != STEK_OK)
        return STEK_VALUE_WRONG_KEY;
    if (stek_aead_open(&key, associate(bytes.at, ring, &associated), sealed, ret_plain) != STEK_OK)
        return STEK_VALUE_MISPLACED;
    return STEK_VALUE_GOOD;
}

static enum stek_value open_envelope(const struct stek_keks *keks, const char *ring,
                                     enum stek_envelope_kind kind, struct stek_bytes bytes,
                                     struct stek_envelope *ret_envelope)
{
    STEK_SECRET(stek_envelope) struct stek_envelope envelope = {0};

    if (!ring_is_named(ring) || !head_is_sound(kind, bytes))
        return STEK_VALUE_MALFORMED;
    const enum stek_value value = open_seal(keks, ring, bytes, envelope.record.secret.bytes);
    if (value != STEK_VALUE_GOOD)
        return value;
    read_head(bytes.at, &envelope);
    if (!numbers_are_sound(&envelope))
        return STEK_VALUE_MALFORMED;
    *ret_envelope = envelope;
    return STEK_VALUE_GOOD;
}

enum stek_value stek_envelope_open_record(const struct stek_keks *keks, const char *ring,
                                          uint64_t seq, struct stek_bytes bytes,
                                          struct stek_envelope *ret_envelope)
{
    STEK_SECRET(stek_envelope) struct stek_envelope envelope = {0};
    const enum stek_value value = open_envelope(keks, ring, STEK_ENVELOPE_RECORD, bytes, &envelope);

    if (value != STEK_VALUE_GOOD)
        return value;
    if (envelope.record.seq != seq)
        return STEK_VALUE_MISPLACED;
    *ret_envelope = envelope;
    return STEK_VALUE_GOOD;
}

enum stek_value stek_envelope_open_floor(const struct stek_keks *keks, const char *ring,
                                         struct stek_bytes bytes,
                                         struct stek_envelope *ret_envelope)
{
    return open_envelope(keks, ring, STEK_ENVELOPE_FLOOR, bytes, ret_envelope);
}
