/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/seeds.h"

#include "core/policy.h"
#include "seed/seedfile.h"

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

    (void)now, (void)fresh;
    stek_ring_state_set_policy(state, &seeded->policy);
    state->records = seeded->records;
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
    if (stek_policy_problem(&seeded.policy) != NULL)
        return "the seed's rotate and accept do not fit the ring's ahead and max_session_age";
    enum stek_result result = stek_seed_records(seed, seeded.policy.ahead, now, &seeded.records);
    if (result == STEK_OK)
        result = stek_writer_change(kept->writer, put_seeded, &seeded, now);
    if (result != STEK_OK)
        return stek_result_text(result);
    stek_kept_count(kept, now);
    stek_records_view(&seeded.records, now, &view);
    *ret_next = view.valid_until;
    return NULL;
}

const char *stek_seed_update(struct stek_kept *kept, int64_t now, int64_t *ret_next)
{
    STEK_SECRET(stek_seed) struct stek_seed seed;
    const char *problem = stek_seedfile_read(kept->config.seed, &seed);

    *ret_next = now + AGAIN_S;
    if (problem != NULL)
        return problem;
    if (strcmp(seed.ring, kept->config.name) != 0)
        return "the seed is for another ring";
    const uint64_t before = seed.seq;
    if (stek_seed_advance(&seed, now) != STEK_OK)
        return "the seed is too old to be advanced";
    problem = publish_seeded(kept, &seed, now, ret_next);
    if (problem == NULL && seed.seq != before)
        problem = stek_seedfile_replace(kept->config.seed, &seed);
    return problem;
}
