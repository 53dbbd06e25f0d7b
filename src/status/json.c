/* SPDX-License-Identifier: Apache-2.0 */
/* The status of a ring as JSON: docs/formats.md, "Status". */
#include "status/status.h"

#include <string.h>

static json_t *key_json(const struct stek_status_key *key)
{
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I}", "seq", (json_int_t)key->seq,
                     "fingerprint", key->fingerprint, "state", stek_state_name(key->state),
                     "origin", stek_origin_name(key->origin), "active_from",
                     (json_int_t)key->active_from, "active_until", (json_int_t)key->active_until,
                     "accept_until", (json_int_t)key->accept_until);
}

static json_t *keys_json(const struct stek_status_ring *ring)
{
    json_t *keys = json_array();

    for (size_t i = 0; keys != NULL && i < ring->key_count; i++) {
        if (json_array_append_new(keys, key_json(&ring->key[i])) != 0) {
            json_decref(keys);
            return NULL;
        }
    }
    return keys;
}

static json_t *tickets_json(const struct stek_status_ring *ring)
{
    json_t *tickets = json_object();
    json_t *refused = json_object();
    bool ok = tickets != NULL && refused != NULL;

    for (int i = 0; ok && i < STEK_COUNTERS; i++)
        ok = json_object_set_new(stek_counter_is_refusal((enum stek_counter)i) ? refused : tickets,
                                 stek_counter_name((enum stek_counter)i),
                                 json_integer((json_int_t)ring->stats.count[i])) == 0;
    if (ok && json_object_set(tickets, "refused", refused) != 0)
        ok = false;
    json_decref(refused);
    if (ok)
        return tickets;
    json_decref(tickets);
    return NULL;
}

static json_t *consumers_json(const struct stek_status_ring *ring)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < ring->stats.consumer_count; i++) {
        const struct stek_consumer *consumer = &ring->stats.consumer[i];
        if (json_array_append_new(list, json_pack("{s:I, s:I}", "pid", (json_int_t)consumer->pid,
                                                  "last_use", (json_int_t)consumer->last_use)) !=
            0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I, s:b}", "processes",
                     (json_int_t)ring->stats.processes, "used",
                     (json_int_t)ring->stats.processes_used, "list", list, "files",
                     (json_int_t)ring->stats.files, "files_ignored",
                     (json_int_t)ring->stats.files_ignored, "files_over",
                     (json_int_t)ring->stats.files_over, "incomplete", (int)ring->stats.incomplete);
}

/* Adds a member; takes `value`, and fails when that is NULL. */
static bool add(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

/* 0 stands for no time. */
static json_t *time_json(int64_t when)
{
    return when != 0 ? json_integer((json_int_t)when) : json_null();
}

static bool add_state(json_t *object, const struct stek_status_ring *ring)
{
    const struct stek_policy *policy = &ring->policy;

    return add(object, "source", json_string(stek_source_name(ring->source))) &&
           add(object, "policy",
               json_pack("{s:I, s:I, s:I, s:I}", "rotate_s", (json_int_t)policy->rotate_s,
                         "accept_s", (json_int_t)policy->accept_s, "max_session_age_s",
                         (json_int_t)policy->max_session_age_s, "ahead",
                         (json_int_t)policy->ahead)) &&
           add(object, "floor", json_integer((json_int_t)ring->floor)) &&
           add(object, "changed_at", time_json(ring->changed_at)) &&
           add(object, "continued_since", time_json(ring->continued_since)) &&
           add(object, "published_until", time_json(ring->published_until)) &&
           add(object, "keys", keys_json(ring)) &&
           add(object, "tickets", ring->has_stats ? tickets_json(ring) : json_null()) &&
           add(object, "consumers", ring->has_stats ? consumers_json(ring) : json_null());
}

json_t *stek_status_json(const struct stek_status_ring *ring)
{
    json_t *object = json_object();
    const bool has_problem = ring->problem[0] != '\0';

    if (object != NULL && add(object, "name", json_string(ring->name)) &&
        add(object, "health", json_string(stek_health_name(ring->health))) &&
        add(object, "problem", has_problem ? json_string(ring->problem) : json_null()) &&
        add(object, "orphan", json_boolean(ring->orphan)) &&
        add(object, "removed_at", time_json(ring->removed_at)) &&
        (stek_status_is_unknown(ring) || add_state(object, ring)))
        return object;
    json_decref(object);
    return NULL;
}
