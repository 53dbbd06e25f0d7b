/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/dictionary.h"
#include "audit/judge/judging.h"
#include "core/plural.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tickets of one target and version that one key opens, and the text about them. */
struct opened {
    struct stek_audit_hit hit;
    uint32_t target;
    uint16_t version;
    uint32_t count;
};

struct tally {
    struct opened *opened;
    size_t len;
    uint32_t tried[STEK_AUDIT_TARGETS_MAX][2];
    uint32_t all[STEK_AUDIT_TARGETS_MAX][2];
    bool stopped;
};

static bool same_hit(const struct stek_audit_hit *a, const struct stek_audit_hit *b)
{
    return a->kind == b->kind && strcmp(a->key, b->key) == 0 && a->cipher == b->cipher &&
           a->mac == b->mac && strcmp(a->mac_key, b->mac_key) == 0;
}

/* There is room for as many as there are tickets. */
static void note(struct tally *tally, const struct stek_audit_ticket *ticket,
                 const struct stek_audit_hit *hit)
{
    size_t i = 0;

    while (i < tally->len &&
           (tally->opened[i].target != ticket->target ||
            tally->opened[i].version != ticket->version || !same_hit(&tally->opened[i].hit, hit)))
        i++;
    if (i == tally->len)
        tally->opened[tally->len++] = (struct opened){*hit, ticket->target, ticket->version, 0};
    tally->opened[i].count++;
}

static int version_index(uint16_t version)
{
    return version == STEK_AUDIT_TLS13;
}

static bool told_to_stop(const struct stek_audit_judge_hooks *hooks)
{
    return hooks != NULL && hooks->stop != NULL && hooks->stop(hooks->arg);
}

static void report_progress(const struct stek_audit_judge_hooks *hooks, size_t done, size_t all)
{
    if (hooks != NULL && hooks->progress != NULL)
        hooks->progress(hooks->arg, done, all);
}

static struct stek_audit_until until_of(const struct stek_audit_judge_hooks *hooks)
{
    return hooks != NULL ? (struct stek_audit_until){hooks->stop, hooks->arg}
                         : (struct stek_audit_until){NULL, NULL};
}

/* The order in which tickets are tried: when it is stopped early, some of every target and version
 * have been. A prime that does not divide their number visits each of them once. */
static size_t spread(size_t i, size_t len)
{
    enum { PRIME = 7919, OTHER_PRIME = 7927 };

    return i * (len % PRIME != 0 ? PRIME : OTHER_PRIME) % len;
}

static enum stek_result try_all(struct stek_audit_judging *judging,
                                struct stek_audit_dictionary *dictionary, struct tally *tally)
{
    const struct stek_audit_observation *obs = judging->obs;
    const struct stek_audit_until until = until_of(judging->hooks);

    for (size_t i = 0; i < obs->tickets_len; i++)
        tally->all[obs->tickets[i].target][version_index(obs->tickets[i].version)]++;
    for (size_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[spread(i, obs->tickets_len)];
        struct stek_audit_hit hit;
        report_progress(judging->hooks, i, obs->tickets_len);
        tally->stopped = told_to_stop(judging->hooks);
        if (tally->stopped)
            return STEK_OK;
        enum stek_result result = stek_audit_dictionary_try(dictionary, ticket, &until, &hit);
        if (result != STEK_OK)
            return result;
        tally->stopped = told_to_stop(judging->hooks);
        if (tally->stopped && hit.kind == STEK_AUDIT_HIT_NONE)
            return STEK_OK; /* not every key was tried on this one */
        tally->tried[ticket->target][version_index(ticket->version)]++;
        if (hit.kind != STEK_AUDIT_HIT_NONE)
            note(tally, ticket, &hit);
    }
    report_progress(judging->hooks, obs->tickets_len, obs->tickets_len);
    return STEK_OK;
}

