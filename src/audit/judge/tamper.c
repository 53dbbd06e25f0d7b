/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets with one bit changed. A sound server takes every such ticket for one that it does not
 * know (RFC 5077 section 3.2, RFC 9846 section 4.2.11): a full handshake. One that resumes checks
 * no MAC. One whose answer depends on which byte of the encrypted part was changed looks at what it
 * decrypted before it checked the MAC; from such answers an attacker learns plaintext byte by byte
 * (Vaudenay, EUROCRYPT 2002).
 */
#include "audit/judge/judging.h"
#include "core/plural.h"

enum { CLASSES_MAX = 16 };

/* Answers that are the same for every changed ticket. */
struct answer {
    enum stek_audit_outcome outcome;
    uint8_t alert;
    uint32_t count;
    int32_t example; /* offset of a changed byte */
};

struct answers {
    struct answer list[CLASSES_MAX];
    size_t len;
};

/* A lost connection says nothing about the ticket. */
static bool tells(const struct stek_audit_handshake *h)
{
    return h->outcome != STEK_AUDIT_UNREACHABLE && h->outcome != STEK_AUDIT_TIMEOUT && !h->resumed;
}

static void note(struct answers *answers, const struct stek_audit_handshake *h)
{
    const uint8_t alert = h->outcome == STEK_AUDIT_ALERT ? h->alert : 0;
    size_t i = 0;

    while (i < answers->len &&
           (answers->list[i].outcome != h->outcome || answers->list[i].alert != alert))
        i++;
    if (i == CLASSES_MAX)
        return;
    if (i == answers->len)
        answers->list[answers->len++] = (struct answer){h->outcome, alert, 0, h->flip_at};
    answers->list[i].count++;
}

struct tampering {
    uint32_t tried, resumed;
    int32_t resumed_at[8];
    struct answers unknown; /* random bytes for a ticket */
    struct answers name;    /* a byte of the key name changed: the key is unknown, too */
    struct answers inside;  /* any later byte changed */
};

static struct tampering look(const struct stek_audit_judging *judging, uint32_t target,
                             uint16_t version)
{
    struct tampering seen = {0};

    for (size_t i = 0; i < judging->obs->handshakes_len; i++) {
        const struct stek_audit_handshake *h = &judging->obs->handshakes[i];
        if (h->target != target || h->version_offered != version)
            continue;
        if (h->purpose == STEK_AUDIT_UNKNOWN && tells(h))
            note(&seen.unknown, h);
        if (h->purpose != STEK_AUDIT_TAMPER)
            continue;
        seen.tried++;
        if (h->resumed && seen.resumed++ < 8)
            seen.resumed_at[seen.resumed - 1] = h->flip_at;
        if (tells(h))
            note(h->flip_at < judging->names.lens[target] ? &seen.name : &seen.inside, h);
    }
    return seen;
}

static void add_answers(struct stek_audit_text *text, const struct answers *answers)
{
    static const char *const ends[STEK_AUDIT_OUTCOMES] = {
        [STEK_AUDIT_DONE] = "a full handshake",
        [STEK_AUDIT_CLOSED] = "a closed connection",
        [STEK_AUDIT_REJECTED] = "an answer that the client refused",
    };

    for (size_t i = 0; i < answers->len; i++) {
        const struct answer *answer = &answers->list[i];
        stek_audit_text_add(text, i > 0 ? ", " : "");
        if (answer->outcome == STEK_AUDIT_ALERT)
            stek_audit_text_add(text, "alert %u", (unsigned)answer->alert);
        else
            stek_audit_text_add(text, "%s", ends[answer->outcome]);
        if (answers->len > 1)
            stek_audit_text_add(text, " (%u %s, as with byte %d)", (unsigned)answer->count,
                                stek_plural(answer->count, "time", "times"), (int)answer->example);
    }
}

/* Two kinds of answer, each seen more than once: a single odd one may be the network's. */
static bool depends_on_place(const struct answers *inside)
{
    size_t kinds = 0;

    for (size_t i = 0; i < inside->len; i++)
        kinds += inside->list[i].count > 1;
    return kinds > 1;
}

static bool holds(const struct answers *answers, const struct answer *wanted)
{
    for (size_t i = 0; i < answers->len; i++)
        if (answers->list[i].outcome == wanted->outcome && answers->list[i].alert == wanted->alert)
            return true;
    return false;
}

/* Whether damage is ever answered as an unknown ticket never is. Without one to compare with, that
 * is a full handshake.
 */
static bool differs(const struct tampering *seen)
{
    static const struct answers full = {{{STEK_AUDIT_DONE, 0, 1, -1}}, 1};
    const struct answers *unknown = seen->unknown.len > 0 ? &seen->unknown : &full;

    for (size_t i = 0; i < seen->inside.len; i++)
        if (!holds(unknown, &seen->inside.list[i]))
            return true;
    for (size_t i = 0; i < seen->name.len; i++)
        if (!holds(unknown, &seen->name.list[i]))
            return true;
    return false;
}

static void report_resumed(struct stek_audit_judging *judging, struct stek_audit_about about,
                           const struct tampering *seen)
{
    struct stek_audit_text text = {.len = 0};

    stek_audit_text_add(&text, "%u of %u changed %s resumed: with byte", (unsigned)seen->resumed,
                        (unsigned)seen->tried, stek_plural(seen->tried, "ticket", "tickets"));
    for (uint32_t i = 0; i < seen->resumed && i < 8; i++)
        stek_audit_text_add(&text, "%s %d", i > 0 ? "," : "", (int)seen->resumed_at[i]);
    stek_audit_text_add(&text, "%s changed", seen->resumed > 8 ? ", ..." : "");
    stek_audit_add_finding(judging, STEK_AUDIT_NO_MAC, STEK_AUDIT_CRITICAL, about, "%s", text.at);
}

void stek_audit_judge_tampering(struct stek_audit_judging *judging)
{
    for (uint32_t target = 0; target < judging->obs->targets_len; target++)
        for (int i = 0; i < 2; i++) {
            const struct stek_audit_about about = stek_audit_about(target, stek_audit_versions[i]);
            const struct tampering seen = look(judging, target, stek_audit_versions[i]);
            struct stek_audit_text text = {.len = 0};
            if (seen.resumed > 0)
                report_resumed(judging, about, &seen);
            const bool oracle = depends_on_place(&seen.inside);
            if (seen.tried == 0 || (!oracle && !differs(&seen)))
                continue;
            stek_audit_text_add(&text, "changed tickets are answered with ");
            add_answers(&text, seen.inside.len > 0 ? &seen.inside : &seen.name);
            if (seen.unknown.len > 0) {
                stek_audit_text_add(&text, "; random bytes with ");
                add_answers(&text, &seen.unknown);
            }
            const enum stek_audit_id id =
                oracle ? STEK_AUDIT_PADDING_ORACLE : STEK_AUDIT_ERROR_DIFFERS;
            stek_audit_add_finding(judging, id, stek_audit_usual(id), about, "%s", text.at);
        }
}
