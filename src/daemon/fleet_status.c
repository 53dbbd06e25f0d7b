/* SPDX-License-Identifier: Apache-2.0 */
/* What the fleet looks like from here, in words and JSON. */
#include "daemon/fleet.h"

#include "fleet/rules/epoch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *word;
    const char *text;
} standings[] = {
    [STEK_SYNC_WAITING] = {"waiting", "no keys yet: waiting for the fleet's store"},
    [STEK_SYNC_IN_STEP] = {"in-step", "in step with the fleet"},
    [STEK_SYNC_CONTINUED] = {"continued", "on continuations: no host published keys in time"},
    [STEK_SYNC_WRONG_KEY] =
        {"wrong-key", "apart from hosts that keep this ring under another key-encryption key"},
    [STEK_SYNC_CLOCK_OFF] = {"clock-off",
                             "read-only: this host's clock differs too much from the others'"},
    [STEK_SYNC_NO_ACTIVE] = {"no-active",
                             "no key is valid at this host's time: is its clock right?"},
};

static const char revoked_here_text[] =
    "revoked on this host alone so far: the fleet's store does not have it yet";
static const char own_text[] = "on keys of this host alone: waiting for the fleet's store";
static const char away_text[] = "on the fleet's keys; its store is unreachable";

const char *stek_standing_word(enum stek_sync_standing standing)
{
    return standings[standing].word;
}

const char *stek_standing_text(enum stek_sync_standing standing)
{
    return standings[standing].text;
}

