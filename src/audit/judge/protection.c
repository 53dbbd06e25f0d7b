/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/judging.h"
#include "audit/ticket_bytes.h"
#include "core/plural.h"

#include <stdlib.h>
#include <string.h>

enum { NEIGHBOURS = 256 }; /* with how many tickets that came later each is compared */

struct member {
    const struct stek_audit_ticket *ticket;
};

/* The tickets of one target in one version, in the order in which they came. */
struct group {
    struct member *members;
    size_t len;
    size_t name_len;
};

static void judge_clear(struct stek_audit_judging *judging, struct stek_audit_about about,
                        const struct group *group)
{
    uint32_t count = 0;
    int32_t example = STEK_AUDIT_NOWHERE;

    for (size_t i = 0; i < group->len; i++) {
        const int32_t at = stek_audit_clear_secret(group->members[i].ticket);
        count += at != STEK_AUDIT_NOWHERE;
        example = at != STEK_AUDIT_NOWHERE ? at : example;
    }
    if (count > 0)
        stek_audit_add_finding(judging, STEK_AUDIT_TICKET_IN_CLEAR, STEK_AUDIT_CRITICAL, about,
                               "%u of %zu %s %s session's secret, in one at byte %d",
                               (unsigned)count, group->len,
                               stek_plural(group->len, "ticket", "tickets"),
                               stek_plural(count, "holds its", "hold their"), (int)example);
}

static void judge_keystream(struct stek_audit_judging *judging, struct stek_audit_about about,
                            const struct group *group)
{
    uint32_t pairs = 0;
    int32_t example = STEK_AUDIT_NOWHERE;

    for (size_t i = 0; i < group->len; i++) {
        if (stek_audit_clear_secret(group->members[i].ticket) != STEK_AUDIT_NOWHERE)
            continue; /* not encrypted at all: the difference of two such tickets proves nothing */
        for (size_t k = i + 1; k < group->len && k <= i + NEIGHBOURS; k++) {
            const int32_t at =
                stek_audit_same_keystream(group->members[i].ticket, group->members[k].ticket);
            pairs += at != STEK_AUDIT_NOWHERE;
            example = at != STEK_AUDIT_NOWHERE ? at : example;
        }
    }
    if (pairs > 0)
        stek_audit_add_finding(judging, STEK_AUDIT_KEYSTREAM_REUSE, STEK_AUDIT_CRITICAL, about,
                               "%u %s of %zu tickets: their difference at byte %d is that of their "
                               "sessions' secrets",
                               (unsigned)pairs, stek_plural(pairs, "pair", "pairs"), group->len,
                               (int)example);
}

static int by_bytes(const void *left, const void *right)
{
    const struct stek_audit_ticket *a = ((const struct member *)left)->ticket;
    const struct stek_audit_ticket *b = ((const struct member *)right)->ticket;
    const size_t len = a->len < b->len ? a->len : b->len;
    const int order = memcmp(a->bytes, b->bytes, len);

    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

/* Sorted, tickets with the same name and IV are neighbours. */
static void judge_ivs(struct stek_audit_judging *judging, struct stek_audit_about about,
                      struct group *group)
{
    uint32_t repeats = 0;

    if (group->name_len == 0)
        return;
    if (group->len > 1)
        qsort(group->members, group->len, sizeof *group->members, by_bytes);
    for (size_t i = 1; i < group->len; i++)
        repeats += stek_audit_same_iv(group->members[i - 1].ticket, group->members[i].ticket,
                                      group->name_len);
    if (repeats > 0)
        stek_audit_add_finding(judging, STEK_AUDIT_IV_REPEAT, STEK_AUDIT_HIGH, about,
                               "%u of %zu tickets %s the IV of another one under the same key name",
                               (unsigned)repeats, group->len, stek_plural(repeats, "has", "have"));
}

void stek_audit_judge_protection(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;
    struct group group = {calloc(obs->tickets_len + 1, sizeof *group.members), 0, 0};

    if (group.members == NULL) {
        judging->result = STEK_ERR_MEMORY;
        return;
    }
    for (uint32_t target = 0; target < obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            group.len = 0;
            group.name_len = judging->names.lens[target];
            for (size_t k = 0; k < obs->tickets_len; k++)
                if (obs->tickets[k].target == target &&
                    obs->tickets[k].version == stek_audit_versions[i])
                    group.members[group.len++].ticket = &obs->tickets[k];
            const struct stek_audit_about about = stek_audit_about(target, stek_audit_versions[i]);
            judge_clear(judging, about, &group);
            judge_keystream(judging, about, &group);
            judge_ivs(judging, about, &group);
        }
    free(group.members);
}
