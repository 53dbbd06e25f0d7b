/* SPDX-License-Identifier: Apache-2.0 */
#include "core/admit.h"

#include <string.h>

static bool session_is_too_old(int64_t origin, int64_t max_session_age_s, int64_t now)
{
    if (origin > now)
        return origin - now > STEK_CLOCK_SKEW_MAX_S;
    return now - origin >= max_session_age_s;
}

enum stek_verdict stek_admit(const struct stek_ticket_facts *facts, int64_t max_session_age_s,
                             int64_t now)
{
    if (session_is_too_old(facts->sealed.origin, max_session_age_s, now))
        return STEK_VERDICT_SESSION_AGE;
    if (memcmp(facts->sealed.name_hash, facts->hello_name, STEK_NAME_HASH_LEN) != 0)
        return STEK_VERDICT_SERVER_NAME;
    if (facts->cert_required && !facts->has_cert)
        return STEK_VERDICT_CERT_MISSING;
    if (facts->sealed.verified_until != 0 && facts->sealed.verified_until < now)
        return STEK_VERDICT_CERT_EXPIRED;
    return STEK_VERDICT_RESUME;
}

static int64_t at_most(int64_t value, int64_t cap)
{
    return value < cap ? value : cap;
}

int64_t stek_promise_s(int64_t program_s, int64_t accept_until, int64_t origin,
                       int64_t max_session_age_s, int64_t now)
{
    int64_t promise_s = at_most(program_s, STEK_ACCEPT_MAX_S);

    promise_s = at_most(promise_s, accept_until - now);
    promise_s = at_most(promise_s, origin + max_session_age_s - now);
    return promise_s > 0 ? promise_s : 0;
}