static void report_opened(struct stek_audit_judging *judging, const struct tally *tally,
                          const struct opened *opened)
{
    const struct stek_audit_about about = stek_audit_about(opened->target, opened->version);
    const unsigned tried = tally->tried[opened->target][version_index(opened->version)];
    struct stek_audit_text text = {.len = 0};

    if (opened->hit.kind == STEK_AUDIT_HIT_FORGED) {
        /* The encryption key is not known: tickets can be changed, but not read. */
        stek_audit_add_finding(
            judging, STEK_AUDIT_WEAK_KEY, STEK_AUDIT_HIGH, about,
            "%u of %u %s %s the %s tag of a known key (%s); the encryption key "
            "is not in the dictionary",
            (unsigned)opened->count, tried, stek_plural(tried, "ticket", "tickets"),
            stek_plural(opened->count, "carries", "carry"), opened->hit.mac, opened->hit.mac_key);
        return;
    }
    stek_audit_text_add(&text, "%u of %u %s opened with %s under the key: %s",
                        (unsigned)opened->count, tried, stek_plural(tried, "ticket", "tickets"),
                        opened->hit.cipher, opened->hit.key);
    if (opened->hit.mac != NULL)
        stek_audit_text_add(&text, "; %s key: %s", opened->hit.mac, opened->hit.mac_key);
    stek_audit_text_add(&text, "; the session's secret was in %s",
                        stek_plural(opened->count, "it", "them"));
    stek_audit_add_finding(judging, STEK_AUDIT_WEAK_KEY, STEK_AUDIT_CRITICAL, about, "%s", text.at);
}

static bool any_opened(const struct tally *tally, uint32_t target, uint16_t version)
{
    for (size_t i = 0; i < tally->len; i++)
        if (tally->opened[i].target == target && tally->opened[i].version == version)
            return true;
    return false;
}

static void report(struct stek_audit_judging *judging, const struct tally *tally, size_t keys)
{
    for (size_t i = 0; i < tally->len; i++)
        report_opened(judging, tally, &tally->opened[i]);
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const uint16_t version = stek_audit_versions[i];
            if (tally->tried[target][i] > 0 &&
                !stek_audit_only_references(judging->obs, target, version) &&
                !any_opened(tally, target, version))
                stek_audit_add_finding(judging, STEK_AUDIT_NO_WEAK_KEY, STEK_AUDIT_INFO,
                                       stek_audit_about(target, version),
                                       "%zu keys of 16 and 32 bytes tried on %u of %u %s", keys,
                                       (unsigned)tally->tried[target][i],
                                       (unsigned)tally->all[target][i],
                                       stek_plural(tally->all[target][i], "ticket", "tickets"));
        }
    if (tally->stopped)
        stek_audit_add_finding(judging, STEK_AUDIT_INTERRUPTED, STEK_AUDIT_INFO,
                               stek_audit_about(STEK_AUDIT_NONE, 0),
                               "the dictionary was stopped before it had tried every ticket");
}

void stek_audit_judge_dictionary(struct stek_audit_judging *judging)
{
    struct stek_audit_dictionary *dictionary = NULL;
    struct tally tally = {.opened = NULL};

    if (judging->obs->tickets_len == 0)
        return;
    tally.opened = calloc(judging->obs->tickets_len, sizeof *tally.opened);
    if (tally.opened == NULL) {
        judging->result = STEK_ERR_MEMORY;
        return;
    }
    tally.stopped =
        told_to_stop(judging->hooks); /* before the keys are made ready, which takes a moment */
    if (!tally.stopped)
        judging->result = stek_audit_dictionary_new(&dictionary);
    if (judging->result == STEK_OK && !tally.stopped)
        judging->result = try_all(judging, dictionary, &tally);
    if (judging->result == STEK_OK)
        report(judging, &tally, dictionary != NULL ? stek_audit_dictionary_len(dictionary) : 0);
    stek_audit_dictionary_free(dictionary);
    free(tally.opened);
}
