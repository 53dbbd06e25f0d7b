/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/fleet.h"

#include "core/handover.h"
#include "core/hex.h"
#include "core/policy.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "fleet/store/statefolder.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The C library loads its resolvers when a name is first looked up, which the sandbox would forbid.
 */
static void load_resolvers(void)
{
    struct addrinfo *found = NULL;

    if (getaddrinfo("localhost", "2379", NULL, &found) == 0)
        freeaddrinfo(found);
}

bool stekd_fleet_load(struct stekd_fleet *keeper, const char *library,
                      struct stek_config_problem *ret_problem)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

    if (handle == NULL)
        return stek_config_fail(ret_problem, "[fleet] needs stek-fleet.so: %s", dlerror());
    const struct stek_fleet_api *api = dlsym(handle, STEK_FLEET_API_SYMBOL);
    if (api == NULL || api->version != STEK_FLEET_API_VERSION)
        return stek_config_fail(ret_problem, "%s: belongs to another version of stekd", library);
    keeper->api = api;
    load_resolvers();
    return true;
}

/* Writes what the fleet decided into the ring file. */
struct kept_state {
    const struct stek_records *records;
    uint64_t floor;
    bool took_over; /* the host's own records seal no more */
};

/* The fleet seals from now on. What the host sealed with opens until it retires. */
static void take_over(struct stek_ring_state *state, struct kept_state *kept, int64_t now)
{
    stek_records_hand_over(&state->records, kept->records, true, now);
    state->flags &= ~(uint64_t)STEK_RING_LOCAL;
    state->floor = kept->floor;
    kept->took_over = true;
}

/* stek_change_fn */
static enum stek_result put_records(struct stek_ring_state *state, int64_t now,
                                    const struct stek_fresh *fresh, void *arg)
{
    struct kept_state *kept = arg;

    (void)fresh;
    if ((state->flags & STEK_RING_LOCAL) != 0) {
        if (stek_records_active(kept->records, now) >= 0)
            take_over(state, kept, now);
        return STEK_OK;
    }
    if (kept->floor > state->floor) { /* a revocation ends what another source left, too */
        state->floor = kept->floor;
        state->records = *kept->records;
        return STEK_OK;
    }
    stek_records_hand_over(&state->records, kept->records, false, now);
    return STEK_OK;
}

static bool write_records(void *arg, const char *ring, const struct stek_records *records,
                          uint64_t floor)
{
    struct stekd_fleet *keeper = arg;
    struct stek_kept *kept = stek_rings_find(keeper->rings, ring);
    struct kept_state state = {.records = records, .floor = floor};
    const int64_t now = (int64_t)time(NULL);

    if (kept == NULL || kept->writer == NULL)
        return false;
    if (stek_writer_change(kept->writer, put_records, &state, now) != STEK_OK)
        return false;
    if (state.took_over)
        stek_log(STEK_LOG_NOTICE,
                 "ring %s: the fleet's keys seal now; this host's own open until they retire",
                 ring);
    stek_kept_count(kept, now);
    return true;
}

static void write_log(void *arg, int priority, const char *line)
{
    (void)arg;
    stek_log((enum stek_log_level)(priority < STEK_LOG_ERROR ? STEK_LOG_ERROR : priority), "%s",
             line);
}

/* bootstrap = local: a random record of this host's own, which it rotates until the store answers.
 */
static enum stek_result put_local_start(struct stek_ring_state *state, int64_t now,
                                        const struct stek_fresh *fresh, void *arg)
{
    struct stek_policy policy = stek_ring_state_policy(state);

    (void)arg;
    policy.ahead = 1;
    state->flags |= STEK_RING_LOCAL;
    return stek_records_advance(&state->records, &policy, now, fresh);
}

