/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a ring's folder is read. Whoever may write into the store can put any number of keys there,
 * of any size: so the folders of this host's keys are read first, and nothing else is read whole.
 */
#include "fleet/state.h"

#include <string.h>

void stek_fleet_keyed_init(const char *prefix, const char *ring, const struct stek_keks *keks,
                           struct stek_fleet_keyed ret_keyed[STEK_KEKS_MAX])
{
    for (uint32_t i = 0; i < keks->count; i++) {
        struct stek_fleet_keyed *keyed = &ret_keyed[i];
        stek_name_keyed(ring, keks->at[i].id, &keyed->folder);
        stek_name_folder(prefix, keyed->folder.text, &keyed->from, &keyed->until);
    }
}

static void add(struct stek_etcd_parts *parts, struct stek_bytes from, struct stek_bytes until,
                bool names_only)
{
    parts->at[parts->count++] = (struct stek_etcd_part){{from, until}, names_only};
}

/* The folders in the order of their names. */
static bool comes_first(const struct stek_fleet_keyed *keyed, uint32_t count, uint32_t index)
{
    return count < 2 || strcmp(keyed[index].from.text, keyed[1 - index].from.text) < 0;
}

void stek_fleet_parts(const struct stek_etcd_span *ring_folder,
                      const struct stek_fleet_keyed *keyed, uint32_t keyed_count,
                      struct stek_etcd_parts *ret_parts)
{
    struct stek_bytes from = ring_folder->from;
    const uint32_t first = comes_first(keyed, keyed_count, 0) ? 0 : 1;

    ret_parts->count = 0;
    for (uint32_t i = 0; i < keyed_count; i++)
        add(ret_parts, stek_key_name_bytes(&keyed[i].from), stek_key_name_bytes(&keyed[i].until),
            false);
    for (uint32_t i = 0; i < keyed_count; i++) {
        const struct stek_fleet_keyed *next = &keyed[i == 0 ? first : 1 - first];
        add(ret_parts, from, stek_key_name_bytes(&next->from), true);
        from = stek_key_name_bytes(&next->until);
    }
    add(ret_parts, from, ring_folder->until, true);
}