static void print_time(int64_t when, char ret_text[32])
{
    struct tm parts;
    const time_t at = (time_t)when;

    if (gmtime_r(&at, &parts) == NULL ||
        strftime(ret_text, 32, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0)
        (void)snprintf(ret_text, 32, "?");
}

/* Whether it serves with records of this host alone until the store answers. */
static bool is_own(const struct stekd_fleet *keeper, const char *ring)
{
    const struct stek_kept *kept = stek_rings_find(keeper->rings, ring);

    return kept != NULL && stek_kept_is_own(kept);
}

/* How a ring stands, as `stek status` and `stek fleet status` both say it; and since when. */
static const char *tell_standing(const struct stekd_fleet *keeper,
                                 const struct stek_fleet_ring_status *ring, int64_t *ret_since)
{
    struct stek_fleet_status fleet;

    keeper->api->describe(keeper->fleet, &fleet);
    *ret_since = ring->since;
    if (ring->revoked_here)
        return revoked_here_text;
    if (ring->standing == STEK_SYNC_WAITING && is_own(keeper, ring->name))
        return own_text;
    if (ring->standing != STEK_SYNC_IN_STEP || fleet.online)
        return stek_standing_text(ring->standing);
    *ret_since = fleet.since;
    return away_text;
}

void stekd_fleet_annotate(const struct stekd_fleet *keeper, struct stek_status_ring *status)
{
    struct stek_fleet_ring_status ring;
    char since[32];
    int64_t when;
    size_t index;

    if (stek_status_is_unknown(status) || !stekd_fleet_find(keeper, status->name, &index))
        return;
    keeper->api->describe_ring(keeper->fleet, index, &ring);
    const char *text = tell_standing(keeper, &ring, &when);
    print_time(when, since);
    if (text != stek_standing_text(STEK_SYNC_IN_STEP))
        (void)snprintf(status->problem, sizeof status->problem, "%s (since %s)", text, since);
    else if (ring.problem[0] != '\0')
        (void)snprintf(status->problem, sizeof status->problem, "%s", ring.problem);
}

const char *stek_refusal_word(enum stek_refusal refusal)
{
    static const char *const words[STEK_REFUSALS] = {
        [STEK_REFUSAL_NONE] = "none",
        [STEK_REFUSAL_WRONG_KEY] = "wrong-key",
        [STEK_REFUSAL_MALFORMED] = "malformed",
        [STEK_REFUSAL_MISPLACED] = "misplaced",
        [STEK_REFUSAL_UNSOUND] = "unsound",
        [STEK_REFUSAL_BACKWARDS] = "backwards",
        [STEK_REFUSAL_BELOW_FLOOR] = "below-floor",
        [STEK_REFUSAL_CHANGED] = "changed",
        [STEK_REFUSAL_FLOOR_FELL] = "floor-fell",
    };

    return words[refusal];
}

static const char *op_word(enum stek_sync_op_state op)
{
    static const char *const words[] = {[STEK_SYNC_OP_IDLE] = "idle",
                                        [STEK_SYNC_OP_PENDING] = "pending",
                                        [STEK_SYNC_OP_DONE] = "done",
                                        [STEK_SYNC_OP_FAILED] = "failed"};

    return words[op];
}

static json_t *refused_json(const struct stek_fleet_ring_status *ring)
{
    json_t *refused = json_object();

    for (int i = 1; i < STEK_REFUSALS; i++)
        if (ring->refused[i] > 0)
            json_object_set_new(refused, stek_refusal_word((enum stek_refusal)i),
                                json_integer((json_int_t)ring->refused[i]));
    return refused;
}

static json_t *ring_json(const struct stekd_fleet *keeper,
                         const struct stek_fleet_ring_status *ring)
{
    int64_t since;
    const char *text = tell_standing(keeper, ring, &since);

    return json_pack(
        "{s:s, s:s, s:s, s:I, s:b, s:b, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:o, s:s, s:s, s:s?}",
        "name", ring->name, "standing", stek_standing_word(ring->standing), "text", text, "since",
        (json_int_t)since, "synced", (int)ring->synced, "store_is_older", (int)ring->store_is_older,
        "epoch", (json_int_t)ring->epoch, "revoked_here", (int)ring->revoked_here, "held",
        (json_int_t)ring->held, "active", (json_int_t)ring->active, "next", (json_int_t)ring->next,
        "floor", (json_int_t)ring->floor, "foreign_keys", (json_int_t)ring->foreign, "refused",
        refused_json(ring), "problem", ring->problem, "operation", op_word(ring->op),
        "operation_problem", ring->op_problem);
}

static json_t *rings_json(const struct stekd_fleet *keeper)
{
    json_t *rings = json_array();
    struct stek_fleet_ring_status ring;

    for (size_t i = 0; i < keeper->api->rings(keeper->fleet); i++) {
        keeper->api->describe_ring(keeper->fleet, i, &ring);
        json_array_append_new(rings, ring_json(keeper, &ring));
    }
    return rings;
}

static int64_t opens_since(uint64_t epoch)
{
    return epoch > 0 ? stek_epoch_begins(epoch) : 0;
}

static json_t *keys_json(const struct stekd_fleet *keeper)
{
    json_t *keys = json_array();

    for (size_t i = 0; i < keeper->texts->config.kek_count; i++)
        json_array_append_new(keys, json_string(keeper->texts->key[i].id));
    return keys;
}

/* What each key opens, and what its file opens: since when, 0 for always. */
static json_t *epochs_json(const struct stekd_fleet *keeper, const struct stek_fleet_status *fleet)
{
    json_t *epochs = json_array();

    for (size_t i = 0; i < keeper->texts->config.kek_count; i++) {
        const struct stekd_key *key = &keeper->texts->key[i];
        json_array_append_new(
            epochs, json_pack("{s:s, s:I, s:I, s:I, s:s}", "key", key->id, "epoch",
                              (json_int_t)fleet->epoch[i], "opens_since",
                              (json_int_t)opens_since(fleet->epoch[i]), "file_opens_since",
                              (json_int_t)opens_since(key->file_epoch), "problem", key->problem));
    }
    return epochs;
}

json_t *stekd_fleet_json(struct stekd_fleet *keeper, bool read_again)
{
    struct stek_fleet_status fleet;
    json_t *members;

    if (keeper->fleet == NULL)
        return json_pack("{s:b, s:b}", "ok", 1, "configured", 0);
    keeper->api->describe(keeper->fleet, &fleet);
    members = keeper->api->members(keeper->fleet, read_again);
    json_t *clock = fleet.clock_known ? json_integer((json_int_t)fleet.clock_ahead_s) : json_null();
    json_t *state = json_pack("{s:s, s:s}", "folder", keeper->texts->config.state, "problem",
                              keeper->texts->state_problem);
    return json_pack(
        "{s:b, s:b, s:s, s:b, s:I, s:s, s:s, s:s, s:o, s:b, s:I, s:o, s:o, s:o, "
        "s:{s:I, s:I, s:I, s:I}, s:o, s:o, s:o?}",
        "ok", 1, "configured", 1, "host", keeper->texts->host, "online", (int)fleet.online, "since",
        (json_int_t)fleet.since, "endpoint", fleet.endpoint, "fault", fleet.fault, "problem",
        fleet.problem, "clock_ahead_s", clock, "clock_confirmed", (int)fleet.clock_confirmed,
        "reconnects", (json_int_t)fleet.reconnects, "keys", keys_json(keeper), "epochs",
        epochs_json(keeper, &fleet), "state", state, "writes", "won", (json_int_t)fleet.writes_won,
        "lost", (json_int_t)fleet.writes_lost, "refused", (json_int_t)fleet.writes_refused,
        "ambiguous", (json_int_t)fleet.writes_ambiguous, "rings", rings_json(keeper), "rekey",
        keeper->api->rekey_status(keeper->fleet), "members", members);
}
