/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/epoch.h"

#include "core/admit.h"

uint64_t stek_epoch_at(int64_t time)
{
    if (time < STEK_EPOCH_ZERO)
        return 0;
    const uint64_t epoch = (uint64_t)(time - STEK_EPOCH_ZERO) / STEK_EPOCH_S;
    return epoch < STEK_EPOCH_MAX ? epoch : STEK_EPOCH_MAX;
}

int64_t stek_epoch_begins(uint64_t epoch)
{
    return STEK_EPOCH_ZERO + (int64_t)epoch * STEK_EPOCH_S;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

bool stek_epoch_knows_time(const struct stek_sync *sync)
{
    return sync->clock_confirmed && !sync->clock_off;
}

uint64_t stek_epoch_for_floor(const struct stek_sync *sync, int64_t now)
{
    const uint64_t known = later(sync->epoch, sync->view.epoch_highest);

    return stek_epoch_knows_time(sync) ? later(known, stek_epoch_at(now)) : known;
}

uint64_t stek_epoch_for_record(const struct stek_record *record, uint64_t least)
{
    return later(stek_epoch_at(record->accept_until), least);
}

bool stek_epoch_floor_is_old(const struct stek_sync *sync, int64_t now)
{
    return sync->view.floor_good && sync->view.floor_epoch < stek_epoch_for_floor(sync, now);
}

uint64_t stek_epoch_needed(const struct stek_sync *sync, int64_t now)
{
    const bool sees = sync->synced && !sync->reading && !sync->read_wanted &&
                      sync->view.floor_good && stek_epoch_knows_time(sync);
    const uint64_t needed = stek_epoch_at(now - STEK_CLOCK_SKEW_MAX_S);

    if (!sees)
        return 0;
    return needed < sync->view.floor_epoch ? needed : sync->view.floor_epoch;
}
