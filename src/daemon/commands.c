/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/commands.h"

#include "core/revoke.h"
#include "daemon/history/answer.h"
#include "daemon/history/fields.h"
#include "daemon/history/note.h"
#include "daemon/inspect.h"
#include "daemon/turn.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/watch/clock.h"
#include "core/plural.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static json_t *unknown_ring(const char *ring)
{
    return stek_control_error("unknown-ring",
                              "there is no ring '%s': 'stek status' lists the rings", ring);
}

static bool append_ring(struct stekd *daemon, const struct stek_kept *kept, int64_t now,
                        json_t *list)
{
    struct stek_status_ring status;

    stek_rings_describe(&daemon->rings, kept, now, &status);
    stekd_fleet_annotate(&daemon->fleet, &status);
    return json_array_append_new(list, stek_status_json(&status)) == 0;
}

static bool append_orphan(const struct stekd *daemon, const struct stek_orphan *orphan, int64_t now,
                          json_t *list)
{
    struct stek_status_ring status;

    stek_orphans_describe(&daemon->orphans, orphan, now, &status);
    return json_array_append_new(list, stek_status_json(&status)) == 0;
}

/* All that are meant: the kept ones first. */
static bool append_rings(struct stekd *daemon, const char *only, int64_t now, json_t *list)
{
    bool whole = true;

    for (size_t i = 0; i < daemon->rings.count && whole; i++)
        if (only[0] == '\0' || strcmp(only, daemon->rings.at[i].config.name) == 0)
            whole = append_ring(daemon, &daemon->rings.at[i], now, list);
    for (size_t i = 0; i < daemon->orphans.count && whole; i++)
        if (only[0] == '\0' || strcmp(only, daemon->orphans.at[i].name) == 0)
            whole = append_orphan(daemon, &daemon->orphans.at[i], now, list);
    return whole;
}

json_t *stek_commands_rings(struct stekd *daemon, const char *only, int64_t now)
{
    json_t *list = json_array();

    if (list != NULL && append_rings(daemon, only, now, list))
        return list;
    json_decref(list);
    return NULL;
}

json_t *stek_commands_self(const struct stekd *daemon)
{
    char clock[STEK_CLOCK_TEXT_LEN];
    const bool wrong = stek_clock_problem(&daemon->rings, clock);

    return json_pack("{s:s, s:I, s:I, s:s?}", "version", STEK_VERSION, "pid", (json_int_t)getpid(),
                     "since", (json_int_t)daemon->since, "clock_problem", wrong ? clock : NULL);
}

static json_t *answer_status(struct stekd *daemon, const struct stek_request *request)
{
    const int64_t now = stekd_now();

    stekd_begin_answer(daemon);
    json_t *list = stek_commands_rings(daemon, request->ring, now);
    if (list == NULL)
        return NULL;
    if (json_array_size(list) == 0 && request->ring[0] != '\0') {
        json_decref(list);
        return unknown_ring(request->ring);
    }
    return json_pack("{s:b, s:o, s:o}", "ok", 1, "stekd", stek_commands_self(daemon), "rings",
                     list);
}

/* stek_change_fn */
static enum stek_result rotate_now(struct stek_ring_state *state, int64_t now,
                                   const struct stek_fresh *fresh, void *arg)
{
    const struct stek_policy policy = stek_ring_state_policy(state);
    const char **ret_problem = arg;

    *ret_problem = stek_records_rotate_problem(&state->records, now);
    return *ret_problem != NULL ? STEK_ERR_BUSY
                                : stek_records_rotate_now(&state->records, &policy, now, fresh);
}

static json_t *answer_rotate(struct stekd *daemon, struct stek_kept *kept,
                             const struct stek_request *request, const struct stek_peer *peer)
{
    const int64_t now = stekd_now();
    const char *problem = NULL;

    errno = 0;
    enum stek_result result = stek_writer_change(kept->writer, rotate_now, &problem, now);
    if (result != STEK_OK)
        return stek_control_error("failed", "ring %s: %s", kept->config.name,
                                  problem != NULL ? problem : stek_failure_of(result, errno).text);
    stek_kept_count(kept, now);
    stekd_turn(daemon);
    stek_log(STEK_LOG_NOTICE, "ring %s: rotated by hand (user %ld, process %ld): %s",
             kept->config.name, (long)peer->uid, (long)peer->pid,
             stek_fields_of_order(request, peer, -1).text);
    return json_pack("{s:b, s:s}", "ok", 1, "ring", kept->config.name);
}

