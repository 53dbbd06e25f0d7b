/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/check.h"

#include "daemon/fleet.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/system/privileges.h"
#include "daemon/system/rundir.h"
#include "seed/seedfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A directory that is missing will be made. */
static bool check_run_dir(const struct stek_options *options, const struct stek_config *config,
                          const struct stek_account *account)
{
    struct stek_rundir_problem problem;
    struct stek_rundir dir;

    if (access(options->run_dir, F_OK) != 0 && errno == ENOENT)
        return true;
    if (stek_rundir_open(options->run_dir, account->uid, account->gid,
                         options->allow_disk || config->allow_disk, &dir, &problem)) {
        stek_rundir_close(&dir);
        return true;
    }
    stek_log(STEK_LOG_ERROR, "%s", problem.text);
    return false;
}

/* As in a start, but for credentials: systemd passes them to no one else. */
static bool check_keks(const struct stek_config_fleet *config)
{
    STEK_SECRET(stek_keks) struct stek_keks keks = {.count = 0};
    struct stekd_key files[STEK_KEKS_MAX];
    struct stek_config_problem problem;

    for (size_t i = 0; i < config->kek_count; i++)
        if (strncmp(config->kek[i], "credential:", strlen("credential:")) == 0 &&
            getenv("CREDENTIALS_DIRECTORY") == NULL)
            return true;
    if (stekd_fleet_read_keys(config, &keks, files, &problem))
        return true;
    stek_log(STEK_LOG_ERROR, "%s", problem.text);
    return false;
}

/* A certificate's file: without it the store is not reached, and rings go on. */
static void check_readable(const char *setting, const char *path)
{
    const int fd = path[0] != '\0' ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    struct stat about;

    if (path[0] != '\0' && (fd < 0 || fstat(fd, &about) != 0))
        stek_log(STEK_LOG_WARNING, "[fleet] %s = %s: %s", setting, path,
                 stek_failure_name(errno).text);
    else if (fd >= 0 && !S_ISREG(about.st_mode))
        stek_log(STEK_LOG_WARNING, "[fleet] %s = %s: not a regular file", setting, path);
    if (fd >= 0)
        (void)close(fd);
}

static void check_seed(const struct stek_config_ring *ring)
{
    STEK_SECRET(stek_seed) struct stek_seed seed;

    errno = 0;
    const char *problem = stek_seedfile_read(ring->seed, &seed);
    if (problem != NULL)
        stek_log(STEK_LOG_WARNING, "%s: [ring %s]: seed = %s: %s%s%s", ring->place, ring->name,
                 ring->seed, problem, errno != 0 ? ": " : "",
                 errno != 0 ? stek_failure_name(errno).text : "");
    else if (strcmp(seed.ring, ring->name) != 0)
        stek_log(STEK_LOG_WARNING, "%s: [ring %s]: seed = %s: the seed is for ring %s", ring->place,
                 ring->name, ring->seed, seed.ring);
}

/* Root who types the command means the stekd that the unit starts: as the user whose the run
 * directory is then. */
static void take_user_of_unit(const char *run_dir, struct stek_account *account)
{
    struct stek_account unit;
    struct stat about;

    if (geteuid() == 0 && account->uid == (uid_t)-1 && stek_account_find("stek", &unit) &&
        stat(run_dir, &about) == 0 && about.st_uid == unit.uid)
        *account = unit;
}

int stekd_check(const struct stek_options *options, const struct stek_config *config)
{
    struct stek_account account;
    bool fine = true;

    if (!stek_account_find(config->user, &account)) {
        stek_log(STEK_LOG_ERROR, "%s: user = %s: there is no such user: create it, or name another",
                 options->config, config->user);
        return STEKD_EXIT_USAGE;
    }
    take_user_of_unit(options->run_dir, &account);
    fine = check_run_dir(options, config, &account);
    /* Not root: the files are looked at as who one is. */
    const char *refused = geteuid() == 0 ? stek_privileges_drop(&account) : NULL;
    if (refused != NULL) {
        stek_log(STEK_LOG_ERROR, "%s: %s", refused, stek_failure_name(errno).text);
        return STEKD_EXIT_FAILED;
    }
    if (config->fleet.given) {
        fine = check_keks(&config->fleet) && fine;
        check_readable("ca", config->fleet.ca);
        check_readable("cert", config->fleet.cert);
        check_readable("key", config->fleet.key);
    }
    for (size_t i = 0; i < config->ring_count; i++)
        if (config->rings[i].source == STEK_SOURCE_SEED)
            check_seed(&config->rings[i]);
    return fine ? STEKD_EXIT_FINE : STEKD_EXIT_USAGE;
}
