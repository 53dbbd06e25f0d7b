/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/profile.h"

#include "audit/judge/judging.h"
#include "core/plural.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    WEEK_S = 7 * 86400,        /* "e.g., once every week" */
    HALF_A_WEEK_S = WEEK_S / 2 /* "e.g., half as long as ticket-encryption key validity" */
};

static const struct stek_audit_rule_info infos[STEK_AUDIT_RULES] = {
    [STEK_AUDIT_RULE_AUTHENTICATED] = {"3.4", "MUST", "tickets are authenticated"},
    [STEK_AUDIT_RULE_ENCRYPTED] = {"3.4", "MUST", "tickets are encrypted"},
    [STEK_AUDIT_RULE_CIPHER] = {"3.4", "MUST",
                                "the tickets' cipher is as strong as the connection's"},
    [STEK_AUDIT_RULE_KEYS_CHANGE] = {"3.4", "MUST",
                                     "ticket keys change regularly, such as every week"},
    [STEK_AUDIT_RULE_KEYS_DESTROYED] = {"3.4", "MUST", "old ticket keys are destroyed"},
    [STEK_AUDIT_RULE_TICKET_LIFE] =
        {"3.4", "MUST", "tickets are valid for a limited time, such as half the life of a key"},
    [STEK_AUDIT_RULE_SESSION_AGE] =
        {"3.4", "SHOULD NOT", "sessions that are too old resume, such as over two key periods"},
    [STEK_AUDIT_RULE_KEY_SHARE] = {"3.4", "SHOULD",
                                   "each resumption has a fresh key exchange (psk_dhe_ke)"},
    [STEK_AUDIT_RULE_EARLY_DATA] =
        {"3.10", "MUST", "early data is avoided where no standard of the protocol allows it"},
};

/* What the rules of one target and version are judged from. */
struct bench {
    const struct stek_audit_observation *obs;
    const struct stek_audit_findings *findings;
    struct stek_audit_rotation rotation;
    uint32_t target;
    uint16_t version;
    uint32_t tickets, offering_early_data, longest_hint_s;
    uint32_t tampered, resumed, resumed_with_share;
};

static void look_at_tickets(struct bench *bench)
{
    for (size_t i = 0; i < bench->obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &bench->obs->tickets[i];
        if (ticket->target != bench->target || ticket->version != bench->version)
            continue;
        bench->tickets++;
        bench->offering_early_data += ticket->max_early_data > 0;
        if (ticket->hint_s > bench->longest_hint_s)
            bench->longest_hint_s = ticket->hint_s;
    }
}

static void look_at_handshakes(struct bench *bench)
{
    for (size_t i = 0; i < bench->obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &bench->obs->handshakes[i];
        if (h->target != bench->target || h->version_offered != bench->version ||
            h->ticket == STEK_AUDIT_NONE)
            continue;
        bench->tampered += h->purpose == STEK_AUDIT_TAMPER && h->version != 0;
        if (h->purpose != STEK_AUDIT_RESUME || !h->resumed)
            continue;
        bench->resumed++;
        bench->resumed_with_share += h->dhe;
    }
}

/* A finding of this target and version, or NULL. */
static const struct stek_audit_finding *found(const struct bench *bench, enum stek_audit_id id)
{
    for (size_t i = 0; i < bench->findings->len; i++) {
        const struct stek_audit_finding *finding = &bench->findings->items[i];
        if (finding->id == id && finding->target == bench->target &&
            (finding->version == bench->version || finding->version == 0))
            return finding;
    }
    return NULL;
}

__attribute__((format(printf, 3, 4))) static void
decide(struct stek_audit_rule *rule, enum stek_audit_rule_verdict verdict, const char *format, ...)
{
    va_list values;

    rule->verdict = verdict;
    va_start(values, format);
    (void)vsnprintf(rule->seen, sizeof rule->seen, format, values);
    va_end(values);
}

/* Whether one of these findings breaks the rule. */
static bool broken_by(const struct bench *bench, struct stek_audit_rule *rule,
                      const enum stek_audit_id *ids, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct stek_audit_finding *finding = found(bench, ids[i]);
        if (finding == NULL)
            continue;
        decide(rule, STEK_AUDIT_RULE_NOT_MET, "%s: %.200s", stek_audit_id_info(ids[i])->name,
               finding->observed);
        return true;
    }
    return false;
}