/* A revocation under way. */
struct revoking {
    struct stek_revocation what;
    uint64_t count;
};

/* stek_change_fn */
static enum stek_result revoke_now(struct stek_ring_state *state, int64_t now,
                                   const struct stek_fresh *fresh, void *arg)
{
    const struct stek_policy policy = stek_ring_state_policy(state);
    struct revoking *revoking = arg;

    enum stek_result result = stek_records_revoke(&state->records, &revoking->what, &policy, now,
                                                  fresh, &revoking->count);
    if (result == STEK_OK &&
        revoking->what.which == STEK_REVOKE_ALL) /* nor does anything older come back */
        state->floor = state->records.at[0].seq;
    return result;
}

/* An orphan has no key that comes after those that are revoked: so it goes as a whole. */
static json_t *answer_orphan(struct stekd *daemon, struct stek_orphan *orphan,
                             const struct stek_request *request, const struct stek_peer *peer)
{
    struct stek_status_ring status;
    const char *problem = NULL;

    if (request->command != STEK_REQUEST_REVOKE || request->which != STEK_REQUEST_ALL)
        return stek_control_error("failed",
                                  "ring %s: no configuration names it: all that can be done is "
                                  "'stek revoke %s --all', which wipes and removes it",
                                  request->ring, request->ring);
    stek_orphans_describe(&daemon->orphans, orphan, stekd_now(), &status);
    errno = 0;
    enum stek_result result = stek_orphans_destroy(&daemon->orphans, orphan, &problem);
    if (result != STEK_OK)
        return stek_control_error("failed", "ring %s: nothing was revoked: %s", request->ring,
                                  problem != NULL ? problem : stek_failure_of(result, errno).text);
    stek_log(STEK_LOG_NOTICE,
             "ring %s: no configuration names it: wiped and removed by hand (user %ld, process "
             "%ld): %s",
             request->ring, (long)peer->uid, (long)peer->pid,
             stek_fields_of_order(request, peer, (int64_t)status.key_count).text);
    return json_pack("{s:b, s:s, s:I, s:b}", "ok", 1, "ring", request->ring, "revoked",
                     (json_int_t)status.key_count, "removed", 1);
}

/* Finds the key that `id` means. Returns an error to answer with, or NULL. */
static json_t *find_key(struct stekd *daemon, const struct stek_kept *kept, const char *id,
                        uint64_t *ret_seq)
{
    struct stek_status_ring status;
    size_t matches = 0;

    stekd_begin_answer(daemon);
    stek_rings_describe(&daemon->rings, kept, stekd_now(), &status);
    const struct stek_status_key *key = stek_status_find(&status, id, &matches);
    if (key == NULL)
        return stek_control_error(
            "failed", "ring %s: %s: 'stek status' shows the keys", kept->config.name,
            matches > 1 ? "more than one key begins with that" : "there is no such key");
    *ret_seq = key->seq;
    return NULL;
}

static json_t *answer_revoke(struct stekd *daemon, struct stek_kept *kept,
                             const struct stek_request *request, const struct stek_peer *peer)
{
    static const enum stek_revoke_which which[] = {[STEK_REQUEST_ALL] = STEK_REVOKE_ALL,
                                                   [STEK_REQUEST_KEY] = STEK_REVOKE_KEY,
                                                   [STEK_REQUEST_BEFORE] = STEK_REVOKE_BEFORE};
    struct revoking revoking = {
        .what = {.which = which[request->which], .before = request->before}};
    const int64_t now = stekd_now();
    json_t *error = NULL;

    if (request->which == STEK_REQUEST_KEY)
        error = find_key(daemon, kept, request->key, &revoking.what.seq);
    if (error != NULL)
        return error;
    errno = 0;
    enum stek_result result = stek_writer_change(kept->writer, revoke_now, &revoking, now);
    if (result != STEK_OK)
        return stek_control_error("failed", "ring %s: nothing was revoked: %s", kept->config.name,
                                  stek_failure_of(result, errno).text);
    stek_kept_count(kept, now);
    stekd_turn(daemon);
    stek_log(STEK_LOG_NOTICE, "ring %s: %" PRIu64 " %s revoked by hand (user %ld, process %ld): %s",
             kept->config.name, revoking.count, stek_plural(revoking.count, "key", "keys"),
             (long)peer->uid, (long)peer->pid,
             stek_fields_of_order(request, peer, (int64_t)revoking.count).text);
    return json_pack("{s:b, s:s, s:I}", "ok", 1, "ring", kept->config.name, "revoked",
                     (json_int_t)revoking.count);
}

