/* SPDX-License-Identifier: Apache-2.0 */
/* What a resumption brings: a new ticket, a fresh key exchange, the session's version and suite. */
#include "audit/judge/judging.h"
#include "core/plural.h"

static bool resumed_whole(const struct stek_audit_handshake *h)
{
    return h->ticket != STEK_AUDIT_NONE && h->resumed && h->outcome == STEK_AUDIT_DONE &&
           h->purpose != STEK_AUDIT_PSK_ONLY && h->purpose != STEK_AUDIT_TAMPER;
}

struct renewals {
    uint32_t resumed, renewed;
    int64_t youngest_s, oldest_s; /* ages of the tickets that were renewed, and of all */
};

static struct renewals count_renewals(const struct stek_audit_observation *obs, uint32_t target,
                                      uint16_t version)
{
    struct renewals renewals = {.youngest_s = INT64_MAX};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (!resumed_whole(h) || h->target != target || h->version != version)
            continue;
        const int64_t age_s = stek_audit_elapsed_s(obs->tickets[h->ticket].received, h->at);
        renewals.resumed++;
        renewals.renewed += h->tickets > 0;
        renewals.oldest_s = age_s > renewals.oldest_s ? age_s : renewals.oldest_s;
        if (h->tickets > 0 && age_s < renewals.youngest_s)
            renewals.youngest_s = age_s;
    }
    return renewals;
}

void stek_audit_judge_renewal(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const uint16_t version = stek_audit_versions[i];
            const struct renewals renewals = count_renewals(judging->obs, target, version);
            const struct stek_audit_about about = stek_audit_about(target, version);
            if (renewals.renewed > 0)
                stek_audit_add_finding(judging, STEK_AUDIT_RENEWAL, STEK_AUDIT_INFO, about,
                                       "%u of %u %s brought a new ticket; the youngest ticket "
                                       "replaced was %s old",
                                       (unsigned)renewals.renewed, (unsigned)renewals.resumed,
                                       stek_plural(renewals.resumed, "resumption", "resumptions"),
                                       stek_audit_duration(renewals.youngest_s).at);
            else if (renewals.resumed > 0 && version == STEK_AUDIT_TLS13)
                stek_audit_add_finding(judging, STEK_AUDIT_RENEWAL_MISSING, STEK_AUDIT_LOW, about,
                                       "no new ticket in %u %s; the oldest ticket was %s old",
                                       (unsigned)renewals.resumed,
                                       stek_plural(renewals.resumed, "resumption", "resumptions"),
                                       stek_audit_duration(renewals.oldest_s).at);
        }
}

/* RFC 9846 appendix B.4: one suite of TLS 1.3 has SHA-384, the others SHA-256. */
static bool same_hash(uint16_t a, uint16_t b)
{
    return (a == 0x1302) == (b == 0x1302);
}

static bool cipher_changed(const struct stek_audit_handshake *h,
                           const struct stek_audit_ticket *ticket)
{
    if (h->version != ticket->version || h->cipher == ticket->cipher)
        return false;
    return h->version != STEK_AUDIT_TLS13 || !same_hash(h->cipher, ticket->cipher);
}

struct changes {
    uint32_t version, cipher, no_dhe, reused;
    const struct stek_audit_handshake *to_version, *to_cipher;
};

static struct changes count_changes(const struct stek_audit_observation *obs, uint32_t target,
                                    uint16_t version)
{
    struct changes changes = {0};

    for (size_t i = 0; i < obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &obs->handshakes[i];
        if (h->target != target || h->ticket == STEK_AUDIT_NONE || !h->resumed || h->version == 0 ||
            obs->tickets[h->ticket].version != version)
            continue;
        const struct stek_audit_ticket *ticket = &obs->tickets[h->ticket];
        if (h->version != ticket->version) {
            changes.version++;
            changes.to_version = h;
        } else if (cipher_changed(h, ticket)) {
            changes.cipher++;
            changes.to_cipher = h;
        }
        changes.no_dhe +=
            h->purpose == STEK_AUDIT_PSK_ONLY && h->version == STEK_AUDIT_TLS13 && !h->dhe;
        changes.reused += h->purpose == STEK_AUDIT_REUSE && h->version == STEK_AUDIT_TLS13;
    }
    return changes;
}

void stek_audit_judge_changes(struct stek_audit_judging *judging)
{
    const struct stek_audit_observation *obs = judging->obs;

    for (uint32_t target = 0; target < obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const uint16_t version = stek_audit_versions[i];
            const struct stek_audit_about about = stek_audit_about(target, version);
            const struct changes changes = count_changes(obs, target, version);
            if (changes.version > 0)
                stek_audit_add_finding(judging, STEK_AUDIT_PROTOCOL_CHANGED, STEK_AUDIT_HIGH, about,
                                       "%u %s: a session of %s went on in %s (version %04x)",
                                       (unsigned)changes.version,
                                       stek_plural(changes.version, "handshake", "handshakes"),
                                       stek_audit_version_name(version),
                                       stek_audit_version_name(changes.to_version->version),
                                       (unsigned)changes.to_version->version);
            if (changes.cipher > 0)
                stek_audit_add_finding(judging, STEK_AUDIT_CIPHER_CHANGED, STEK_AUDIT_MEDIUM, about,
                                       "%u %s: a session of suite %04x went on with suite %04x",
                                       (unsigned)changes.cipher,
                                       stek_plural(changes.cipher, "handshake", "handshakes"),
                                       (unsigned)obs->tickets[changes.to_cipher->ticket].cipher,
                                       (unsigned)changes.to_cipher->cipher);
            if (changes.no_dhe > 0)
                stek_audit_add_finding(judging, STEK_AUDIT_PSK_WITHOUT_DHE, STEK_AUDIT_MEDIUM,
                                       about, "%u of the tries that offered psk_ke alone resumed",
                                       (unsigned)changes.no_dhe);
            if (changes.reused > 0)
                stek_audit_add_finding(judging, STEK_AUDIT_TICKET_REUSED, STEK_AUDIT_INFO, about,
                                       "a ticket resumed again in %u %s", (unsigned)changes.reused,
                                       stek_plural(changes.reused, "try", "tries"));
        }
}