static void judge_authenticated(const struct bench *bench, struct stek_audit_rule *rule)
{
    static const enum stek_audit_id flaws[] = {STEK_AUDIT_NO_MAC, STEK_AUDIT_WEAK_KEY};

    if (broken_by(bench, rule, flaws, 2))
        return;
    if (bench->resumed == 0)
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "no ticket resumed, changed or not");
    else if (bench->tampered == 0)
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "no changed ticket was tried");
    else
        decide(rule, STEK_AUDIT_RULE_MET, "0 of %u changed %s resumed", (unsigned)bench->tampered,
               stek_plural(bench->tampered, "ticket", "tickets"));
}

static void judge_encrypted(const struct bench *bench, struct stek_audit_rule *rule)
{
    static const enum stek_audit_id flaws[] = {STEK_AUDIT_TICKET_IN_CLEAR,
                                               STEK_AUDIT_KEYSTREAM_REUSE, STEK_AUDIT_WEAK_KEY};

    if (broken_by(bench, rule, flaws, 3))
        return;
    if (found(bench, STEK_AUDIT_NO_WEAK_KEY) == NULL)
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "the known keys were not tried");
    else
        decide(rule, STEK_AUDIT_RULE_MET,
               "%u %s: the session's secret stands in none, and no known key opens one",
               (unsigned)bench->tickets, stek_plural(bench->tickets, "ticket", "tickets"));
}

static void judge_cipher(const struct bench *bench, struct stek_audit_rule *rule)
{
    (void)bench;
    decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "which cipher seals tickets does not show");
}

static void judge_keys_change(const struct bench *bench, struct stek_audit_rule *rule)
{
    const struct stek_audit_rotation *rotation = &bench->rotation;

    if (rotation->longest_use_s > WEEK_S)
        decide(rule, STEK_AUDIT_RULE_NOT_MET, "one key name on new tickets for %s",
               stek_audit_duration(rotation->longest_use_s).at);
    else if (rotation->changes > 1 && rotation->longest_s <= WEEK_S)
        decide(rule, STEK_AUDIT_RULE_MET, "%u changes, at most %s apart",
               (unsigned)rotation->changes, stek_audit_duration(rotation->longest_s).at);
    else
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN,
               "fewer than two changes in %s; --watch with a longer time shows more",
               stek_audit_duration(stek_audit_elapsed_s(rotation->first, rotation->last)).at);
}

static void judge_keys_destroyed(const struct bench *bench, struct stek_audit_rule *rule)
{
    (void)bench;
    decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "what a server destroys does not show");
}

static void judge_ticket_life(const struct bench *bench, struct stek_audit_rule *rule)
{
    static const enum stek_audit_id flaws[] = {STEK_AUDIT_LIVES_BEYOND_HINT,
                                               STEK_AUDIT_HINT_OVER_7D};

    if (broken_by(bench, rule, flaws, 2))
        return;
    if (bench->longest_hint_s == 0)
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "no ticket states a lifetime");
    else if (bench->longest_hint_s <= HALF_A_WEEK_S)
        decide(rule, STEK_AUDIT_RULE_MET, "at most %s, as the tickets state",
               stek_audit_duration(bench->longest_hint_s).at);
    else
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN,
               "%s, as the tickets state; whether that is half the life of a key does not show",
               stek_audit_duration(bench->longest_hint_s).at);
}

static void judge_session_age(const struct bench *bench, struct stek_audit_rule *rule)
{
    static const enum stek_audit_id flaws[] = {STEK_AUDIT_CHAIN_UNBOUNDED};

    if (!broken_by(bench, rule, flaws, 1))
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN,
               "only a --watch for longer than the tickets' lifetime shows it");
}

static void judge_key_share(const struct bench *bench, struct stek_audit_rule *rule)
{
    static const enum stek_audit_id flaws[] = {STEK_AUDIT_PSK_WITHOUT_DHE};

    if (broken_by(bench, rule, flaws, 1))
        return;
    if (bench->resumed == 0)
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "no ticket resumed");
    else
        decide(rule,
               bench->resumed_with_share == bench->resumed ? STEK_AUDIT_RULE_MET
                                                           : STEK_AUDIT_RULE_NOT_MET,
               "%u of %u %s had one", (unsigned)bench->resumed_with_share, (unsigned)bench->resumed,
               stek_plural(bench->resumed, "resumption", "resumptions"));
}

static void judge_early_data(const struct bench *bench, struct stek_audit_rule *rule)
{
    if (bench->offering_early_data == 0)
        decide(rule, STEK_AUDIT_RULE_MET, "0 of %u %s early data", (unsigned)bench->tickets,
               stek_plural(bench->tickets, "ticket offers", "tickets offer"));
    else
        decide(rule, STEK_AUDIT_RULE_NOT_SEEN,
               "%u of %u %s it; whether the server keeps to RFC 8470 or the like does not show",
               (unsigned)bench->offering_early_data, (unsigned)bench->tickets,
               stek_plural(bench->tickets, "ticket offers", "tickets offer"));
}

