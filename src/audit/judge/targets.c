/* SPDX-License-Identifier: Apache-2.0 */
/* Several targets: where whose tickets work, and what a full handshake gives instead. */
#include "audit/judge/judging.h"
#include "audit/judge/matrix.h"
#include "core/plural.h"

#include <string.h>

static const char *shown_name(const char *sni)
{
    return sni[0] != '\0' ? sni : "no name";
}

/* What the target does for that name without a ticket. */
static void add_control(struct stek_audit_text *text, const struct stek_audit_control *control)
{
    if (control->handshake == NULL)
        stek_audit_text_add(text, "no full handshake under that name to compare with");
    else if (control->served)
        stek_audit_text_add(
            text,
            "a full handshake under that name succeeds, too, with a certificate that covers it");
    else if (control->handshake->finished)
        stek_audit_text_add(
            text, "a full handshake under that name shows a certificate that does not cover it");
    else if (control->handshake->outcome == STEK_AUDIT_ALERT)
        stek_audit_text_add(text, "a full handshake under that name fails with alert %u",
                            (unsigned)control->handshake->alert);
    else
        stek_audit_text_add(text, "a full handshake under that name fails");
}

/* The name of one ticket that the pair was tried with. */
static const char *name_tried(const struct stek_audit_observation *obs,
                              const struct stek_audit_cell *cell)
{
    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->purpose == STEK_AUDIT_MATRIX && h->target == cell->to && h->resumed &&
            h->ticket != STEK_AUDIT_NONE && obs->tickets[h->ticket].target == cell->from)
            return h->sni;
    }
    return "";
}

void stek_audit_judge_matrix(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;

    for (size_t i = 0; i < obs->targets_len * obs->targets_len; i++) {
        const struct stek_audit_cell *cell = &judging->cells[i];
        const bool flaw = cell->verdict == STEK_AUDIT_CELL_FLAW;
        const struct stek_audit_about about = {cell->to, cell->from, 0};
        struct stek_audit_text text = {.len = 0};
        if (cell->from == cell->to || cell->tried == 0 ||
            (cell->resumed == 0 && !cell->same_key_name))
            continue;
        if (cell->resumed == 0) {
            stek_audit_add_finding(judging, STEK_AUDIT_SHARED_KEYS, STEK_AUDIT_INFO, about,
                                   "tickets of %s carry the same key name, but 0 of %u resumed",
                                   stek_audit_label(obs, cell->from).at, (unsigned)cell->tried);
            continue;
        }
        const char *sni = name_tried(obs, cell);
        const struct stek_audit_control control = stek_audit_control_find(obs, cell->to, sni);
        stek_audit_text_add(&text, "%u of %u %s of %s resumed under its name (%s)%s; ",
                            (unsigned)cell->resumed, (unsigned)cell->tried,
                            stek_plural(cell->tried, "ticket", "tickets"),
                            stek_audit_label(obs, cell->from).at, shown_name(sni),
                            cell->same_key_name ? ", the key names agree" : "");
        add_control(&text, &control);
        stek_audit_add_finding(judging, STEK_AUDIT_SHARED_KEYS,
                               flaw ? STEK_AUDIT_HIGH : STEK_AUDIT_INFO, about, "%s", text.at);
    }
}

/* The certificate of a full handshake at a target under a name, or NULL. */
static const uint8_t *certificate(const struct stek_audit_observation *obs, uint32_t target,
                                  const char *sni)
{
    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->target == target && h->cert_seen && !h->resumed && strcmp(h->sni, sni) == 0)
            return h->cert_sha256;
    }
    return NULL;
}

struct crossing {
    uint32_t tried, resumed;
    bool other_certificate, compared;
    const struct stek_audit_handshake *example;
};

static void note_crossing(struct crossing *crossing, const struct stek_audit_observation *obs,
                          const struct stek_audit_handshake *h)
{
    const struct stek_audit_ticket *ticket = &obs->tickets[h->ticket];
    const uint8_t *mine = certificate(obs, h->target, h->sni);
    const uint8_t *its = certificate(obs, ticket->target, ticket->sni);

    crossing->tried++;
    if (!h->resumed)
        return;
    crossing->resumed++;
    crossing->example = h;
    if (mine == NULL || its == NULL)
        return;
    crossing->compared = true;
    crossing->other_certificate = crossing->other_certificate || memcmp(mine, its, 32) != 0;
}

