/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's key-encryption keys on this host's disk, and its state folder. */
#include "daemon/fleet.h"

#include "core/hex.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "fleet/rules/epoch.h"
#include "fleet/store/kekfile.h"
#include "fleet/store/statefolder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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
        return stek_config_fail(
            ret_problem,
            "[fleet] kek = %s: systemd passed no credentials: set LoadCredential= in stekd.service",
            setting);
    return snprintf(ret_path, size, "%s/%s", folder, setting + sizeof credential_mark - 1) <
           (int)size;
}

/* The error of the system, behind a colon; nothing if there was none. */
static const char *reason(int error, char ret_text[96])
{
    ret_text[0] = '\0';
    if (error != 0)
        (void)snprintf(ret_text, 96, ": %.90s", stek_failure_name(error).text);
    return ret_text;
}

static bool read_file(const char *setting, struct stek_kek *ret_kek,
                      struct stek_config_problem *ret_problem)
{
    char path[4096];

    if (!key_path(setting, path, sizeof path, ret_problem))
        return false;
    const char *problem = stek_kekfile_read(path, ret_kek);
    int error = problem != NULL && errno != ENOENT ? errno : 0; /* that says what to do */
    if (problem != NULL && is_credential(setting) && access(path, F_OK) != 0) {
        problem = "systemd did not pass this credential: set LoadCredential= in stekd.service";
        error = 0;
    }
    char why[96];
    return problem == NULL || stek_config_fail(ret_problem, "[fleet] kek = %s: %s%s", setting,
                                               problem, reason(error, why));
}

/* What the state folder has of the key takes its place, if the key has gone on further there. */
static void go_on(const char *folder, const char *setting, struct stek_kek *kek,
                  struct stekd_key *ret_file)
{
    const uint64_t file_epoch = kek->epoch;
    const char *problem = stek_state_read_key(folder, kek);

    if (problem != NULL) {
        char why[96];
        stek_log(STEK_LOG_WARNING, "fleet: the state of key %s in %s is not used: %s%s",
                 ret_file->id, folder, problem, reason(errno, why));
    }
    ret_file->file_epoch = file_epoch;
    ret_file->problem[0] = '\0';
    if (kek->epoch > file_epoch)
        (void)snprintf(ret_file->problem, sizeof ret_file->problem,
                       "%.160s was not rewritten when epochs ended", setting);
}

bool stekd_fleet_read_keys(const struct stek_config_fleet *config, struct stek_keks *ret_keks,
                           struct stekd_key ret_files[STEK_KEKS_MAX],
                           struct stek_config_problem *ret_problem)
{
    STEK_SECRET(stek_keks) struct stek_keks keks = {.count = 0};

    for (; keks.count < config->kek_count; keks.count++) {
        struct stek_kek *kek = &keks.at[keks.count];
        const char *setting = config->kek[keks.count];
        if (!read_file(setting, kek, ret_problem))
            return false;
        stek_hex_text(kek->id, STEK_KEK_ID_LEN, ret_files[keks.count].id);
        go_on(config->state, setting, kek, &ret_files[keks.count]);
        if (stek_kek_look_at(kek, stek_epoch_at((int64_t)time(NULL))) != STEK_OK)
            return stek_config_fail(ret_problem, "[fleet] kek = %s: libcrypto failed", setting);
    }
    *ret_keks = keks;
    return true;
}

/* Said when it begins, and when it becomes another one. */
static bool is_news(char *said, size_t size, const char *text)
{
    if (strcmp(said, text) == 0)
        return false;
    (void)snprintf(said, size, "%s", text);
    return text[0] != '\0';
}

static void note_file_problem(struct stekd_fleet *keeper, struct stekd_key *key,
                              const char *setting, const char *problem)
{
    char text[sizeof key->problem] = "";

    if (problem != NULL) {
        char why[96];
        (void)snprintf(text, sizeof text, "%.100s cannot be rewritten: %.60s%s", setting, problem,
                       reason(errno, why));
    }
    if (is_news(key->problem, sizeof key->problem, text))
        stek_log(STEK_LOG_WARNING,
                 "fleet: %s: whoever takes that file opens what was recorded of the store; stekd "
                 "goes on with what it keeps in %s: see kek in stekd.conf(5)",
                 text, keeper->texts->config.state);
}

static void note_state_problem(struct stekd_fleet *keeper, const char *problem)
{
    char text[sizeof keeper->texts->state_problem] = "";

    if (problem != NULL) {
        char why[96];
        (void)snprintf(text, sizeof text, "%s%s", problem, reason(errno, why));
    }
    if (is_news(keeper->texts->state_problem, sizeof keeper->texts->state_problem, text))
        stek_log(STEK_LOG_WARNING,
                 "fleet: the state folder %s: %s: after a reboot this host believes whatever the "
                 "store says: see state in stekd.conf(5)",
                 keeper->texts->config.state, text);
}

void stekd_fleet_prepare_state(struct stekd_fleet *keeper)
{
    keeper->texts->state_problem[0] = '\0';
    note_state_problem(keeper, stek_state_prepare(keeper->texts->config.state));
}

void stekd_fleet_keep_key(void *arg, uint32_t index, const struct stek_kek *kek)
{
    struct stekd_fleet *keeper = arg;
    struct stekd_key *key = &keeper->texts->key[index];
    const char *setting = keeper->texts->config.kek[index];
    const char *problem = "a credential is read-only";

    errno = 0;
    if (!is_credential(setting))
        problem = stek_kekfile_replace(setting, kek);
    note_file_problem(keeper, key, setting, problem);
    if (problem == NULL)
        key->file_epoch = kek->epoch;
    const bool drops = problem == NULL;
    problem = drops ? stek_state_drop_key(keeper->texts->config.state, kek)
                    : stek_state_keep_key(keeper->texts->config.state, kek);
    if (!drops || problem != NULL) /* what is not there says nothing about the folder */
        note_state_problem(keeper, problem);
}

void stekd_fleet_keep_seen(void *arg, const char *ring, const struct stek_seen *seen)
{
    struct stekd_fleet *keeper = arg;

    note_state_problem(keeper, stek_state_keep_seen(keeper->texts->config.state, ring, seen));
}
