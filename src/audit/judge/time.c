/* SPDX-License-Identifier: Apache-2.0 */
/* What only time shows: how often keys change, how long tickets live, whether renewal ever ends. */
#include "audit/judge/judging.h"
#include "core/plural.h"

enum {
    DAY_S = 86400,
    WORTH_TELLING_S = 3600, /* a key that stays for less than this is nothing to report */
    GRACE_S = 1             /* times are whole seconds: an age may be one more than it seems */
};

struct stek_audit_rotation stek_audit_measure_rotation(const struct stek_audit_key_names *names,
                                                       uint32_t target)
{
    struct stek_audit_rotation rotation = {.shortest_s = INT64_MAX};
    const struct stek_audit_key_name *before = NULL;

    for (size_t i = 0; i < names->len; i++) {
        const struct stek_audit_key_name *name = &names->items[i];
        if (name->target != target)
            continue;
        if (before == NULL)
            rotation.first = name->first;
        const int64_t use_s = stek_audit_elapsed_s(name->first, name->last);
        if (use_s > rotation.longest_use_s)
            rotation.longest_use_s = use_s;
        if (name->last > rotation.last)
            rotation.last = name->last;
        /* A name that overlaps with the previous one, even by a second, is another process's. */
        if (before != NULL && name->first >= before->last && name->first > before->first) {
            const int64_t interval_s = stek_audit_elapsed_s(before->first, name->first);
            rotation.changes++;
            rotation.shortest_s =
                interval_s < rotation.shortest_s ? interval_s : rotation.shortest_s;
            rotation.longest_s = interval_s > rotation.longest_s ? interval_s : rotation.longest_s;
        }
        before = name;
    }
    return rotation;
}

/* The first interval began before the audit, so a whole interval needs two changes. */
static void report_changes(struct stek_audit_judging *judging, uint32_t target,
                           const struct stek_audit_rotation *rotation)
{
    const struct stek_audit_about about = stek_audit_about(target, 0);
    const int64_t span_s = stek_audit_elapsed_s(rotation->first, rotation->last);

    if (rotation->changes > 1)
        stek_audit_add_finding(judging, STEK_AUDIT_KEY_ROTATION, STEK_AUDIT_INFO, about,
                               "%u changes in %s, %s to %s apart, measured to %s",
                               (unsigned)rotation->changes, stek_audit_duration(span_s).at,
                               stek_audit_duration(rotation->shortest_s).at,
                               stek_audit_duration(rotation->longest_s).at,
                               stek_audit_duration(judging->obs->plan.sample_s).at);
    else if (rotation->changes == 1)
        stek_audit_add_finding(judging, STEK_AUDIT_KEY_ROTATION, STEK_AUDIT_INFO, about,
                               "one change in %s: the interval is at least %s",
                               stek_audit_duration(span_s).at,
                               stek_audit_duration(rotation->longest_use_s).at);
    else if (span_s >= WORTH_TELLING_S || judging->obs->plan.watch_s > 0)
        stek_audit_add_finding(judging, STEK_AUDIT_KEY_ROTATION, STEK_AUDIT_INFO, about,
                               "no change in %s", stek_audit_duration(span_s).at);
}

void stek_audit_judge_rotation(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++) {
        const struct stek_audit_rotation rotation =
            stek_audit_measure_rotation(&judging->names.names, target);
        if (judging->names.lens[target] == 0)
            continue;
        report_changes(judging, target, &rotation);
        if (rotation.longest_use_s > DAY_S)
            stek_audit_add_finding(judging, STEK_AUDIT_ROTATION_SLOW, STEK_AUDIT_MEDIUM,
                                   stek_audit_about(target, 0),
                                   "one key name on new tickets for %s",
                                   stek_audit_duration(rotation.longest_use_s).at);
    }
}

struct life {
    uint32_t tried, resumed;
    int64_t oldest_taken_s, youngest_refused_s;
    int64_t beyond_s; /* the most that a ticket has outlived its lifetime by */
    uint32_t beyond, hint_s;
};

static bool waits(const struct stek_audit_handshake *h)
{
    return (h->purpose == STEK_AUDIT_RESUME || h->purpose == STEK_AUDIT_LIFE ||
            h->purpose == STEK_AUDIT_REUSE || h->purpose == STEK_AUDIT_CHAIN) &&
           h->ticket != STEK_AUDIT_NONE && h->outcome != STEK_AUDIT_UNREACHABLE &&
           h->outcome != STEK_AUDIT_TIMEOUT;
}

