/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/kept.h"

/* Counts rotations by the records that have begun to seal since the last time: a seq may leave
 * gaps. */
static void count_records(struct stek_kept *kept, const struct stek_records *records, size_t active,
                          bool first)
{
    for (size_t i = 0; i <= active; i++) {
        const bool counts = first || records->at[i].seq > kept->counted_seq;
        kept->continuations += counts && records->at[i].origin == STEK_ORIGIN_CONTINUED;
        kept->rotations += counts && !first;
    }
    kept->counted_seq = records->at[active].seq;
}

bool stek_kept_is_well(const struct stek_kept *kept)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    return !kept->failing && stek_writer_state(kept->writer, &state) == STEK_OK;
}

void stek_kept_count(struct stek_kept *kept, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    if (stek_writer_state(kept->writer, &state) != STEK_OK)
        return;
    const int active = stek_records_active(&state.records, now);
    if (active >= 0 && state.records.at[active].seq != kept->counted_seq)
        count_records(kept, &state.records, (size_t)active, kept->counted_seq == 0);
}
