/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the judge share: one judge_NAME.c for each topic, all run by judge.c. */
#ifndef STEK_AUDIT_JUDGING_H
#define STEK_AUDIT_JUDGING_H

#include "audit/finding.h"
#include "audit/judge/judge.h"
#include "audit/judge/keyname.h"
#include "audit/observation.h"

struct stek_audit_judging {
    const struct stek_audit_observation *obs;
    const struct stek_audit_judge_hooks *hooks; /* NULL: none */
    struct stek_audit_name_index names;
    struct stek_audit_cell *cells;
    struct stek_audit_findings findings;
    enum stek_result result; /* of the first step that failed; what comes after it does nothing */
};

/* The target of a finding. */
struct stek_audit_about {
    uint32_t target, other;
    uint16_t version;
};

static inline struct stek_audit_about stek_audit_about(uint32_t target, uint16_t version)
{
    return (struct stek_audit_about){target, STEK_AUDIT_NONE, version};
}

/* Adds a finding. `format` and the rest make `observed`; other than printable ASCII becomes '?'. */
__attribute__((format(printf, 5, 6))) void
stek_audit_add_finding(struct stek_audit_judging *judging, enum stek_audit_id id,
                       enum stek_audit_severity severity, struct stek_audit_about about,
                       const char *format, ...);

/* The severity that an id usually has. */
enum stek_audit_severity stek_audit_usual(enum stek_audit_id id);

/* A text that grows by printf and stops at its end. */
struct stek_audit_text {
    char at[1024];
    size_t len;
};

__attribute__((format(printf, 2, 3))) void stek_audit_text_add(struct stek_audit_text *text,
                                                               const char *format, ...);

/* From one time to another. Recordings may hold any times: a difference that is out of range ends
 * at the range. */
static inline int64_t stek_audit_elapsed_s(int64_t from, int64_t to)
{
    int64_t elapsed_s;

    if (__builtin_sub_overflow(to, from, &elapsed_s))
        return to > from ? INT64_MAX : INT64_MIN;
    return elapsed_s;
}

/* `90 s`, `15 min`, `6 h`, `7.5 days`. */
struct stek_audit_duration {
    char at[32];
};
struct stek_audit_duration stek_audit_duration(int64_t seconds);

/* `a:443` or `[::1]:443`, with the server name in brackets when it is another. */
struct stek_audit_label {
    char at[2 * STEK_AUDIT_NAME_LEN_MAX + 32];
};
struct stek_audit_label stek_audit_label(const struct stek_audit_observation *obs, uint32_t target);

/* `TLS 1.2`. */
const char *stek_audit_version_name(uint16_t version);

/* The two versions that are looked at. */
extern const uint16_t stek_audit_versions[2];

/* Whether there are tickets of this target and version, and all are too short for a session: the
 * server keeps its state itself, and no ticket key is in play. A session id is up to 32 bytes (RFC
 * 5246 section 7.4.1.2); an encrypted session is longer. */
bool stek_audit_only_references(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version);

/* How the key names of a target followed each other on new tickets. */
struct stek_audit_rotation {
    uint32_t changes;
    int64_t shortest_s, longest_s; /* between the first sights of names that follow each other */
    int64_t longest_use_s;         /* one name on fresh tickets */
    int64_t first, last;           /* of all tickets with a name */
};
struct stek_audit_rotation stek_audit_measure_rotation(const struct stek_audit_key_names *names,
                                                       uint32_t target);

/* The topics. Each looks at all targets. */
void stek_audit_judge_offers(struct stek_audit_judging *judging);
void stek_audit_judge_hints(struct stek_audit_judging *judging);
void stek_audit_judge_resumption(struct stek_audit_judging *judging);
void stek_audit_judge_renewal(struct stek_audit_judging *judging);
void stek_audit_judge_changes(struct stek_audit_judging *judging);
void stek_audit_judge_key_names(struct stek_audit_judging *judging);
void stek_audit_judge_tampering(struct stek_audit_judging *judging);
void stek_audit_judge_matrix(struct stek_audit_judging *judging);
void stek_audit_judge_cross_names(struct stek_audit_judging *judging);
void stek_audit_judge_client_auth(struct stek_audit_judging *judging);
void stek_audit_judge_early_data(struct stek_audit_judging *judging);
void stek_audit_judge_rotation(struct stek_audit_judging *judging);
void stek_audit_judge_life(struct stek_audit_judging *judging);
void stek_audit_judge_chains(struct stek_audit_judging *judging);
void stek_audit_judge_protection(struct stek_audit_judging *judging);
void stek_audit_judge_dictionary(struct stek_audit_judging *judging);

#endif
