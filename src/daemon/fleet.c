/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/fleet.h"
#include "core/hex.h"

#include "core/policy.h"
#include "daemon/system/log.h"
#include "fleet/store/kekfile.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

__attribute__((format(printf, 2, 3))) static bool fail(struct stek_config_problem *ret_problem,
                                                       const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(ret_problem->text, sizeof ret_problem->text, format, arguments);
    va_end(arguments);
    return false;
}

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
        return fail(ret_problem, "[fleet] needs stek-fleet.so: %s", dlerror());
    const struct stek_fleet_api *api = dlsym(handle, STEK_FLEET_API_SYMBOL);
    if (api == NULL || api->version != STEK_FLEET_API_VERSION)
        return fail(ret_problem, "%s: belongs to another version of stekd", library);
    keeper->api = api;
    load_resolvers();
    return true;
}

static const char credential_mark[] = "credential:";

static bool is_credential(const char *setting)
{
    return strncmp(setting, credential_mark, sizeof credential_mark - 1) == 0;
}

/* Where a key is: a path, or a credential that systemd has put in place (systemd.exec(5),
 * LoadCredential=). */
static bool key_path(const char *setting, char *ret_path, size_t size,
                     struct stek_config_problem *ret_problem)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (!is_credential(setting))
        return snprintf(ret_path, size, "%s", setting) < (int)size;
    if (folder == NULL)
        return fail(
            ret_problem,
            "[fleet] kek = %s: systemd passed no credentials: set LoadCredential= in stekd.service",
            setting);
    return snprintf(ret_path, size, "%s/%s", folder, setting + sizeof credential_mark - 1) <
           (int)size;
}

static bool read_key(const char *setting, struct stek_kek *ret_kek,
                     struct stek_config_problem *ret_problem)
{
    STEK_SECRET(stek_secret32) struct stek_secret32 key;
    char path[4096];

    if (!key_path(setting, path, sizeof path, ret_problem))
        return false;
    const char *problem = stek_kekfile_read(path, &key);
    if (problem != NULL && is_credential(setting) && access(path, F_OK) != 0)
        problem = "systemd did not pass this credential: set LoadCredential= in stekd.service";
    if (problem != NULL)
        return fail(ret_problem, "[fleet] kek = %s: %s", setting, problem);
    return stek_kek_init(&key, ret_kek) == STEK_OK ||
           fail(ret_problem, "[fleet] kek = %s: libcrypto failed", setting);
}

bool stekd_fleet_read_keys(const struct stek_config_fleet *config, struct stek_keks *ret_keks,
                           struct stek_config_problem *ret_problem)
{
    STEK_SECRET(stek_keks) struct stek_keks keks = {.count = 0};

    for (; keks.count < config->kek_count; keks.count++)
        if (!read_key(config->kek[keks.count], &keks.at[keks.count], ret_problem))
            return false;
    *ret_keks = keks;
    return true;
}

/* Writes what the fleet decided into the ring file. */
struct kept_state {
    const struct stek_records *records;
    uint64_t floor;
};

/* stek_change_fn */
static enum stek_result put_records(struct stek_ring_state *state, int64_t now,
                                    const struct stek_fresh *fresh, void *arg)
{
    const struct kept_state *kept = arg;

    (void)now, (void)fresh;
    if (kept->floor > state->floor)
        state->floor = kept->floor;
    /* A local start stays as long as the fleet has nothing to put in its place. */
    if (kept->records->count == 0 && (state->flags & STEK_RING_LOCAL) != 0 &&
        state->records.count > 0 && state->records.at[0].seq >= state->floor)
        return STEK_OK;
    state->records = *kept->records;
    state->flags &= ~(uint64_t)STEK_RING_LOCAL;
    return STEK_OK;
}

static bool write_records(void *arg, const char *ring, const struct stek_records *records,
                          uint64_t floor)
{
    struct stekd_fleet *keeper = arg;
    struct stek_kept *kept = stek_rings_find(keeper->rings, ring);
    struct kept_state state = {records, floor};
    const int64_t now = (int64_t)time(NULL);

    if (kept == NULL)
        return false;
    if (stek_writer_change(kept->writer, put_records, &state, now) != STEK_OK)
        return false;
    stek_kept_count(kept, now);
    return true;
}

static void write_log(void *arg, int priority, const char *line)
{
    (void)arg;
    stek_log((enum stek_log_level)(priority < STEK_LOG_ERROR ? STEK_LOG_ERROR : priority), "%s",
             line);
}

/* bootstrap = local: one random record of this host's own, which its servers continue until the
 * store answers. */
static enum stek_result put_local_start(struct stek_ring_state *state, int64_t now,
                                        const struct stek_fresh *fresh, void *arg)
{
    struct stek_policy policy = stek_ring_state_policy(state);

    (void)arg;
    policy.ahead = 1;
    state->flags |= STEK_RING_LOCAL;
    return stek_records_advance(&state->records, &policy, now, fresh);
}

