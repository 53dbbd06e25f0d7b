/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moves rings to the folder of the first key-encryption key: one transaction for each ring puts
 * all of it there, sealed anew, and deletes the old folder. Hosts that have both keys follow when
 * they see it.
 */
#include "fleet/state.h"

static void move(struct stek_fleet_ring *ring)
{
    struct stek_fleet_rekey *rekey = &ring->fleet->rekey;

    if (ring->active == 0)
        return;
    if (!stek_sync_move(ring->sync, stek_fleet_now_ms() / 1000)) {
        rekey->left++;
        return;
    }
    rekey->open++;
    ring->moving = true;
    stek_fleet_write_begin(ring);
}

const char *stek_fleet_rekey_begin(struct stek_fleet *fleet)
{
    if (!stek_etcd_is_online(fleet->etcd))
        return "the store cannot be reached";
    if (fleet->rekey.open > 0)
        return NULL;
    fleet->rekey = (struct stek_fleet_rekey){.begun = true};
    for (size_t i = 0; i < fleet->rings_count; i++)
        move(&fleet->rings[i]);
    return NULL;
}

json_t *stek_fleet_rekey_json(const struct stek_fleet *fleet)
{
    const struct stek_fleet_rekey *rekey = &fleet->rekey;
    const char *state = !rekey->begun ? "idle" : rekey->open > 0 ? "running" : "done";

    return json_pack("{s:s, s:I, s:I}", "state", state, "resealed", (json_int_t)rekey->resealed,
                     "left", (json_int_t)rekey->left);
}
