/* SPDX-License-Identifier: Apache-2.0 */
/* Whether tickets resume, how often, and why not always: one process, several, or a restart. */
#include "audit/judge/judging.h"
#include "core/hex.h"
#include "core/plural.h"

#include <string.h>

static bool counts_as_try(const struct stek_audit_handshake *h)
{
    return h->ticket != STEK_AUDIT_NONE && h->outcome != STEK_AUDIT_UNREACHABLE &&
           h->outcome != STEK_AUDIT_TIMEOUT;
}

struct tries {
    uint32_t all, resumed;
    uint32_t turns; /* how often a success followed a failure, or the other way round */
    bool last;
};

static struct tries count_tries(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version)
{
    struct tries tries = {0};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->purpose != STEK_AUDIT_RESUME || h->target != target ||
            h->version_offered != version || !counts_as_try(h))
            continue;
        tries.turns += tries.all > 0 && h->resumed != tries.last;
        tries.last = h->resumed;
        tries.all++;
        tries.resumed += h->resumed;
    }
    return tries;
}

/* After the first ticket of a later name: do tickets of an earlier one still resume? */
struct old_keys {
    uint32_t tried, resumed;
};

static struct old_keys try_old_keys(const struct stek_audit_judging *judging, uint32_t target)
{
    const struct stek_audit_observation *obs = judging->obs;
    struct old_keys old = {0};
    uint32_t newest = STEK_AUDIT_NONE, seen = 0;

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->target != target)
            continue;
        /* The handshake's own ticket tells under which name the server seals when it is offered the
         * old one. */
        for (; seen < obs->tickets_len && obs->tickets[seen].handshake <= i; seen++)
            if (obs->tickets[seen].target == target &&
                judging->names.of_ticket[seen] != STEK_AUDIT_NONE)
                newest = judging->names.of_ticket[seen];
        if (h->ticket != STEK_AUDIT_NONE && counts_as_try(h) &&
            (h->purpose == STEK_AUDIT_RESUME || h->purpose == STEK_AUDIT_LIFE ||
             h->purpose == STEK_AUDIT_CHAIN) &&
            newest != STEK_AUDIT_NONE && judging->names.of_ticket[h->ticket] != newest &&
            obs->tickets[h->ticket].target == target) {
            old.tried++;
            old.resumed += h->resumed;
        }
    }
    return old;
}

/* Alternating names belong to concurrent processes; a name that disappears was replaced. */
static bool take_turns(struct stek_audit_name_order order)
{
    return order.names > 1 && order.switches >= order.names;
}

static void add_shape(struct stek_audit_text *text, const struct stek_audit_judging *judging,
                      struct stek_audit_about about, const struct tries *tries)
{
    const struct stek_audit_name_order order =
        stek_audit_name_order(judging->obs, &judging->names, about.target);

    if (stek_audit_only_references(judging->obs, about.target, about.version))
        stek_audit_text_add(
            text,
            "the tickets are references to sessions: it looks like a server that forgets some, or "
            "a second process or host with sessions of its own");
    else if (take_turns(order))
        stek_audit_text_add(text,
                            "%u key names take turns: it looks like %u or more processes or hosts "
                            "behind the address "
                            "that do not share their keys",
                            (unsigned)order.names, (unsigned)order.names);
    else if (order.names > 1)
        stek_audit_text_add(
            text,
            "%u key names, one after the other: it looks like a restart, or a rotation that throws "
            "the old key away at once",
            (unsigned)order.names);
    else if (tries->turns <= 1)
        stek_audit_text_add(text, "%s then on: it looks like %s",
                            tries->last ? "all resumed from one time"
                                        : "none resumed from one time",
                            tries->last ? "a server that has been restarted or has found its keys"
                                        : "a restart, or keys that were lost or have run out");
    else
        stek_audit_text_add(
            text,
            "%s and successes mixed with failures: it looks like a second process or host behind "
            "the address, or a server that keeps sessions and forgets some",
            order.names == 1 ? "one key name" : "no key names");
}

/* OpenSSL's servers do this in TLS 1.3 without tickets and session cache: no fault. */
static void report_never(struct stek_audit_judging *judging, struct stek_audit_about about,
                         const struct tries *tries, struct stek_audit_text *text)
{
    const bool references = stek_audit_only_references(judging->obs, about.target, about.version);

    if (references)
        stek_audit_text_add(
            text,
            "; the tickets are references to sessions that the server does not keep, as where "
            "tickets are switched off: there is no key to steal");
    else if (stek_audit_name_order(judging->obs, &judging->names, about.target).names > 1) {
        stek_audit_text_add(text, "; ");
        add_shape(text, judging, about, tries);
    }
    stek_audit_add_finding(judging, STEK_AUDIT_RESUMES_NEVER,
                           references ? STEK_AUDIT_INFO : STEK_AUDIT_LOW, about, "%s", text->at);
}

