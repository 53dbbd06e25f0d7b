/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_fixture.h"

#include <string.h>
#include <sys/mman.h>

const struct stek_policy ring_policy = {
    .rotate_s = RING_ROTATE_S, .accept_s = RING_ACCEPT_S, .max_session_age_s = 1000, .ahead = 2};

static _Atomic int64_t *time_now;

void *ring_shared_memory(size_t len)
{
    void *at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(at != MAP_FAILED);
    return at;
}

void ring_set_time(int64_t now)
{
    if (time_now == NULL)
        time_now = ring_shared_memory(sizeof *time_now);
    atomic_store(time_now, now);
}

int64_t ring_time(void)
{
    return atomic_load(time_now);
}

static int64_t read_time(void *arg)
{
    (void)arg;
    return ring_time();
}

void ring_follow_clock(struct stek_ring *ring)
{
    stek_ring_set_clock(ring, read_time, NULL);
}

struct stek_ring *ring_start_empty(const struct stek_policy *policy)
{
    struct stek_ring *ring = NULL;

    ring_set_time(RING_START);
    CHECK(stek_ring_new_empty(policy, &ring) == STEK_OK);
    ring_follow_clock(ring);
    return ring;
}

struct stek_ring *ring_start(const struct stek_policy *policy)
{
    struct stek_ring *ring = ring_start_empty(policy);

    CHECK(stek_ring_maintain(ring) == STEK_OK);
    return ring;
}

struct stek_context ring_context(const char *label)
{
    struct stek_context context = {.len = strlen(label)};

    CHECK(context.len <= sizeof context.bytes);
    memcpy(context.bytes, label, context.len);
    return context;
}

static struct stek_keys *keys_of(struct stek_ring *ring, const char *label)
{
    const struct stek_context context = ring_context(label);
    struct stek_keys *keys = stek_ring_keys(ring, &context);

    CHECK(keys != NULL);
    return keys;
}

struct stek_ticket_key ring_seal_key(struct stek_ring *ring, const char *label)
{
    struct stek_seal_key active;

    CHECK(stek_ring_seal(ring, keys_of(ring, label), ring_time(), &active));
    return active.key;
}

bool ring_seals(struct stek_ring *ring, const char *label)
{
    struct stek_seal_key active;

    return stek_ring_seal(ring, keys_of(ring, label), ring_time(), &active);
}

bool ring_opens(struct stek_ring *ring, const char *label, const struct stek_ticket_key *key)
{
    struct stek_ticket_key found;

    if (stek_ring_find(ring, keys_of(ring, label), key->name, false, ring_time(), &found) ==
        STEK_CHOICE_UNKNOWN)
        return false;
    CHECK(memcmp(&found, key, sizeof found) == 0);
    return true;
}

static struct stek_ticket_key key_of(const struct stek_record *record, const char *label)
{
    const struct stek_context context = ring_context(label);
    struct stek_ticket_key key;

    CHECK(stek_derive_ticket_key(&record->secret, &context, &key) == STEK_OK);
    return key;
}

struct stek_ticket_key ring_covered_key(const struct stek_record *record, const char *label)
{
    struct stek_ticket_key key = key_of(record, label);

    stek_mask_apply(&record->mask, &key);
    return key;
}

bool ring_area_holds_key(const void *area, size_t len, const struct stek_ticket_key *key)
{
    return ring_area_holds(area, len, key->hmac_key) || ring_area_holds(area, len, key->aes_key) ||
           ring_area_holds(area, len, (const uint8_t *)key->hmac_state.inner) ||
           ring_area_holds(area, len, (const uint8_t *)key->hmac_state.outer);
}

static bool cell_holds_key(struct stek_ring *ring, const char *label,
                           const struct stek_ticket_key *key)
{
    const struct stek_keycell *cell = &keys_of(ring, label)->cell;
    const size_t len = stek_keycell_size(cell->capacity);

    return ring_area_holds_key(cell->memory, len, key);
}

bool ring_cell_holds(struct stek_ring *ring, const char *label, const struct stek_record *record)
{
    const struct stek_ticket_key bare = key_of(record, label);
    const struct stek_ticket_key covered = ring_covered_key(record, label);

    return cell_holds_key(ring, label, &bare) || cell_holds_key(ring, label, &covered);
}

struct stek_ring_state ring_state(const struct stek_ring *ring)
{
    struct stek_ring_state state;
    uint64_t generation;

    CHECK(stek_image_read(ring->image, &state, &generation) == STEK_OK);
    return state;
}

bool ring_area_holds(const void *area, size_t len, const uint8_t secret[32])
{
    for (size_t i = 0; i <= 16; i++)
        if (memmem(area, len, secret + i, 16) != NULL)
            return true;
    return false;
}

bool ring_holds(const struct stek_ring *ring, const struct stek_secret32 *secret)
{
    if (ring->shared != NULL)
        return ring_area_holds(ring->shared, sizeof *ring->shared, secret->bytes);
    return ring_area_holds(ring->image, sizeof *ring->image, secret->bytes);
}
