/* SPDX-License-Identifier: Apache-2.0 */
#include "core/policy.h"

#include "core/abi.h"
#include "core/record.h"

/* The longest time for which a ring can hold every key that sealed for one interval, or the default
 * if there is room for that. */
static int64_t accept_that_fits(const struct stek_policy *policy)
{
    int64_t room_s = 0;

    if (policy->ahead <= STEK_AHEAD_MAX && policy->rotate_s > 0 &&
        policy->rotate_s <= STEK_ROTATE_MAX_S)
        room_s = (STEK_RECORDS_MAX - 2 - (int64_t)policy->ahead) * policy->rotate_s;
    return room_s > 0 && room_s < STEK_ACCEPT_DEFAULT_S ? room_s : STEK_ACCEPT_DEFAULT_S;
}

struct stek_policy stek_policy_resolve(const struct stek_policy *policy)
{
    struct stek_policy full = {0};

    if (policy != NULL)
        full = *policy;
    full.size = 0; /* it says what the caller knows, and nothing about keys */
    if (full.rotate_s == 0)
        full.rotate_s = STEK_ROTATE_DEFAULT_S;
    if (full.max_session_age_s == 0)
        full.max_session_age_s = STEK_MAX_SESSION_AGE_DEFAULT_S;
    if (full.ahead == 0)
        full.ahead = STEK_AHEAD_DEFAULT;
    if (full.accept_s == 0)
        full.accept_s = accept_that_fits(&full);
    return full;
}

int64_t stek_policy_short_accept(const struct stek_policy *policy)
{
    const struct stek_policy full = stek_policy_resolve(policy);

    return policy->accept_s == 0 && full.accept_s < STEK_ACCEPT_DEFAULT_S ? full.accept_s : 0;
}

/* Records alive at once in steady state: draining ones, the active one, those ahead, and one that
 * is just retiring. */
static int64_t records_needed(const struct stek_policy *policy)
{
    return (policy->accept_s + policy->rotate_s - 1) / policy->rotate_s + 2 + policy->ahead;
}

const char *stek_policy_problem(const struct stek_policy *policy)
{
    const struct stek_policy full = stek_policy_resolve(policy);

    if (policy != NULL && !stek_abi_fits(policy, policy->size, sizeof *policy))
        return "size must be sizeof (struct stek_policy), without fields that this version of stek "
               "does not know";
    if (full.rotate_s < 1 || full.rotate_s > STEK_ROTATE_MAX_S)
        return "rotate must be between 1s and 7d";
    if (full.accept_s < 1 || full.accept_s > STEK_ACCEPT_MAX_S)
        return "accept must be between 1s and 7d";
    if (full.max_session_age_s < 1 || full.max_session_age_s > STEK_MAX_SESSION_AGE_MAX_S)
        return "max_session_age must be between 1s and 30d";
    if (full.ahead > STEK_AHEAD_MAX)
        return "ahead must be between 1 and 16";
    if (records_needed(&full) > STEK_RECORDS_MAX)
        return "a ring holds at most 64 keys, so accept / rotate + ahead may be at most 62: "
               "raise rotate or lower accept";
    return NULL;
}
