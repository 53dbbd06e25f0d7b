/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/state.h"
#include "clock/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include <event2/event.h>

int64_t stek_fleet_now_ms(void)
{
    return stek_clock_unix_ms();
}

static void tell_left_out(struct stek_fleet *fleet, uint64_t count)
{
    char line[80];

    (void)snprintf(line, sizeof line, "fleet: there were too many lines: %llu left out",
                   (unsigned long long)count);
    fleet->host.log(fleet->host.arg, LOG_WARNING, line);
}

void stek_fleet_log(struct stek_fleet *fleet, int priority, const char *format, ...)
{
    char line[STEK_ETCD_TEXT_MAX + 256];
    uint64_t left_out;
    va_list args;

    if (!stek_lines_take(&fleet->lines, stek_clock_monotonic_ms(), &left_out))
        return;
    if (left_out > 0)
        tell_left_out(fleet, left_out);
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    fleet->host.log(fleet->host.arg, priority, line);
}

void stek_fleet_ring_soon(struct stek_fleet_ring *ring)
{
    event_active(ring->decide, 0, 0);
}

void stek_fleet_decide_all(struct stek_fleet *fleet)
{
    for (size_t i = 0; i < fleet->rings_count; i++)
        stek_fleet_ring_soon(&fleet->rings[i]);
}

uint64_t stek_fleet_ring_held(const struct stek_fleet_ring *ring)
{
    const struct stek_records *records = &ring->sync->records;

    for (uint64_t i = records->count; i-- > 0;)
        if (records->at[i].origin == STEK_ORIGIN_PUBLISHED)
            return records->at[i].seq;
    return 0;
}

void stek_fleet_saw_clock(struct stek_fleet *fleet, int64_t ahead_ms)
{
    for (size_t i = 0; i < fleet->rings_count; i++) {
        stek_sync_saw_clock(fleet->rings[i].sync, ahead_ms);
        stek_fleet_ring_soon(&fleet->rings[i]);
    }
}

void stek_fleet_members_changed(struct stek_fleet *fleet)
{
    fleet->members.dirty = true;
}

void stek_fleet_rekey_moved(struct stek_fleet_ring *ring, uint32_t count, bool won)
{
    struct stek_fleet_rekey *rekey = &ring->fleet->rekey;

    rekey->open--;
    if (won)
        rekey->resealed += count;
    else
        rekey->left += count;
    stek_fleet_ring_soon(ring);
}
