/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/compare.h"

#include <stdlib.h>
#include <string.h>

static bool same_target(const struct stek_audit_target *a, const struct stek_audit_target *b)
{
    return strcmp(a->host, b->host) == 0 && a->port == b->port && strcmp(a->sni, b->sni) == 0;
}

/* The target of `obs` that is `wanted`, or STEK_AUDIT_NONE. */
static uint32_t find_target(const struct stek_audit_observation *obs,
                            const struct stek_audit_target *wanted)
{
    for (uint32_t i = 0; i < obs->targets_len; i++)
        if (same_target(&obs->targets[i], wanted))
            return i;
    return STEK_AUDIT_NONE;
}

bool stek_audit_share_target(const struct stek_audit_observation *now,
                             const struct stek_audit_observation *then)
{
    for (size_t i = 0; i < then->targets_len; i++)
        if (find_target(now, &then->targets[i]) != STEK_AUDIT_NONE)
            return true;
    return false;
}

/* Both sides of a comparison. */
struct sides {
    const struct stek_audit_observation *now, *then;
    const struct stek_audit_findings *findings_now;
};

/* Whether a target of now and one of then are the same, or both are none. */
static bool are_one(const struct sides *sides, uint32_t now, uint32_t then)
{
    if (now == STEK_AUDIT_NONE || then == STEK_AUDIT_NONE)
        return now == then;
    return same_target(&sides->now->targets[now], &sides->then->targets[then]);
}

static bool are_same(const struct sides *sides, const struct stek_audit_finding *now,
                     const struct stek_audit_finding *then)
{
    return now->id == then->id && now->severity == then->severity &&
           now->version == then->version && are_one(sides, now->target, then->target) &&
           are_one(sides, now->other, then->other);
}

static bool was_reached(const struct sides *sides, uint32_t target)
{
    for (size_t i = 0; i < sides->findings_now->len; i++) {
        const struct stek_audit_finding *finding = &sides->findings_now->items[i];
        if (finding->id == STEK_AUDIT_NOT_REACHED && finding->target == target)
            return false;
    }
    return sides->now->targets[target].gave_up[0] == '\0';
}

/* Whether this audit examined a target of the earlier one to the end. */
static bool was_examined(const struct sides *sides, uint32_t then)
{
    if (then == STEK_AUDIT_NONE)
        return true;
    const uint32_t now = find_target(sides->now, &sides->then->targets[then]);
    return now != STEK_AUDIT_NONE && was_reached(sides, now);
}

/* Only time shows these. */
static bool takes_time(enum stek_audit_id id)
{
    return id == STEK_AUDIT_ROTATION_SLOW || id == STEK_AUDIT_LIVES_BEYOND_HINT ||
           id == STEK_AUDIT_CHAIN_UNBOUNDED;
}

/* Whether this audit would have seen a finding of the earlier one, were it still there. */
static bool was_looked_for(const struct sides *sides, const struct stek_audit_finding *then)
{
    if (sides->now->interrupted || !was_examined(sides, then->target) ||
        !was_examined(sides, then->other))
        return false;
    return !takes_time(then->id) || sides->now->plan.watch_s >= sides->then->plan.watch_s;
}

static bool is_compared(const struct stek_audit_finding *finding)
{
    return finding->severity > STEK_AUDIT_INFO;
}

/* An earlier finding of the same kind that no other one has been matched with, or -1. */
static ptrdiff_t find_unmatched(const struct sides *sides, const struct stek_audit_since *since,
                                const struct stek_audit_finding *now)
{
    for (size_t i = 0; i < since->findings->len; i++)
        if (since->then[i] != STEK_AUDIT_UNCHANGED &&
            are_same(sides, now, &since->findings->items[i]))
            return (ptrdiff_t)i;
    return -1;
}

static void match(const struct sides *sides, struct stek_audit_since *since)
{
    for (size_t i = 0; i < sides->findings_now->len; i++) {
        const struct stek_audit_finding *finding = &sides->findings_now->items[i];
        if (!is_compared(finding))
            continue;
        const ptrdiff_t same = find_unmatched(sides, since, finding);
        since->now[i] = same >= 0 ? STEK_AUDIT_UNCHANGED : STEK_AUDIT_NEW;
        if (same >= 0)
            since->then[same] = STEK_AUDIT_UNCHANGED;
        since->count[since->now[i]]++;
    }
    for (size_t i = 0; i < since->findings->len; i++) {
        const struct stek_audit_finding *finding = &since->findings->items[i];
        if (!is_compared(finding) || since->then[i] == STEK_AUDIT_UNCHANGED)
            continue;
        since->then[i] = was_looked_for(sides, finding) ? STEK_AUDIT_GONE : STEK_AUDIT_NOT_LOOKED;
        since->count[since->then[i]]++;
    }
}

enum stek_result stek_audit_compare(const struct stek_audit_observation *now,
                                    const struct stek_audit_findings *findings_now,
                                    const struct stek_audit_observation *then,
                                    const struct stek_audit_findings *findings_then,
                                    struct stek_audit_since *ret_since)
{
    const struct sides sides = {now, then, findings_now};
    struct stek_audit_since since = {.obs = then, .findings = findings_then};

    since.now = calloc(findings_now->len + 1, sizeof *since.now);
    since.then = calloc(findings_then->len + 1, sizeof *since.then);
    if (since.now == NULL || since.then == NULL) {
        stek_audit_since_fini(&since);
        return STEK_ERR_MEMORY;
    }
    match(&sides, &since);
    *ret_since = since;
    return STEK_OK;
}

void stek_audit_since_fini(struct stek_audit_since *since)
{
    free(since->now);
    free(since->then);
    *since = (struct stek_audit_since){0};
}

const char *stek_audit_fate_name(enum stek_audit_fate fate)
{
    static const char *const names[STEK_AUDIT_FATES] = {NULL, "new", "unchanged", "gone",
                                                        "not-looked"};

    return names[fate];
}