typedef void (*judge)(const struct bench *bench, struct stek_audit_rule *rule);

static const struct {
    judge judge;
    uint16_t version; /* 0: both */
} judges[STEK_AUDIT_RULES] = {
    [STEK_AUDIT_RULE_AUTHENTICATED] = {judge_authenticated, 0},
    [STEK_AUDIT_RULE_ENCRYPTED] = {judge_encrypted, 0},
    [STEK_AUDIT_RULE_CIPHER] = {judge_cipher, 0},
    [STEK_AUDIT_RULE_KEYS_CHANGE] = {judge_keys_change, 0},
    [STEK_AUDIT_RULE_KEYS_DESTROYED] = {judge_keys_destroyed, 0},
    [STEK_AUDIT_RULE_TICKET_LIFE] = {judge_ticket_life, 0},
    [STEK_AUDIT_RULE_SESSION_AGE] = {judge_session_age, STEK_AUDIT_TLS12},
    [STEK_AUDIT_RULE_KEY_SHARE] = {judge_key_share, STEK_AUDIT_TLS13},
    [STEK_AUDIT_RULE_EARLY_DATA] = {judge_early_data, STEK_AUDIT_TLS13},
};

/* No ticket key is in play without tickets, or where they are references to sessions. */
static const char *why_no_keys(const struct bench *bench)
{
    if (bench->tickets == 0)
        return "no ticket came";
    return stek_audit_only_references(bench->obs, bench->target, bench->version)
               ? "the tickets hold no session: the server keeps its state itself"
               : NULL;
}

static void judge_all(const struct bench *bench, struct stek_audit_profile *profile)
{
    const char *why = why_no_keys(bench);

    for (int i = 0; i < STEK_AUDIT_RULES; i++) {
        const bool about_keys = i < STEK_AUDIT_RULE_KEY_SHARE;
        if (judges[i].version != 0 && judges[i].version != bench->version)
            continue;
        struct stek_audit_rule *rule = &profile->rules[profile->len++];
        *rule = (struct stek_audit_rule){
            .id = (enum stek_audit_rule_id)i, .target = bench->target, .version = bench->version};
        if (why != NULL && (about_keys || bench->tickets == 0))
            decide(rule, STEK_AUDIT_RULE_NOT_SEEN, "%s", why);
        else
            judges[i].judge(bench, rule);
    }
}

static bool speaks(const struct stek_audit_observation *obs, uint32_t target, uint16_t version)
{
    for (size_t i = 0; i < obs->handshakes_len; i++)
        if (obs->handshakes[i].target == target && obs->handshakes[i].version == version &&
            obs->handshakes[i].finished)
            return true;
    return false;
}

enum stek_result stek_audit_judge_profile(const struct stek_audit_observation *obs,
                                          const struct stek_audit_findings *findings,
                                          struct stek_audit_profile *ret_profile)
{
    struct stek_audit_key_names names;
    struct stek_audit_profile profile = {
        calloc(obs->targets_len * 2 * STEK_AUDIT_RULES + 1, sizeof *profile.rules), 0};

    if (profile.rules == NULL)
        return STEK_ERR_MEMORY;
    if (stek_audit_find_key_names(obs, &names) != STEK_OK) {
        stek_audit_profile_fini(&profile);
        return STEK_ERR_MEMORY;
    }
    for (uint32_t target = 0; target < obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            struct bench bench = {.obs = obs,
                                  .findings = findings,
                                  .rotation = stek_audit_measure_rotation(&names, target),
                                  .target = target,
                                  .version = stek_audit_versions[i]};
            if (!speaks(obs, target, bench.version))
                continue;
            look_at_tickets(&bench);
            look_at_handshakes(&bench);
            judge_all(&bench, &profile);
        }
    free(names.items);
    *ret_profile = profile;
    return STEK_OK;
}

void stek_audit_profile_fini(struct stek_audit_profile *profile)
{
    free(profile->rules);
    *profile = (struct stek_audit_profile){0};
}

const struct stek_audit_rule_info *stek_audit_rule_info(enum stek_audit_rule_id id)
{
    return &infos[id];
}

const char *stek_audit_rule_word(enum stek_audit_rule_verdict verdict)
{
    static const char *const words[] = {"met", "not met", "not seen"};

    return words[verdict];
}
