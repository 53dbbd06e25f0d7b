/* SPDX-License-Identifier: Apache-2.0 */
/* Does a target answer, which versions does it speak, does it give tickets, and for how long? */
#include "audit/judge/judging.h"
#include "core/plural.h"

#include <string.h>

/* What the full handshakes without a ticket showed of one target in one version. */
struct offers {
    uint32_t tried, finished, tickets, fewest, most;
    const struct stek_audit_handshake *failed; /* the last one that did not finish */
    bool answered;                             /* a ServerHello came */
    bool wants_cert; /* one that failed was asked for a client certificate and had none */
};

static bool is_offer(const struct stek_audit_handshake *h)
{
    return h->purpose == STEK_AUDIT_OFFER || h->purpose == STEK_AUDIT_SAMPLE;
}

static struct offers count_offers(const struct stek_audit_observation *obs, uint32_t target,
                                  uint16_t version)
{
    struct offers offers = {0};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (!is_offer(h) || h->target != target || h->version_offered != version)
            continue;
        offers.tried++;
        offers.answered = offers.answered || h->version == version;
        if (h->outcome != STEK_AUDIT_DONE || h->version != version) {
            offers.failed = h;
            offers.wants_cert = offers.wants_cert || (h->cert_requested && !h->cert_sent);
            continue;
        }
        offers.fewest =
            offers.finished == 0 || h->tickets < offers.fewest ? h->tickets : offers.fewest;
        offers.most = h->tickets > offers.most ? h->tickets : offers.most;
        offers.tickets += h->tickets;
        offers.finished++;
    }
    return offers;
}

/* `alert 40`, `the connection was closed`, … */
static void add_failure(struct stek_audit_text *text, const struct stek_audit_handshake *failed)
{
    static const char *const ends[STEK_AUDIT_OUTCOMES] = {
        [STEK_AUDIT_DONE] = "answered in another version",
        [STEK_AUDIT_CLOSED] = "the connection was closed",
        [STEK_AUDIT_TIMEOUT] = "no answer in time",
        [STEK_AUDIT_REJECTED] = "an answer that the client refused",
        [STEK_AUDIT_UNREACHABLE] = "no connection",
    };

    if (failed == NULL)
        return;
    if (failed->outcome == STEK_AUDIT_ALERT)
        stek_audit_text_add(text, "alert %u", (unsigned)failed->alert);
    else if (strcmp(failed->problem, "wrong version number") ==
             0) /* what libssl says of any other protocol */
        stek_audit_text_add(text, "the server's answer is not TLS; does it need --starttls?");
    else
        stek_audit_text_add(text, "%s", ends[failed->outcome]);
    if (failed->problem[0] != '\0')
        stek_audit_text_add(text, " (%s)", failed->problem);
}

static void add_cert_wanted(struct stek_audit_text *text, bool wanted)
{
    if (wanted)
        stek_audit_text_add(text,
                            "; it asks for a client certificate: give one with --cert and --key");
}

/* The lengths of the tickets of one target in one version. */
static void add_lengths(struct stek_audit_text *text, const struct stek_audit_observation *obs,
                        uint32_t target, uint16_t version)
{
    size_t shortest = 0, longest = 0;

    for (size_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        if (ticket->target != target || ticket->version != version)
            continue;
        if (shortest == 0 || ticket->len < shortest)
            shortest = ticket->len;
        if (ticket->len > longest)
            longest = ticket->len;
    }
    if (longest == 0)
        return;
    stek_audit_text_add(text, shortest == longest ? ", %zu bytes each" : ", %zu to %zu bytes",
                        shortest, longest);
    if (stek_audit_only_references(obs, target, version))
        stek_audit_text_add(text,
                            ": too short for a session, so the server keeps its state itself");
}

struct hints {
    uint32_t tickets, missing, smallest, largest; /* smallest: of those that are not missing */
};

static struct hints count_hints(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version)
{
    struct hints hints = {0};

    for (size_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        if (ticket->target != target || ticket->version != version)
            continue;
        if (ticket->hint_s > 0 && (hints.smallest == 0 || ticket->hint_s < hints.smallest))
            hints.smallest = ticket->hint_s;
        hints.largest = ticket->hint_s > hints.largest ? ticket->hint_s : hints.largest;
        hints.missing += ticket->hint_s == 0;
        hints.tickets++;
    }
    return hints;
}

static void add_lifetimes(struct stek_audit_text *text, const struct hints *hints)
{
    if (hints->largest == 0)
        return;
    stek_audit_text_add(text, ", lifetime ");
    if (hints->smallest != hints->largest)
        stek_audit_text_add(text, "%s to ", stek_audit_duration(hints->smallest).at);
    stek_audit_text_add(text, "%s", stek_audit_duration(hints->largest).at);
}

