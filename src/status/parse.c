/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring's status from its JSON, as `stek` hears it from stekd. The answer is stekd's, by the place
 * of its socket; bytes that do not fit are refused all the same. Members that are not known are
 * skipped: a later stekd may say more.
 */
#include "status/status.h"

#include "core/ringname.h"

#include <stdio.h>
#include <string.h>

/* Copies a text of at most `max` bytes without control characters. */
static bool take_text(const json_t *object, const char *name, char *ret_text, size_t max)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (text == NULL || strlen(text) > max)
        return false;
    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    memcpy(ret_text, text, strlen(text) + 1);
    return true;
}

/* A number from 0 on, or, where that is allowed, null for 0. */
static bool take_number(const json_t *object, const char *name, bool or_null, int64_t *ret_number)
{
    const json_t *value = json_object_get(object, name);

    if (json_is_null(value) && or_null) {
        *ret_number = 0;
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_number = (int64_t)json_integer_value(value);
    return true;
}

static bool take_time(const json_t *object, const char *name, int64_t *ret_time)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_integer(value) && !json_is_null(value))
        return false;
    *ret_time = (int64_t)json_integer_value(value); /* 0 for null */
    return *ret_time > -STEK_TIME_MAX && *ret_time < STEK_TIME_MAX;
}

static bool take_count(const json_t *object, const char *name, uint64_t *ret_count)
{
    int64_t number;

    if (!take_number(object, name, false, &number))
        return false;
    *ret_count = (uint64_t)number;
    return true;
}

/* Finds the value from `first` to `last` whose name stands there. */
static bool take_word(const json_t *object, const char *name, const char *(*word)(uint64_t),
                      unsigned first, unsigned last, unsigned *ret_value)
{
    const char *text = json_string_value(json_object_get(object, name));

    for (unsigned value = first; text != NULL && value <= last; value++) {
        if (strcmp(text, word(value)) != 0)
            continue;
        *ret_value = value;
        return true;
    }
    return false;
}

static const char *state_word(uint64_t value)
{
    return stek_state_name((enum stek_state)value);
}

static const char *origin_word(uint64_t value)
{
    return stek_origin_name((enum stek_origin)value);
}

static const char *health_word(uint64_t value)
{
    return stek_health_name((enum stek_status_health)value);
}

static bool take_key(const json_t *object, struct stek_status_key *key)
{
    unsigned state = 0;
    unsigned origin = 0;
    const bool ok =
        take_count(object, "seq", &key->seq) &&
        take_text(object, "fingerprint", key->fingerprint, STEK_FINGERPRINT_HEX_LEN) &&
        take_word(object, "state", state_word, STEK_STATE_PENDING, STEK_STATE_RETIRED, &state) &&
        take_word(object, "origin", origin_word, STEK_ORIGIN_PUBLISHED, STEK_ORIGIN_SUPERSEDED,
                  &origin) &&
        take_time(object, "active_from", &key->active_from) &&
        take_time(object, "active_until", &key->active_until) &&
        take_time(object, "accept_until", &key->accept_until);

    key->state = (enum stek_state)state;
    key->origin = (enum stek_origin)origin;
    return ok && strspn(key->fingerprint, "0123456789abcdef") == STEK_FINGERPRINT_HEX_LEN;
}

static bool take_keys(const json_t *object, struct stek_status_ring *ring)
{
    const json_t *keys = json_object_get(object, "keys");

    if (!json_is_array(keys) || json_array_size(keys) > STEK_RECORDS_MAX)
        return false;
    for (size_t i = 0; i < json_array_size(keys); i++)
        if (!take_key(json_array_get(keys, i), &ring->key[ring->key_count++]))
            return false;
    return true;
}