static void start_locally(struct stek_rings *rings, struct stek_kept *kept)
{
    const int64_t now = (int64_t)time(NULL);

    errno = 0;
    const enum stek_result result = stek_writer_change(kept->writer, put_local_start, NULL, now);
    if (result != STEK_OK) {
        rings->fleet_due = true;
        stek_log(STEK_LOG_ERROR, "ring %s: has no keys, and cannot start locally: %s",
                 kept->config.name, stek_failure_of(result, errno).text);
        return;
    }
    stek_kept_count(kept, now);
    stek_log(STEK_LOG_WARNING,
             "ring %s: uses keys of this host alone until the fleet's store answers",
             kept->config.name);
}

/* What the ring's file will hold of the fleet's. Records of this host's own are not the fleet's,
 * nor is their floor. */
static bool describe_ring(const char *folder, const struct stek_config_ring *config,
                          const struct stek_ring_state *state,
                          struct stek_fleet_ring_options *ret_options)
{
    const bool own = stek_ring_state_is_own(state);
    const bool fleets = state->records.count > 0 && !own;

    *ret_options = (struct stek_fleet_ring_options){.name = config->name,
                                                    .policy = stek_policy_resolve(&config->policy),
                                                    .records = fleets ? &state->records : NULL,
                                                    .floor = own ? 0 : state->floor};
    return stek_state_read_seen(folder, config->name, &ret_options->seen);
}

void stekd_fleet_set_options(const struct stekd_fleet_texts *texts, const struct stek_keks *keks,
                             struct stek_fleet_options *ret_options)
{
    const struct stek_config_fleet *config = &texts->config;
    const char *at = config->endpoints;

    *ret_options =
        (struct stek_fleet_options){.ca = config->ca[0] != '\0' ? config->ca : NULL,
                                    .cert = config->cert[0] != '\0' ? config->cert : NULL,
                                    .key = config->key[0] != '\0' ? config->key : NULL,
                                    .prefix = config->prefix,
                                    .host = texts->host,
                                    .keks = keks};
    for (size_t i = 0; i < config->endpoint_count; i++, at += strlen(at) + 1)
        ret_options->endpoints[ret_options->endpoints_count++] = at;
}

/* The rings of source fleet, with copies of what their files hold: one array of each, the caller's
 * to wipe and free. */
struct gathered {
    struct stek_fleet_ring_options *options;
    struct stek_ring_state *states;
    size_t count;
};

static void gathered_fini(struct gathered *gathered, size_t rings_count)
{
    if (gathered->states != NULL)
        stek_wipe(gathered->states, (rings_count + 1) * sizeof *gathered->states);
    free(gathered->states);
    free(gathered->options);
}

/* Those that are not kept are left out: when they are, the fleet begins again with them. Without
 * what this host has seen of a ring the store could show it an older one: so nothing begins. */
static enum stek_result gather(const char *folder, const struct stek_next *rings,
                               size_t rings_count, struct gathered *ret_gathered)
{
    bool kept;

    ret_gathered->options = calloc(rings_count + 1, sizeof *ret_gathered->options);
    ret_gathered->states = calloc(rings_count + 1, sizeof *ret_gathered->states);
    if (ret_gathered->options == NULL || ret_gathered->states == NULL)
        return STEK_ERR_MEMORY;
    for (size_t i = 0; i < rings_count; i++) {
        struct stek_ring_state *state = &ret_gathered->states[ret_gathered->count];
        const struct stek_config_ring *ring = stek_next_ring(rings, i, &kept, state);
        if (ring->source == STEK_SOURCE_FLEET && kept &&
            !describe_ring(folder, ring, state, &ret_gathered->options[ret_gathered->count++]))
            return STEK_ERR_SYSTEM;
    }
    return STEK_OK;
}

static enum stek_result open_fleet(struct stekd_fleet *keeper, const struct stek_config *config,
                                   const struct stek_keks *keks, const struct stek_next *next,
                                   struct stekd_fleet_next *ret_next)
{
    const struct stek_fleet_host host = {write_records, stekd_fleet_keep_key, stekd_fleet_keep_seen,
                                         write_log, keeper};
    struct stek_fleet_options options;
    struct gathered rings = {.count = 0};