static void report_offers(struct stek_audit_judging *judging, uint32_t target, uint16_t version,
                          const struct offers *offers)
{
    const struct stek_audit_about about = stek_audit_about(target, version);
    struct stek_audit_text text = {.len = 0};

    if (offers->finished == 0) {
        stek_audit_text_add(&text, "%u of %u %s failed: ", (unsigned)offers->tried,
                            (unsigned)offers->tried,
                            stek_plural(offers->tried, "handshake", "handshakes"));
        add_failure(&text, offers->failed);
        add_cert_wanted(&text, offers->wants_cert);
        /* After a ServerHello of this version, something else is missing (a client certificate). */
        stek_audit_add_finding(
            judging, offers->answered ? STEK_AUDIT_NOT_OFFERED : STEK_AUDIT_VERSION_MISSING,
            STEK_AUDIT_INFO, about, "%s", text.at);
        return;
    }
    if (offers->tickets == 0) {
        stek_audit_add_finding(judging, STEK_AUDIT_NOT_OFFERED, STEK_AUDIT_INFO, about,
                               "no ticket in %u full %s", (unsigned)offers->finished,
                               stek_plural(offers->finished, "handshake", "handshakes"));
        return;
    }
    stek_audit_text_add(&text, offers->fewest == offers->most ? "%u" : "%u to %u",
                        (unsigned)offers->fewest, (unsigned)offers->most);
    stek_audit_text_add(&text, " a handshake, in %u full %s", (unsigned)offers->finished,
                        stek_plural(offers->finished, "handshake", "handshakes"));
    const struct hints hints = count_hints(judging->obs, target, version);
    add_lifetimes(&text, &hints);
    add_lengths(&text, judging->obs, target, version);
    stek_audit_add_finding(judging, STEK_AUDIT_OFFERED, STEK_AUDIT_INFO, about, "%s", text.at);
}

/* Why not all was seen of a target. */
static void report_left_out(struct stek_audit_judging *judging, uint32_t target)
{
    const struct stek_audit_observation *obs = judging->obs;
    const char *why = obs->targets[target].gave_up;

    for (size_t i = 0; i < obs->handshakes_len && why[0] == '\0'; i++)
        if (obs->handshakes[i].target == target && obs->handshakes[i].outcome == STEK_AUDIT_DONE &&
            obs->handshakes[i].finished)
            why = obs->handshakes[i].problem;
    if (why[0] != '\0')
        stek_audit_add_finding(judging, STEK_AUDIT_INTERRUPTED, STEK_AUDIT_INFO,
                               stek_audit_about(target, 0), "%s", why);
}

void stek_audit_judge_offers(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++) {
        const struct offers offers[2] = {
            count_offers(judging->obs, target, stek_audit_versions[0]),
            count_offers(judging->obs, target, stek_audit_versions[1])};
        const struct stek_audit_handshake *failed =
            offers[0].failed != NULL ? offers[0].failed : offers[1].failed;
        if (offers[0].finished + offers[1].finished == 0 && failed != NULL) {
            const uint32_t tried = offers[0].tried + offers[1].tried;
            struct stek_audit_text text = {.len = 0};
            stek_audit_text_add(&text, "%u %s failed: ", (unsigned)tried,
                                stek_plural(tried, "handshake", "handshakes"));
            add_failure(&text, failed);
            add_cert_wanted(&text, offers[0].wants_cert || offers[1].wants_cert);
            stek_audit_add_finding(judging, STEK_AUDIT_NOT_REACHED, STEK_AUDIT_INFO,
                                   stek_audit_about(target, 0), "%s", text.at);
            continue;
        }
        for (int i = 0; i < 2; i++)
            if (offers[i].tried > 0)
                report_offers(judging, target, stek_audit_versions[i], &offers[i]);
    }
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        report_left_out(judging, target);
    if (judging->obs->interrupted)
        stek_audit_add_finding(
            judging, STEK_AUDIT_INTERRUPTED, STEK_AUDIT_INFO, stek_audit_about(STEK_AUDIT_NONE, 0),
            "stopped early, after %zu %s and %zu %s", judging->obs->handshakes_len,
            stek_plural(judging->obs->handshakes_len, "handshake", "handshakes"),
            judging->obs->tickets_len, stek_plural(judging->obs->tickets_len, "ticket", "tickets"));
}

enum { DAY_S = 86400, WEEK_S = 7 * DAY_S };

void stek_audit_judge_hints(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const uint16_t version = stek_audit_versions[i];
            const struct stek_audit_about about = stek_audit_about(target, version);
            const struct hints hints = count_hints(judging->obs, target, version);
            if (hints.largest > DAY_S) {
                const bool forbidden = hints.largest > WEEK_S;
                const enum stek_audit_id id =
                    forbidden ? STEK_AUDIT_HINT_OVER_7D : STEK_AUDIT_HINT_OVER_24H;
                stek_audit_add_finding(judging, id, stek_audit_usual(id), about,
                                       "lifetime %u s (%s)", (unsigned)hints.largest,
                                       stek_audit_duration(hints.largest).at);
            }
            if (hints.missing > 0)
                stek_audit_add_finding(judging, STEK_AUDIT_HINT_MISSING, STEK_AUDIT_INFO, about,
                                       "lifetime 0 on %u of %u %s", (unsigned)hints.missing,
                                       (unsigned)hints.tickets,
                                       stek_plural(hints.tickets, "ticket", "tickets"));
        }
}