static json_t *answer_rekey(struct stekd *daemon, const struct stek_request *request,
                            const struct stek_peer *peer)
{
    if (daemon->fleet.fleet == NULL)
        return stek_control_error("failed",
                                  "this host is not in a fleet: see [fleet] in stekd.conf(5)");
    const char *problem = daemon->fleet.api->rekey(daemon->fleet.fleet);
    if (problem != NULL)
        return stek_control_error("failed", "%s", problem);
    stek_log(STEK_LOG_NOTICE, "fleet: sealing the store's values again (user %ld, process %ld): %s",
             (long)peer->uid, (long)peer->pid, stek_fields_of_order(request, peer, -1).text);
    return stekd_fleet_json(&daemon->fleet, false);
}

/* Which floor a revocation means. Returns an error to answer with, or NULL. */
static json_t *find_floor(struct stekd *daemon, const struct stek_kept *kept,
                          const struct stek_request *request, size_t index, uint64_t *ret_floor)
{
    const struct stekd_fleet *keeper = &daemon->fleet;
    uint64_t seq = 0;

    *ret_floor = 0;
    if (request->which == STEK_REQUEST_BEFORE)
        *ret_floor = keeper->api->floor_before(keeper->fleet, index, request->before);
    if (request->which != STEK_REQUEST_KEY)
        return NULL;
    json_t *error = find_key(daemon, kept, request->key, &seq);
    if (error == NULL)
        *ret_floor = keeper->api->floor_for(keeper->fleet, index, seq);
    return error;
}

/* An order for the whole fleet is carried out by way of the store: how it ends, the command asks
 * for later. */
static json_t *answer_fleetwide(struct stekd *daemon, const struct stek_kept *kept,
                                const struct stek_request *request, const struct stek_peer *peer)
{
    const struct stekd_fleet *keeper = &daemon->fleet;
    const bool rotate = request->command == STEK_REQUEST_ROTATE;
    uint64_t floor = 0;
    size_t index;

    if (!stekd_fleet_find(keeper, kept->config.name, &index))
        return stek_control_error("failed", "ring %s: its fleet is not available: see the log",
                                  kept->config.name);
    json_t *error = rotate ? NULL : find_floor(daemon, kept, request, index, &floor);
    if (error != NULL)
        return error;
    const char *problem = keeper->api->ask(
        keeper->fleet, index, rotate ? STEK_SYNC_OP_ROTATE : STEK_SYNC_OP_REVOKE, floor);
    if (problem != NULL)
        return stek_control_error("failed", "ring %s: %s", kept->config.name, problem);
    stek_log(STEK_LOG_NOTICE, "ring %s: %s on all hosts, by hand (user %ld, process %ld): %s",
             kept->config.name, rotate ? "rotation" : "revocation", (long)peer->uid,
             (long)peer->pid, stek_fields_of_order(request, peer, -1).text);
    return json_pack("{s:b, s:s, s:s}", "ok", 1, "ring", kept->config.name, "fleet", "pending");
}

