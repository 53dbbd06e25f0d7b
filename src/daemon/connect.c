/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/connect.h"

#include "daemon/fleet.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/system/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void say(void *arg, bool fine, const char *line)
{
    (void)arg;
    if (fine)
        (void)puts(line);
    else
        stek_log(STEK_LOG_ERROR, "%s", line);
    (void)fflush(stdout);
}

static bool try_keys(const struct stek_config_fleet *config, struct stek_keks *ret_keks,
                     struct stekd_key ret_files[STEK_KEKS_MAX])
{
    struct stek_config_problem problem;

    if (!stekd_fleet_read_keys(config, ret_keks, ret_files, &problem)) {
        stek_log(STEK_LOG_ERROR, "%s", problem.text);
        return false;
    }
    for (uint32_t i = 0; i < ret_keks->count; i++)
        (void)printf("%s: key %s: fine\n", config->kek[i], ret_files[i].id);
    return true;
}

/* The names of the rings of the fleet. */
static size_t list_rings(const struct stek_config *config, const char **ret_rings)
{
    size_t count = 0;

    for (size_t i = 0; i < config->ring_count; i++)
        if (config->rings[i].source == STEK_SOURCE_FLEET)
            ret_rings[count++] = config->rings[i].name;
    return count;
}

static bool try_endpoints(const struct stek_options *options, const struct stek_config *config,
                          const struct stek_keks *keks, const struct stekd_key *files,
                          const char **rings)
{
    struct stekd_fleet keeper = {.api = NULL};
    struct stek_config_problem problem;
    struct stekd_fleet_texts texts;
    struct stek_fleet_options fleet;
    const struct stek_fleet_check check = {
        .options = &fleet, .rings = rings, .rings_count = list_rings(config, rings), .say = say};

    if (check.rings_count == 0) {
        (void)puts("no ring has source = fleet: the endpoints are not tried");
        return true;
    }
    if (!stekd_fleet_load(&keeper, options->fleet_library, &problem)) {
        stek_log(STEK_LOG_ERROR, "%s", problem.text);
        return false;
    }
    stekd_fleet_set_texts(&config->fleet, files, &texts);
    stekd_fleet_set_options(&texts, keks, &fleet);
    return keeper.api->check(&check);
}

int stekd_connect(const struct stek_options *options, const struct stek_config *config)
{
    STEK_SECRET(stek_keks) struct stek_keks keks = {.count = 0};
    struct stekd_key files[STEK_KEKS_MAX] = {{.file_epoch = 0}};

    if (!config->fleet.given) {
        (void)puts("no section [fleet]: there is nothing to connect to");
        return STEKD_EXIT_FINE;
    }
    if (!stek_privileges_limit()) {
        stek_log(STEK_LOG_ERROR, "core dumps cannot be turned off: %s",
                 stek_failure_name(errno).text);
        return STEKD_EXIT_FAILED;
    }
    const char **rings = calloc(config->ring_count + 1, sizeof *rings);
    if (rings == NULL) {
        stek_log(STEK_LOG_ERROR, "no memory");
        return STEKD_EXIT_FAILED;
    }
    const bool keys = try_keys(&config->fleet, &keks, files);
    const bool endpoints = try_endpoints(options, config, &keks, files, rings);
    free(rings);
    return keys && endpoints && fflush(stdout) == 0 ? STEKD_EXIT_FINE : STEKD_EXIT_FAILED;
}