    stekd_fleet_set_options(ret_next->texts, keks, &options);
    enum stek_result result = gather(config->fleet.state, next, config->ring_count, &rings);
    if (result == STEK_OK)
        result = rings.count == 0 ? STEK_OK
                                  : keeper->api->open(keeper->base, &options, rings.options,
                                                      rings.count, &host, &ret_next->fleet);
    const int error = errno;
    gathered_fini(&rings, config->ring_count);
    errno = error;
    return result;
}

void stekd_fleet_set_texts(const struct stek_config_fleet *config,
                           const struct stekd_key files[STEK_KEKS_MAX],
                           struct stekd_fleet_texts *ret_texts)
{
    struct stekd_fleet_texts *texts = ret_texts;

    *texts = (struct stekd_fleet_texts){.config = *config};
    memcpy(texts->key, files, sizeof texts->key);
    if (config->name[0] != '\0')
        memcpy(texts->host, config->name, strlen(config->name) + 1);
    else if (gethostname(texts->host, sizeof texts->host - 1) != 0 || texts->host[0] == '\0')
        memcpy(texts->host, "unnamed", sizeof "unnamed");
}

bool stekd_fleet_prepare(struct stekd_fleet *keeper, const struct stek_config *config,
                         const struct stek_keks *keks, const struct stekd_key files[STEK_KEKS_MAX],
                         const struct stek_next *rings, struct stekd_fleet_next *ret_next,
                         struct stek_config_problem *ret_problem)
{
    struct stekd_fleet_next next = {.fleet = NULL};

    *ret_next = next;
    if (!config->fleet.given)
        return true;
    if (keeper->api == NULL)
        return stek_config_fail(ret_problem,
                                "[fleet] was added after stekd started: restart stekd");
    next.texts = calloc(1, sizeof *next.texts);
    if (next.texts == NULL)
        return stek_config_fail(ret_problem, "[fleet]: %s", stek_result_text(STEK_ERR_MEMORY));
    stekd_fleet_set_texts(&config->fleet, files, next.texts);
    errno = 0;
    const enum stek_result result = open_fleet(keeper, config, keks, rings, &next);
    if (result != STEK_OK) {
        (void)stek_config_fail(ret_problem, "[fleet]: %s", stek_failure_of(result, errno).text);
        free(next.texts);
        return false;
    }
    *ret_next = next;
    return true;
}

void stekd_fleet_give_up(const struct stekd_fleet *keeper, struct stekd_fleet_next *next)
{
    if (next->fleet != NULL)
        keeper->api->close(next->fleet);
    free(next->texts);
    *next = (struct stekd_fleet_next){.fleet = NULL};
}

void stekd_fleet_commit(struct stekd_fleet *keeper, const struct stekd_fleet_next *next)
{
    stekd_fleet_close(keeper);
    keeper->fleet = next->fleet;
    keeper->texts = next->texts;
    if (keeper->texts != NULL)
        stekd_fleet_prepare_state(keeper);
}

void stekd_fleet_bootstrap(struct stekd_fleet *keeper)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;

    for (size_t i = 0; keeper->fleet != NULL && i < keeper->rings->count; i++) {
        struct stek_kept *kept = &keeper->rings->at[i];
        if (keeper->texts->config.bootstrap_local && kept->config.source == STEK_SOURCE_FLEET &&
            kept->writer != NULL && stek_writer_state(kept->writer, &state) == STEK_OK &&
            state.records.count == 0)
            start_locally(keeper->rings, kept);
    }
}

void stekd_fleet_close(struct stekd_fleet *keeper)
{
    if (keeper->fleet != NULL)
        keeper->api->close(keeper->fleet);
    free(keeper->texts);
    keeper->fleet = NULL;
    keeper->texts = NULL;
}

bool stekd_fleet_find(const struct stekd_fleet *keeper, const char *ring, size_t *ret_index)
{
    struct stek_fleet_ring_status status;

    for (size_t i = 0; keeper->fleet != NULL && i < keeper->api->rings(keeper->fleet); i++) {
        keeper->api->describe_ring(keeper->fleet, i, &status);
        if (strcmp(status.name, ring) != 0)
            continue;
        *ret_index = i;
        return true;
    }
    return false;
}