static struct life measure_life(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version)
{
    struct life life = {.youngest_refused_s = INT64_MAX};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (!waits(h) || h->target != target || h->version_offered != version ||
            obs->tickets[h->ticket].target != target)
            continue;
        const struct stek_audit_ticket *ticket = &obs->tickets[h->ticket];
        const int64_t age_s = stek_audit_elapsed_s(ticket->received, h->at);
        life.tried += h->purpose == STEK_AUDIT_LIFE;
        life.resumed += h->purpose == STEK_AUDIT_LIFE && h->resumed;
        if (!h->resumed) {
            life.youngest_refused_s =
                age_s < life.youngest_refused_s ? age_s : life.youngest_refused_s;
            continue;
        }
        life.oldest_taken_s = age_s > life.oldest_taken_s ? age_s : life.oldest_taken_s;
        if (ticket->hint_s == 0 || age_s <= (int64_t)ticket->hint_s + GRACE_S)
            continue;
        life.beyond++;
        if (age_s - ticket->hint_s > life.beyond_s) {
            life.beyond_s = age_s - ticket->hint_s;
            life.hint_s = ticket->hint_s;
        }
    }
    return life;
}

void stek_audit_judge_life(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const struct stek_audit_about about = stek_audit_about(target, stek_audit_versions[i]);
            const struct life life = measure_life(judging->obs, target, stek_audit_versions[i]);
            struct stek_audit_text text = {.len = 0};
            if (life.beyond > 0)
                stek_audit_add_finding(
                    judging, STEK_AUDIT_LIVES_BEYOND_HINT, STEK_AUDIT_MEDIUM, about,
                    "%u %s resumed after %s lifetime; one of %u s (%s) did %s "
                    "after it had passed",
                    (unsigned)life.beyond, stek_plural(life.beyond, "ticket", "tickets"),
                    stek_plural(life.beyond, "its", "their"), (unsigned)life.hint_s,
                    stek_audit_duration(life.hint_s).at, stek_audit_duration(life.beyond_s).at);
            if (life.tried == 0)
                continue;
            stek_audit_text_add(&text, "%u of %u %s that had waited resumed; the oldest was %s old",
                                (unsigned)life.resumed, (unsigned)life.tried,
                                stek_plural(life.tried, "ticket", "tickets"),
                                stek_audit_duration(life.oldest_taken_s).at);
            if (life.youngest_refused_s != INT64_MAX)
                stek_audit_text_add(&text, ", the youngest that was refused %s",
                                    stek_audit_duration(life.youngest_refused_s).at);
            stek_audit_add_finding(judging, STEK_AUDIT_TICKET_LIFE, STEK_AUDIT_INFO, about, "%s",
                                   text.at);
        }
}

/* The lifetime of the ticket with which a chain began. */
static uint32_t first_hint(const struct stek_audit_observation *obs, uint32_t ticket)
{
    const struct stek_audit_handshake *h = &obs->handshakes[obs->tickets[ticket].handshake];

    while (h->resumed && h->ticket != STEK_AUDIT_NONE && h->ticket < ticket) {
        ticket = h->ticket;
        h = &obs->handshakes[obs->tickets[ticket].handshake];
    }
    return obs->tickets[ticket].hint_s;
}

void stek_audit_judge_chains(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;

    for (uint32_t target = 0; target < obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            int64_t longest_s = 0;
            uint32_t hint_s = 0;
            for (size_t k = 0; k < obs->handshakes_len; k++) {
                const struct stek_audit_handshake *h = &obs->handshakes[k];
                if (h->purpose != STEK_AUDIT_CHAIN || h->target != target || !h->resumed ||
                    h->version_offered != stek_audit_versions[i] || h->ticket == STEK_AUDIT_NONE)
                    continue;
                const uint32_t hint = first_hint(obs, h->ticket);
                const int64_t age_s =
                    stek_audit_elapsed_s(stek_audit_chain_start(obs, h->ticket), h->at);
                if (hint > 0 && age_s > (int64_t)hint + GRACE_S && age_s > longest_s) {
                    longest_s = age_s;
                    hint_s = hint;
                }
            }
            if (longest_s > 0)
                stek_audit_add_finding(
                    judging, STEK_AUDIT_CHAIN_UNBOUNDED, STEK_AUDIT_MEDIUM,
                    stek_audit_about(target, stek_audit_versions[i]),
                    "a chain of resumptions still went on %s after its full handshake; "
                    "the first ticket's "
                    "lifetime was %s",
                    stek_audit_duration(longest_s).at, stek_audit_duration(hint_s).at);
        }
}
