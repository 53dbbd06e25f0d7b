/* SPDX-License-Identifier: Apache-2.0 */
/* The key API: a ring's keys under a label, for programs whose TLS library is not OpenSSL. */
#include "core/label.h"
#include "ringfile/refresh.h"
#include "ringfile/ring.h"

#include <stek-keys.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct stek_label {
    struct stek_ring *ring;
    struct stek_keys *keys;
    struct stek_context context;
};

static_assert(sizeof(struct stek_key) == 80, "a key is plain bytes");

enum stek_result stek_label_new(struct stek_ring *ring, const char *label,
                                struct stek_label **ret_label)
{
    struct stek_context context;

    if (ring == NULL || label == NULL || ret_label == NULL || !stek_context_label(label, &context))
        return STEK_ERR_ARGUMENT;
    struct stek_label *made = malloc(sizeof *made);
    struct stek_keys *keys = made != NULL ? stek_ring_keys(ring, &context) : NULL;
    if (keys == NULL) {
        free(made);
        return STEK_ERR_MEMORY;
    }
    stek_ring_hold(ring);
    *made = (struct stek_label){ring, keys, context};
    *ret_label = made;
    return STEK_OK;
}

void stek_label_free(struct stek_label *label)
{
    if (label == NULL)
        return;
    stek_ring_keys_release(label->ring, label->keys);
    stek_ring_free(label->ring);
    free(label);
}

static void put_out(const struct stek_ticket_key *key, struct stek_key *ret_key)
{
    memcpy(ret_key->name, key->name, sizeof ret_key->name);
    memcpy(ret_key->hmac_key, key->hmac_key, sizeof ret_key->hmac_key);
    memcpy(ret_key->aes_key, key->aes_key, sizeof ret_key->aes_key);
}

enum stek_result stek_key_current(struct stek_label *label, struct stek_key *ret_key,
                                  int64_t *ret_until)
{
    STEK_SECRET(stek_seal_key) struct stek_seal_key active;

    if (label == NULL || ret_key == NULL)
        return STEK_ERR_ARGUMENT;
    if (!stek_ring_seal(label->ring, label->keys, stek_ring_now(label->ring), &active))
        return STEK_ERR_NO_KEY;
    put_out(&active.key, ret_key);
    if (ret_until != NULL)
        *ret_until = active.accept_until;
    return STEK_OK;
}

enum stek_result stek_key_find(struct stek_label *label,
                               const unsigned char name[STEK_KEY_NAME_LEN],
                               struct stek_key *ret_key, int *ret_replace)
{
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key found;

    if (label == NULL || name == NULL || ret_key == NULL)
        return STEK_ERR_ARGUMENT;
    const enum stek_choice choice =
        stek_ring_find(label->ring, label->keys, name, false, stek_ring_now(label->ring), &found);
    if (choice == STEK_CHOICE_UNKNOWN)
        return STEK_ERR_NO_KEY;
    put_out(&found, ret_key);
    if (ret_replace != NULL)
        *ret_replace = choice == STEK_CHOICE_RENEW;
    return STEK_OK;
}

/* The record at a place among those that are not retired, from the newest on; NULL: no such. */
static const struct stek_record *record_at(const struct stek_records *records, unsigned place,
                                           int64_t now)
{
    for (size_t i = (size_t)records->count; i > 0; i--)
        if (stek_record_state(records, i - 1, now) != STEK_STATE_RETIRED && place-- == 0)
            return &records->at[i - 1];
    return NULL;
}

enum stek_result stek_key_at(struct stek_label *label, unsigned place, struct stek_key *ret_key)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state = {0};
    STEK_SECRET(stek_ticket_key) struct stek_ticket_key key;
    uint64_t generation;

    if (label == NULL || ret_key == NULL)
        return STEK_ERR_ARGUMENT;
    const int64_t now = stek_ring_now(label->ring);
    /* Where an update failed, the ring goes on with the keys that it has. */
    (void)stek_refresh_ring(label->ring, now, &state, &generation);
    const struct stek_record *record = record_at(&state.records, place, now);
    if (record == NULL)
        return STEK_ERR_NO_KEY;
    const enum stek_result result = stek_derive_ticket_key(&record->secret, &label->context, &key);
    if (result == STEK_OK)
        put_out(&key, ret_key);
    return result;
}

enum stek_result stek_ring_next_change(struct stek_ring *ring, int64_t *ret_at)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state = {0};
    uint64_t generation;
    struct stek_view view;

    if (ring == NULL || ret_at == NULL)
        return STEK_ERR_ARGUMENT;
    const int64_t now = stek_ring_now(ring);
    /* Where an update failed, the ring goes on with the keys that it has. */
    (void)stek_refresh_ring(ring, now, &state, &generation);
    stek_records_view(&state.records, now, &view);
    if (state.records.count == 0)
        return STEK_ERR_NO_KEY;
    *ret_at = view.valid_until;
    return STEK_OK;
}
