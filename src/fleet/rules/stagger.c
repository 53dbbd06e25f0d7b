/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/rules/stagger.h"

enum { SLOTS = 17 };

int64_t stek_stagger_ms(int64_t width_ms, uint64_t dice)
{
    const int64_t slot_ms = width_ms / SLOTS;
    int64_t from_end = 0; /* 0 for one host in two, 1 for one in four... */

    if (slot_ms < 1)
        return width_ms > 0 ? (int64_t)(dice % (uint64_t)width_ms) : 0;
    while (from_end < SLOTS - 1 && (dice >> from_end & 1) == 0)
        from_end++;
    return (SLOTS - 1 - from_end) * slot_ms + (int64_t)((dice >> SLOTS) % (uint64_t)slot_ms);
}