static void start_locally(struct stek_kept *kept)
{
    const int64_t now = (int64_t)time(NULL);

    if (stek_writer_change(kept->writer, put_local_start, NULL, now) != STEK_OK)
        return;
    stek_kept_count(kept, now);
    stek_log(STEK_LOG_WARNING,
             "ring %s: uses keys of this host alone until the fleet's store answers",
             kept->config.name);
}

/* What the ring's file holds of the fleet's. Records of a local start do not count as published. */
static void describe_ring(const struct stek_kept *kept, struct stek_ring_state *state,
                          struct stek_fleet_ring_options *ret_options)
{
    const bool read = stek_writer_state(kept->writer, state) == STEK_OK;
    const bool fleets = read && state->records.count > 0 && (state->flags & STEK_RING_LOCAL) == 0;

    *ret_options =
        (struct stek_fleet_ring_options){.name = kept->config.name,
                                         .policy = stek_policy_resolve(&kept->config.policy),
                                         .records = fleets ? &state->records : NULL,
                                         .floor = read ? state->floor : 0};
}

static void set_options(struct stekd_fleet *keeper, const struct stek_keks *keks,
                        struct stek_fleet_options *ret_options)
{
    const struct stek_config_fleet *config = &keeper->config;
    const char *at = config->endpoints;

    *ret_options =
        (struct stek_fleet_options){.ca = config->ca[0] != '\0' ? config->ca : NULL,
                                    .cert = config->cert[0] != '\0' ? config->cert : NULL,
                                    .key = config->key[0] != '\0' ? config->key : NULL,
                                    .prefix = config->prefix,
                                    .host = keeper->host,
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

static void gathered_fini(struct gathered *gathered)
{
    if (gathered->states != NULL)
        stek_wipe(gathered->states, gathered->count * sizeof *gathered->states);
    free(gathered->states);
    free(gathered->options);
}

static bool gather(const struct stekd_fleet *keeper, struct gathered *ret_gathered)
{
    struct stek_rings *rings = keeper->rings;

    ret_gathered->options = calloc(rings->count + 1, sizeof *ret_gathered->options);
    ret_gathered->states = calloc(rings->count + 1, sizeof *ret_gathered->states);
    if (ret_gathered->options == NULL || ret_gathered->states == NULL)
        return false;
    for (size_t i = 0; i < rings->count; i++) {
        const size_t place = ret_gathered->count;
        if (rings->at[i].config.source != STEK_SOURCE_FLEET)
            continue;
        describe_ring(&rings->at[i], &ret_gathered->states[place], &ret_gathered->options[place]);
        ret_gathered->count++;
        if (ret_gathered->options[place].records == NULL &&
            ret_gathered->states[place].records.count == 0 && keeper->config.bootstrap_local)
            start_locally(&rings->at[i]);
    }
    return true;
}

static bool open_fleet(struct stekd_fleet *keeper, const struct stek_keks *keks,
                       struct stek_config_problem *ret_problem)
{
    const struct stek_fleet_host host = {write_records, write_log, keeper};
    struct stek_fleet_options options;
    struct gathered rings = {.count = 0};
    enum stek_result result = STEK_ERR_MEMORY;

    set_options(keeper, keks, &options);
    if (gather(keeper, &rings))
        result = rings.count == 0 ? STEK_OK
                                  : keeper->api->open(keeper->base, &options, rings.options,
                                                      rings.count, &host, &keeper->fleet);
    gathered_fini(&rings);
    return result == STEK_OK || fail(ret_problem, "[fleet]: %s", stek_result_text(result));
}

static void set_key_ids(struct stekd_fleet *keeper, const struct stek_keks *keks)
{
    for (uint32_t i = 0; i < keks->count; i++)
        stek_hex_text(keks->at[i].id, STEK_KEK_ID_LEN, keeper->kek_id[i]);
}

static void set_host(struct stekd_fleet *keeper)
{
    if (keeper->config.name[0] != '\0')
        memcpy(keeper->host, keeper->config.name, strlen(keeper->config.name) + 1);
    else if (gethostname(keeper->host, sizeof keeper->host - 1) != 0 || keeper->host[0] == '\0')
        memcpy(keeper->host, "unnamed", sizeof "unnamed");
}

bool stekd_fleet_apply(struct stekd_fleet *keeper, const struct stek_config *config,
                       const struct stek_keks *keks, struct stek_config_problem *ret_problem)
{
    stekd_fleet_close(keeper);
    if (!config->fleet.given)
        return true;
    if (keeper->api == NULL)
        return fail(ret_problem, "[fleet] was added after stekd started: restart stekd");
    keeper->config = config->fleet;
    set_host(keeper);
    set_key_ids(keeper, keks);
    return open_fleet(keeper, keks, ret_problem);
}

void stekd_fleet_close(struct stekd_fleet *keeper)
{
    if (keeper->fleet != NULL)
        keeper->api->close(keeper->fleet);
    keeper->fleet = NULL;
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