static void report_crossing(struct stek_audit_judging *judging, uint32_t from, uint32_t to,
                            const struct crossing *crossing)
{
    const struct stek_audit_about about = {to, from, 0};
    const char *issued_for = judging->obs->tickets[crossing->example->ticket].sni;
    const bool told = issued_for[0] != '\0' &&
                      strcmp(issued_for, judging->obs->targets[from].sni) == 0; /* by label */
    const char *certificates = !crossing->compared ? "no certificates to compare"
                               : crossing->other_certificate
                                   ? "the two names have different certificates"
                                   : "both names have the same certificate";

    stek_audit_add_finding(judging, STEK_AUDIT_CROSS_NAME,
                           crossing->other_certificate ? STEK_AUDIT_MEDIUM : STEK_AUDIT_LOW, about,
                           "%u of %u %s of %s%s%s%s resumed under the name of this target (%s); %s",
                           (unsigned)crossing->resumed, (unsigned)crossing->tried,
                           stek_plural(crossing->tried, "ticket", "tickets"),
                           stek_audit_label(judging->obs, from).at, told ? "" : ", issued for ",
                           told ? "" : shown_name(issued_for), told ? "" : ",",
                           shown_name(crossing->example->sni), certificates);
}

void stek_audit_judge_cross_names(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;

    for (uint32_t from = 0; from < obs->targets_len; from++)
        for (uint32_t to = 0; to < obs->targets_len; to++) {
            struct crossing crossing = {0};
            for (size_t i = 0; i < obs->handshakes_len; i++) {
                const struct stek_audit_handshake *h = &obs->handshakes[i];
                if (h->purpose == STEK_AUDIT_OTHER_NAME && h->target == to &&
                    h->ticket != STEK_AUDIT_NONE && obs->tickets[h->ticket].target == from &&
                    strcmp(obs->tickets[h->ticket].sni, h->sni) != 0)
                    note_crossing(&crossing, obs, h);
            }
            if (crossing.resumed > 0)
                report_crossing(judging, from, to, &crossing);
        }
}

/* Where a target refuses the client's certificate, a ticket that carries it must not work. */
static bool refuses_our_certificate(const struct stek_audit_observation *obs, uint32_t target,
                                    const char *sni)
{
    bool seen = false;

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->target != target || h->resumed || !h->cert_sent || strcmp(h->sni, sni) != 0 ||
            h->outcome == STEK_AUDIT_UNREACHABLE || h->outcome == STEK_AUDIT_TIMEOUT)
            continue;
        if (stek_audit_granted(h))
            return false;
        seen = true;
    }
    return seen;
}

static bool bypasses(const struct stek_audit_observation *obs, const struct stek_audit_handshake *h)
{
    if ((h->purpose != STEK_AUDIT_MATRIX && h->purpose != STEK_AUDIT_OTHER_NAME) ||
        h->ticket == STEK_AUDIT_NONE || !h->resumed || !stek_audit_granted(h))
        return false;
    const struct stek_audit_control control = stek_audit_control_find(obs, h->target, h->sni);
    if (!control.denied || (control.handshake->answer[0] != '\0' && h->answer[0] == '\0'))
        return false;
    return !obs->tickets[h->ticket].cert_sent || refuses_our_certificate(obs, h->target, h->sni);
}

void stek_audit_judge_client_auth(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;

    for (uint32_t from = 0; from < obs->targets_len; from++)
        for (uint32_t to = 0; to < obs->targets_len; to++) {
            const struct stek_audit_handshake *example = NULL;
            uint32_t count = 0;
            for (size_t i = 0; i < obs->handshakes_len; i++) {
                const struct stek_audit_handshake *h = &obs->handshakes[i];
                if (h->target != to || !bypasses(obs, h) || obs->tickets[h->ticket].target != from)
                    continue;
                example = h;
                count++;
            }
            if (count == 0)
                continue;
            const struct stek_audit_control control =
                stek_audit_control_find(obs, to, example->sni);
            const bool had = obs->tickets[example->ticket].cert_sent;
            stek_audit_add_finding(judging, STEK_AUDIT_CLIENT_AUTH_BYPASS, STEK_AUDIT_HIGH,
                                   (struct stek_audit_about){to, from, 0},
                                   "%u %s of %s, got %s, served under the name %s, where a full "
                                   "handshake without one "
                                   "ends with %s%s",
                                   (unsigned)count, stek_plural(count, "ticket", "tickets"),
                                   stek_audit_label(obs, from).at,
                                   had ? "with a client certificate that this target refuses"
                                       : "without a client certificate",
                                   shown_name(example->sni),
                                   control.handshake->answer[0] != '\0' ? control.handshake->answer
                                                                        : "an alert",
                                   example->answer[0] != '\0' ? " (with the ticket: served)" : "");
        }
}
