/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/keys.h"

#include "core/duration.h"
#include "core/policy.h"
#include "core/settings.h"
#include "status/status.h"

#include <event2/util.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

enum { LISTEN, ADMIN_GROUP, USER, ALLOW_DISK, ORPHAN_TIME, STATUS_PAGE };

const struct stek_config_key stek_config_daemon_keys[] = {
    [LISTEN] = {"listen",
                "up to 8 of ADDRESS:PORT, [ADDRESS]:PORT and unix:/PATH, with spaces between"},
    [ADMIN_GROUP] = {"admin_group", "the name of a group"},
    [USER] = {"user", "the name of a user"},
    [ALLOW_DISK] = {"allow_disk", "yes or no"},
    [ORPHAN_TIME] = {"orphan_time", STEK_ALLOWED_INTERVAL},
    [STATUS_PAGE] = {"status_page", "yes or no"},
    {NULL, NULL},
};

enum { ROTATE, ACCEPT, AHEAD, MAX_SESSION_AGE, GROUP, SOURCE, SEED };

const struct stek_config_key stek_config_ring_keys[] = {
    [ROTATE] = {"rotate", STEK_ALLOWED_INTERVAL},
    [ACCEPT] = {"accept", STEK_ALLOWED_INTERVAL},
    [AHEAD] = {"ahead", STEK_ALLOWED_AHEAD},
    [MAX_SESSION_AGE] = {"max_session_age", STEK_ALLOWED_SESSION_AGE},
    [GROUP] = {"group", "the name of a group"},
    [SOURCE] = {"source", "host, fleet or seed"},
    [SEED] = {"seed", "the absolute path of a file"},
    {NULL, NULL},
};

/* Names of accounts are looked up later; this only keeps out what none can be called. */
static bool set_account(char *setting, const char *value)
{
    const size_t len = strlen(value);

    if (len == 0 || len > STEK_ACCOUNT_NAME_MAX || strpbrk(value, " \t:,/") != NULL)
        return false;
    memcpy(setting, value, len + 1);
    return true;
}

static bool set_yes_no(bool *setting, const char *value)
{
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return false;
    *setting = value[0] == 'y';
    return true;
}

static bool set_orphan_time(int64_t *setting, const char *value)
{
    int64_t seconds = 0;

    if (!stek_duration_parse(value, &seconds) || seconds < 1 || seconds > STEK_ACCEPT_MAX_S)
        return false;
    *setting = seconds;
    return true;
}

static bool read_unix_address(const char *path, struct stek_config_listen *listen)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t len = strlen(path);

    if (path[0] != '/' || len >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, len + 1);
    memcpy(&listen->address, &address, sizeof address);
    listen->len = sizeof address;
    return true;
}

static bool read_inet_address(const char *text, struct stek_config_listen *listen)
{
    int len = sizeof listen->address;

    if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&listen->address, &len) != 0)
        return false;
    listen->len = (socklen_t)len;
    /* The port stands at the same place in both kinds of address. */
    return ((const struct sockaddr_in *)&listen->address)->sin_port != 0;
}

static bool read_listen(const char *text, size_t len, struct stek_config_listen *listen)
{
    *listen = (struct stek_config_listen){.len = 0};
    if (len >= sizeof listen->text)
        return false;
    memcpy(listen->text, text, len);
    if (strncmp(listen->text, "unix:", 5) == 0)
        return read_unix_address(listen->text + 5, listen);
    return read_inet_address(listen->text, listen);
}

static bool set_listen(struct stek_config *config, const char *value)
{
    struct stek_config_listen found[STEK_CONFIG_LISTENS_MAX];
    size_t count = 0;

    for (const char *at = value + strspn(value, " \t"); *at != '\0'; at += strspn(at, " \t")) {
        const size_t len = strcspn(at, " \t");
        if (count == STEK_CONFIG_LISTENS_MAX || !read_listen(at, len, &found[count++]))
            return false;
        at += len;
    }
    memcpy(config->listen, found, count * sizeof *found);
    config->listen_count = count;
    return count > 0;
}

bool stek_config_set_daemon(struct stek_config *config, size_t key, const char *value)
{
    switch (key) {
    case LISTEN:
        return set_listen(config, value);
    case ADMIN_GROUP:
        return set_account(config->admin_group, value);
    case USER:
        return set_account(config->user, value);
    case ORPHAN_TIME:
        return set_orphan_time(&config->orphan_time_s, value);
    case STATUS_PAGE:
        return set_yes_no(&config->status_page, value);
    default:
        return set_yes_no(&config->allow_disk, value);
    }
}

/* Read as the module reads its own settings of these names. */
static bool set_policy(struct stek_policy *policy, const char *name, const char *value)
{
    struct stek_settings settings;

    stek_settings_init(&settings);
    settings.policy = *policy;
    if (stek_settings_set(&settings, name, value) != NULL)
        return false;
    *policy = settings.policy;
    return true;
}

static bool set_source(enum stek_source *setting, const char *value)
{
    static const enum stek_source sources[] = {STEK_SOURCE_HOST, STEK_SOURCE_FLEET,
                                               STEK_SOURCE_SEED};

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        if (strcmp(value, stek_source_name(sources[i])) != 0)
            continue;
        *setting = sources[i];
        return true;
    }
    return false;
}

bool stek_config_set_ring(struct stek_config_ring *ring, size_t key, const char *value)
{
    switch (key) {
    case GROUP:
        return set_account(ring->group, value);
    case SOURCE:
        return set_source(&ring->source, value);
    case SEED:
        return stek_config_set_path(ring->seed, value);
    default:
        return set_policy(&ring->policy, stek_config_ring_keys[key].name, value);
    }
}
