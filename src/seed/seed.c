/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/seed.h"

#include "core/policy.h"
#include "core/schedule.h"
#include "crypto/derive.h"

/* The times of the record that is `steps` after a seed: when it seals, and how long it opens. */
static int64_t begins(const struct stek_seed *seed, int64_t steps)
{
    return seed->active_from + steps * seed->rotate_s;
}

int64_t stek_seed_due(const struct stek_seed *seed)
{
    return begins(seed, 1) + seed->accept_s;
}

enum stek_result stek_seed_advance(struct stek_seed *seed, int64_t now)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 secret = seed->secret;

    if (now < stek_seed_due(seed))
        return STEK_OK;
    const int64_t steps = (now - stek_seed_due(seed)) / seed->rotate_s + 1;
    if (steps > STEK_SEED_STEPS_MAX)
        return STEK_ERR_BUSY;
    for (int64_t i = 0; i < steps; i++) {
        enum stek_result result = stek_derive_continuation(&secret, &secret);
        if (result != STEK_OK)
            return result;
    }
    seed->active_from = begins(seed, steps);
    seed->seq += (uint64_t)steps;
    seed->secret = secret;
    return STEK_OK;
}

enum stek_result stek_seed_records(const struct stek_seed *seed, uint32_t ahead, int64_t now,
                                   struct stek_records *ret_records)
{
    STEK_SECRET(stek_records) struct stek_records records = {0};
    STEK_SECRET(stek_seed) struct stek_seed at = *seed;

    enum stek_result result = stek_seed_advance(&at, now);
    /* A seed of a later time: its first record is pending, and there is none before it. */
    while (result == STEK_OK) {
        if (records.count == STEK_RECORDS_MAX)
            return STEK_ERR_POLICY;
        struct stek_record *record = &records.at[records.count++];
        record->seq = at.seq;
        record->active_from = at.active_from;
        record->active_until = begins(&at, 1);
        record->accept_until = stek_seed_due(&at);
        record->origin = STEK_ORIGIN_CONTINUED;
        record->secret = at.secret;
        if (stek_records_pending(&records, now) == ahead)
            break;
        result = stek_derive_continuation(&at.secret, &at.secret);
        at.seq++;
        at.active_from = record->active_until;
    }
    if (result == STEK_OK)
        *ret_records = records;
    return result;
}
