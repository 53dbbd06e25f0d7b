/* SPDX-License-Identifier: Apache-2.0 */
/* Early data (0-RTT): offered, accepted, and accepted twice (RFC 9846 section 8). */
#include "audit/judge/judging.h"
#include "core/plural.h"

struct early {
    uint32_t tickets, max_bytes, sent, accepted, replayed, replays, again;
};

/* Whether the early data of a ticket was accepted before handshake `before`. */
static bool accepted_before(const struct stek_audit_observation *obs, uint32_t ticket,
                            size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->ticket == ticket && h->purpose == STEK_AUDIT_EARLY_FIRST &&
            h->early == STEK_AUDIT_EARLY_ACCEPTED)
            return true;
    }
    return false;
}

static void count_handshakes(struct early *early, const struct stek_audit_observation *obs,
                             uint32_t target)
{
    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        const bool accepted = h->early == STEK_AUDIT_EARLY_ACCEPTED;
        if (h->target != target || h->ticket == STEK_AUDIT_NONE)
            continue;
        if (h->purpose == STEK_AUDIT_EARLY_FIRST) {
            early->sent++;
            early->accepted += accepted;
        } else if (h->purpose == STEK_AUDIT_EARLY_REPLAY) {
            early->replays++;
            early->replayed += accepted && accepted_before(obs, h->ticket, i);
        } else if (h->purpose == STEK_AUDIT_EARLY_AGAIN) {
            early->again += accepted && accepted_before(obs, h->ticket, i);
        }
    }
}

/* Without a guard every copy is accepted. Where each process or host keeps a record of its own,
 * each accepts one. */
static void add_replays(struct stek_audit_judging *judging, struct stek_audit_about about,
                        const struct early *early)
{
    if (early->replayed > 0 && early->replayed == early->replays)
        stek_audit_add_finding(judging, STEK_AUDIT_EARLY_DATA_REPLAY, STEK_AUDIT_HIGH, about,
                               "%u of %u exact %s of accepted early data %s accepted again "
                               "on new connections",
                               (unsigned)early->replayed, (unsigned)early->replays,
                               stek_plural(early->replays, "copy", "copies"),
                               stek_plural(early->replayed, "was", "were"));
    else if (early->replayed > 0)
        stek_audit_add_finding(judging, STEK_AUDIT_EARLY_DATA_PARTLY, STEK_AUDIT_HIGH, about,
                               "%u of %u exact copies of accepted early data %s accepted again "
                               "on new connections, and the rest refused",
                               (unsigned)early->replayed, (unsigned)early->replays,
                               stek_plural(early->replayed, "was", "were"));
}

void stek_audit_judge_early_data(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;

    for (uint32_t target = 0; target < obs->targets_len; target++) {
        const struct stek_audit_about about = stek_audit_about(target, STEK_AUDIT_TLS13);
        struct early early = {0};
        for (size_t i = 0; i < obs->tickets_len; i++)
            if (obs->tickets[i].target == target && obs->tickets[i].max_early_data > 0) {
                early.tickets++;
                if (obs->tickets[i].max_early_data > early.max_bytes)
                    early.max_bytes = obs->tickets[i].max_early_data;
            }
        count_handshakes(&early, obs, target);
        add_replays(judging, about, &early);
        if (early.tickets == 0 && early.accepted == 0)
            continue;
        stek_audit_add_finding(
            judging, STEK_AUDIT_EARLY_DATA, STEK_AUDIT_INFO, about,
            "offered on %u %s, up to %u bytes; accepted in %u of %u %s; a ticket served for early "
            "data a second time in %u %s; %u of %u exact %s accepted",
            (unsigned)early.tickets, stek_plural(early.tickets, "ticket", "tickets"),
            (unsigned)early.max_bytes, (unsigned)early.accepted, (unsigned)early.sent,
            stek_plural(early.sent, "try", "tries"), (unsigned)early.again,
            stek_plural(early.again, "try", "tries"), (unsigned)early.replayed,
            (unsigned)early.replays, stek_plural(early.replays, "copy was", "copies were"));
    }
}
