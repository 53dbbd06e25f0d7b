/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/seeds.h"

#include "core/handover.h"
#include "core/plural.h"
#include "core/policy.h"
#include "daemon/system/log.h"
#include "seed/seedfile.h"
#include "status/status.h"

#include <errno.h>
#include <string.h>

enum { AGAIN_S = 10 };

/* What a seed makes of a ring. */
struct seeded {
    struct stek_policy policy;
    struct stek_records records;
};

static void seeded_wipe(struct seeded *seeded)
{
    stek_wipe(seeded, sizeof *seeded);
}

/* stek_change_fn */
static enum stek_result put_seeded(struct stek_ring_state *state, int64_t now,
                                   const struct stek_fresh *fresh, void *arg)
{
    const struct seeded *seeded = arg;

    (void)fresh;
    stek_ring_state_set_policy(state, &seeded->policy);
    stek_records_hand_over(&state->records, &seeded->records, (state->flags & STEK_RING_LOCAL) != 0,
                           now);
    state->flags &= ~(uint64_t)STEK_RING_LOCAL;
    return STEK_OK;
}

static const char *publish_seeded(struct stek_kept *kept, const struct stek_seed *seed, int64_t now,
                                  int64_t *ret_next)
{
    STEK_SECRET(seeded)
    struct seeded seeded = {.policy = stek_policy_resolve(&kept->config.policy)};
    struct stek_view view;

    seeded.policy.rotate_s = seed->rotate_s; /* the same on all hosts, so the seed says */
    seeded.policy.accept_s = seed->accept_s;
    errno = 0;
    if (stek_policy_problem(&seeded.policy) != NULL)
        return "the seed's rotate and accept do not fit the ring's ahead and max_session_age";
    enum stek_result result = stek_seed_records(seed, seeded.policy.ahead, now, &seeded.records);
    if (result == STEK_OK)
        result = stek_writer_change(kept->writer, put_seeded, &seeded, now);
    if (result == STEK_ERR_BUSY) {
        errno = 0;
        return "the seed is too old to be advanced: copy the file of another host, or make a new "
               "one for all";
    }
    if (result != STEK_OK)
        return stek_result_text(result);
    stek_kept_count(kept, now);
    stek_records_view(&seeded.records, now, &view);
    *ret_next = view.valid_until;
    return NULL;
}

/* Says once that a seed is older than its keys live, and what becomes of that. */
static void tell_of_age(struct stek_kept *kept, int64_t late_s, int64_t wait_s)
{
    if (late_s > 0 && kept->seed_late == 0) {
        char late[STEK_DURATION_LEN];
        char wait[STEK_DURATION_LEN];
        stek_log(
            STEK_LOG_WARNING,
            "ring %s: the clock is %s past the time of its seed: if the clock is wrong, set it "
            "within %s; then the seed is advanced for good",
            kept->config.name, stek_duration_text(late_s, sizeof late, late),
            stek_duration_text(wait_s, sizeof wait, wait));
    }
    if (late_s == 0 && kept->seed_late > 0)
        stek_log(STEK_LOG_NOTICE, "ring %s: the clock goes with its seed", kept->config.name);
    kept->seed_late = late_s;
}

/* Advances the file, or puts that off. */
static const char *advance_file(struct stek_kept *kept, const struct stek_clockcheck *clock,
                                struct stek_seed *seed, int64_t now, int64_t *ret_next)
{
    const int64_t life_s = seed->rotate_s + seed->accept_s;
    const int64_t late_s = now - stek_seed_due(seed);
    const uint64_t before = seed->seq;

    if (late_s < 0) {
        tell_of_age(kept, 0, 0);
        return NULL;
    }
    const int64_t wait_s = stek_clockcheck_wait_s(clock, late_s, life_s);
    if (wait_s > 0) {
        tell_of_age(kept, late_s > life_s ? late_s : 0, wait_s);
        *ret_next = now + wait_s < *ret_next ? now + wait_s : *ret_next;
        return NULL;
    }
    errno = 0;
    if (stek_seed_advance(seed, now) != STEK_OK)
        return "the seed is too old to be advanced";
    const char *problem = stek_seedfile_replace(kept->config.seed, seed);
    if (problem == NULL && kept->seed_late > 0)
        stek_log(STEK_LOG_NOTICE, "ring %s: its seed was advanced by %llu %s", kept->config.name,
                 (unsigned long long)(seed->seq - before),
                 stek_plural(seed->seq - before, "key", "keys"));
    kept->seed_late = problem == NULL ? 0 : kept->seed_late;
    return problem;
}

const char *stek_seed_update(struct stek_kept *kept, const struct stek_clockcheck *clock,
                             int64_t now, int64_t *ret_next)
{
    STEK_SECRET(stek_seed) struct stek_seed seed;
    const char *problem = stek_seedfile_read(kept->config.seed, &seed);

    *ret_next = now + AGAIN_S;
    if (problem != NULL)
        return problem;
    errno = 0;
    if (strcmp(seed.ring, kept->config.name) != 0)
        return "the seed is for another ring";
    problem = publish_seeded(kept, &seed, now, ret_next);
    if (problem == NULL)
        problem = advance_file(kept, clock, &seed, now, ret_next);
    if (problem != NULL)
        return problem;
    errno = 0;
    if (seed.active_from - now > STEK_CLOCK_SLACK_S)
        problem = "the clock is before the time of the seed: it is wrong, or was when the seed was "
                  "advanced; correct it, or copy the file of another host";
    return problem;
}