void stek_audit_judge_resumption(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const uint16_t version = stek_audit_versions[i];
            const struct stek_audit_about about = stek_audit_about(target, version);
            const struct tries tries = count_tries(judging->obs, target, version);
            struct stek_audit_text text = {.len = 0};
            if (tries.all == 0)
                continue;
            stek_audit_text_add(&text, "%u of %u %s resumed", (unsigned)tries.resumed,
                                (unsigned)tries.all, stek_plural(tries.all, "try", "tries"));
            if (tries.resumed == tries.all) {
                stek_audit_add_finding(judging, STEK_AUDIT_RESUMES, STEK_AUDIT_INFO, about, "%s",
                                       text.at);
                continue;
            }
            if (tries.resumed == 0) {
                report_never(judging, about, &tries, &text);
                continue;
            }
            stek_audit_text_add(&text, "; ");
            add_shape(&text, judging, about, &tries);
            stek_audit_add_finding(judging, STEK_AUDIT_RESUMES_PARTLY, STEK_AUDIT_LOW, about, "%s",
                                   text.at);
        }
}

/* Whether every first try with a ticket of this target resumed. Which process answers is a matter
 * of luck, so few tries with another one's ticket prove little by themselves. */
static bool all_resumed(const struct stek_audit_observation *obs, uint32_t target)
{
    const struct tries tls12 = count_tries(obs, target, STEK_AUDIT_TLS12);
    const struct tries tls13 = count_tries(obs, target, STEK_AUDIT_TLS13);

    return tls12.resumed + tls13.resumed == tls12.all + tls13.all;
}

static void report_several(struct stek_audit_judging *judging, uint32_t target,
                           struct stek_audit_name_order order)
{
    const struct stek_audit_about about = stek_audit_about(target, 0);
    const struct old_keys old = try_old_keys(judging, target);
    const unsigned names = order.names;

    if (take_turns(order) && old.resumed == old.tried && old.tried > 0 &&
        all_resumed(judging->obs, target))
        stek_audit_add_finding(
            judging, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_INFO, about,
            "%u key names take turns, and %u of %u %s with a ticket of another one "
            "resumed: it looks like "
            "several processes or hosts that know each other's keys",
            names, (unsigned)old.resumed, (unsigned)old.tried,
            stek_plural(old.tried, "try", "tries"));
    else if (take_turns(order))
        stek_audit_add_finding(
            judging, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_LOW, about,
            "%u key names take turns: it looks like %u or more processes or hosts "
            "behind the address "
            "that do not share their keys",
            names, names);
    else if (old.tried == 0)
        stek_audit_add_finding(
            judging, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_INFO, about,
            "%u key names, one after the other: it looks like a restart or a rotation; "
            "no ticket of an "
            "earlier one was tried afterwards",
            names);
    else if (old.resumed == 0)
        stek_audit_add_finding(
            judging, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_LOW, about,
            "%u key names, one after the other, and 0 of %u %s of an earlier one "
            "resumed afterwards: it looks like a restart",
            names, (unsigned)old.tried, stek_plural(old.tried, "ticket", "tickets"));
    else
        stek_audit_add_finding(
            judging, STEK_AUDIT_SEVERAL_KEYS, STEK_AUDIT_INFO, about,
            "%u key names, one after the other, and %u of %u %s of an earlier one "
            "resumed afterwards: "
            "it looks like rotation",
            names, (unsigned)old.resumed, (unsigned)old.tried,
            stek_plural(old.tried, "ticket", "tickets"));
}

void stek_audit_judge_key_names(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++) {
        const struct stek_audit_name_order order =
            stek_audit_name_order(judging->obs, &judging->names, target);
        if (order.names == 0)
            continue;
        struct stek_audit_text text = {.len = 0};
        stek_audit_text_add(&text, "%u bytes, %u seen:", (unsigned)judging->names.lens[target],
                            (unsigned)order.names);
        for (size_t i = 0, shown = 0; i < judging->names.names.len && shown < 4; i++) {
            const struct stek_audit_key_name *name = &judging->names.names.items[i];
            if (name->target != target)
                continue;
            stek_audit_text_add(&text, shown++ > 0 ? ", " : " ");
            char hex[2 * sizeof name->name + 1];
            stek_hex_text(name->name, name->name_len, hex);
            stek_audit_text_add(&text, "%s", hex);
        }
        if (order.names > 4)
            stek_audit_text_add(&text, ", ...");
        stek_audit_add_finding(judging, STEK_AUDIT_KEY_NAME, STEK_AUDIT_INFO,
                               stek_audit_about(target, 0), "%s", text.at);
        if (order.names > 1)
            report_several(judging, target, order);
    }
}