static bool take_policy(const json_t *object, struct stek_policy *policy)
{
    const json_t *of = json_object_get(object, "policy");
    int64_t ahead = 0;
    const bool ok = take_number(of, "rotate_s", false, &policy->rotate_s) &&
                    take_number(of, "accept_s", false, &policy->accept_s) &&
                    take_number(of, "max_session_age_s", false, &policy->max_session_age_s) &&
                    take_number(of, "ahead", false, &ahead);

    policy->ahead = (uint32_t)ahead;
    return ok && stek_policy_problem(policy) == NULL;
}

static bool take_tickets(const json_t *object, struct stek_stats_sum *stats)
{
    const json_t *tickets = json_object_get(object, "tickets");
    const json_t *refused = json_object_get(tickets, "refused");

    for (int i = 0; i < STEK_COUNTERS; i++) {
        const enum stek_counter counter = (enum stek_counter)i;
        if (!take_count(stek_counter_is_refusal(counter) ? refused : tickets,
                        stek_counter_name(counter), &stats->count[counter]))
            return false;
    }
    return true;
}

static bool take_consumers(const json_t *object, struct stek_stats_sum *stats)
{
    const json_t *consumers = json_object_get(object, "consumers");
    const json_t *list = json_object_get(consumers, "list");

    if (!take_count(consumers, "processes", &stats->processes) ||
        !take_count(consumers, "used", &stats->processes_used) ||
        !take_count(consumers, "files", &stats->files) ||
        !take_count(consumers, "files_ignored", &stats->files_ignored) ||
        !take_count(consumers, "files_over", &stats->files_over) || !json_is_array(list) ||
        json_array_size(list) > STEK_STATS_CONSUMERS_MAX)
        return false;
    stats->incomplete = json_is_true(json_object_get(consumers, "incomplete"));
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct stek_consumer *consumer = &stats->consumer[stats->consumer_count++];
        if (!take_number(json_array_get(list, i), "pid", false, &consumer->pid) ||
            !take_number(json_array_get(list, i), "last_use", false, &consumer->last_use))
            return false;
    }
    return true;
}

static bool take_stats(const json_t *object, struct stek_status_ring *ring)
{
    ring->has_stats = !json_is_null(json_object_get(object, "tickets"));
    return !ring->has_stats ||
           (take_tickets(object, &ring->stats) && take_consumers(object, &ring->stats));
}

static bool take_state(const json_t *object, struct stek_status_ring *ring)
{
    unsigned source = 0;
    const bool ok = take_word(object, "source", stek_source_name, STEK_SOURCE_PRIVATE,
                              STEK_SOURCE_SEED, &source) &&
                    take_policy(object, &ring->policy) &&
                    take_count(object, "floor", &ring->floor) &&
                    take_time(object, "changed_at", &ring->changed_at) &&
                    take_time(object, "continued_since", &ring->continued_since) &&
                    take_time(object, "published_until", &ring->published_until) &&
                    take_keys(object, ring) && take_stats(object, ring);

    ring->source = source;
    return ok;
}

const char *stek_status_parse(const json_t *object, struct stek_status_ring *ret_ring)
{
    struct stek_status_ring ring = {.key_count = 0};
    unsigned health = 0;

    if (!take_text(object, "name", ring.name, STEK_RING_NAME_MAX) ||
        !stek_ring_name_is_valid(ring.name))
        return "a ring without a name";
    if (!take_word(object, "health", health_word, STEK_STATUS_FINE, STEK_STATUS_NOT_KEPT, &health))
        return "a ring whose health is unknown";
    ring.health = (enum stek_status_health)health;
    if (!json_is_null(json_object_get(object, "problem")) &&
        !take_text(object, "problem", ring.problem, STEK_STATUS_PROBLEM_MAX))
        return "a ring whose problem is not text";
    ring.orphan = json_is_true(json_object_get(object, "orphan"));
    if (ring.orphan && !take_time(object, "removed_at", &ring.removed_at))
        return "an orphan whose end is no time";
    if (!stek_status_is_unknown(&ring) && !take_state(object, &ring))
        return "a ring whose keys or counters have an unknown form";
    *ret_ring = ring;
    return NULL;
}