/* A revocation on this host alone, for when the store is away: done when this returns. */
static json_t *answer_revoke_here(struct stekd *daemon, struct stek_kept *kept,
                                  const struct stek_request *request, const struct stek_peer *peer)
{
    const struct stekd_fleet *keeper = &daemon->fleet;
    uint64_t floor = 0;
    uint64_t count = 0;
    size_t index;

    if (!stekd_fleet_find(keeper, kept->config.name, &index))
        return stek_control_error("failed", "ring %s: its fleet is not available: see the log",
                                  kept->config.name);
    json_t *error = find_floor(daemon, kept, request, index, &floor);
    if (error != NULL)
        return error;
    const char *problem = keeper->api->revoke_here(keeper->fleet, index, floor, &count);
    if (problem != NULL)
        return stek_control_error("failed", "ring %s: not revoked: %s", kept->config.name, problem);
    stekd_turn(daemon);
    stek_log(STEK_LOG_NOTICE,
             "ring %s: %" PRIu64 " %s revoked on this host, by hand (user %ld, process %ld): %s",
             kept->config.name, count, stek_plural(count, "key", "keys"), (long)peer->uid,
             (long)peer->pid, stek_fields_of_order(request, peer, (int64_t)count).text);
    return json_pack("{s:b, s:s, s:I, s:b}", "ok", 1, "ring", kept->config.name, "revoked",
                     (json_int_t)count, "this_host", 1);
}

/* What concerns one ring. */
static json_t *answer_for_ring(struct stekd *daemon, const struct stek_request *request,
                               const struct stek_peer *peer)
{
    struct stek_kept *kept = stek_rings_find(&daemon->rings, request->ring);
    struct stek_orphan *orphan = stek_orphans_find(&daemon->orphans, request->ring);
    if (kept == NULL && orphan != NULL)
        return answer_orphan(daemon, orphan, request, peer);
    if (kept == NULL)
        return unknown_ring(request->ring);
    if (kept->writer == NULL)
        return stek_control_error("failed", "ring %s: stekd cannot keep it now: %s",
                                  kept->config.name, kept->problem.text);
    if (kept->config.source == STEK_SOURCE_FLEET && request->this_host && !stek_kept_is_own(kept))
        return answer_revoke_here(daemon, kept, request, peer);
    if (kept->config.source == STEK_SOURCE_FLEET && !request->this_host &&
        request->command != STEK_REQUEST_INSPECT)
        return answer_fleetwide(daemon, kept, request, peer);
    if (kept->config.source == STEK_SOURCE_SEED && request->command != STEK_REQUEST_INSPECT &&
        !stek_kept_is_own(kept))
        return stek_control_error("failed",
                                  "ring %s: its keys come from a seed: to revoke them, give all "
                                  "hosts a new one ('stek fleet seed') and reload stekd",
                                  kept->config.name);
    switch (request->command) {
    case STEK_REQUEST_ROTATE:
        return answer_rotate(daemon, kept, request, peer);
    case STEK_REQUEST_REVOKE:
        return answer_revoke(daemon, kept, request, peer);
    default:
        return stek_daemon_inspect(&daemon->rings, kept, request, stekd_now());
    }
}

/* Whoever ordered it, and how it ended. */
static void note(struct stekd *daemon, const struct stek_request *request,
                 const struct stek_peer *peer, const json_t *answer)
{
    const json_t *revoked = json_object_get(answer, "revoked");
    const char *error = json_string_value(json_object_get(answer, "error"));

    if (json_is_true(json_object_get(answer, "ok")))
        stek_note_order(&daemon->history, request, peer,
                        revoked != NULL ? (int64_t)json_integer_value(revoked) : -1);
    else
        stek_note_refused(&daemon->history, request, peer, error != NULL ? error : "no memory");
}

json_t *stek_commands_answer(const struct stek_request *request, const struct stek_peer *peer,
                             void *arg)
{
    struct stekd *daemon = arg;
    json_t *answer = NULL;

    switch (request->command) {
    case STEK_REQUEST_STATUS:
        return answer_status(daemon, request);
    case STEK_REQUEST_FLEET:
        return stekd_fleet_json(&daemon->fleet, request->read);
    case STEK_REQUEST_REPORT:
        return stekd_history_answer(&daemon->history, request, stekd_now());
    case STEK_REQUEST_INSPECT:
        return answer_for_ring(daemon, request, peer);
    case STEK_REQUEST_REKEY:
        answer = answer_rekey(daemon, request, peer);
        break;
    default:
        answer = answer_for_ring(daemon, request, peer);
    }
    note(daemon, request, peer, answer);
    return answer;
}
