/* SPDX-License-Identifier: Apache-2.0 */
/* What a feed's settings mean together. */
#include "feed/config.h"

#include "core/duration.h"
#include "core/label.h"
#include "feed/list.h"
#include "keyfile/keys.h"

#include <signal.h>
#include <string.h>

/* dnsdist holds five keys unless it is told otherwise. The random ones that it starts with go when
 * it is given as many. */
enum { KEYS_MIN = 2, DNSDIST_KEYS = 5 };

static const struct {
    const char *name;
    int number;
} signals[] = {{"HUP", SIGHUP}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};

static bool is_set(const char *setting)
{
    return setting[0] != '\0';
}

/* A path goes into lists and commands as it is, so it has no byte that means something there. */
static bool is_path(const char *value)
{
    for (const char *at = value; *at != '\0'; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return value[0] == '/' && strpbrk(value, "\"'\\;#{}$") == NULL &&
           value[strlen(value) - 1] != '/';
}

static const char *ring_problem(const struct stek_feed_config *config)
{
    struct stek_context context;

    if (!is_set(config->ring))
        return "ring is missing: the name of a ring";
    if (!stek_ring_name_is_valid(config->ring))
        return "ring: allowed: " STEK_RING_NAME_RULE;
    if (!is_set(config->context))
        return "context is missing: the label that is 'context' in the settings of the module";
    if (strcmp(config->context, "auto") == 0)
        return "context: auto is for no key file: set 'context = LABEL' in the settings of the "
               "module, and give LABEL";
    return stek_context_label(config->context, &context)
               ? NULL
               : "context: allowed: 1 to 255 printable ASCII characters";
}

static const char *layout_problem(struct stek_feed_config *config)
{
    if (!is_set(config->to))
        return "to is missing: a layout that 'stek keyfile --help' lists";
    config->layout = stek_keyfile_layout_find(config->to);
    if (config->layout == NULL)
        return "to: allowed: a layout that 'stek keyfile --help' lists";
    if (strcmp(config->layout->name, "apache") == 0)
        return "to: Apache on OpenSSL 3 seals with other bytes than those of its file: load the "
               "module instead, 'stek enable'";
    return NULL;
}

static const char *place_problem(const struct stek_feed_config *config)
{
    const bool many = stek_feed_needs_directory(config->layout);

    if (many && !is_set(config->directory))
        return "directory is missing: this server has a file for each key, and reads their list";
    if (!many && !is_set(config->file))
        return "file is missing: the file that the server reads";
    if (many ? is_set(config->file) : is_set(config->directory))
        return many ? "file: this server has a file for each key: give a directory"
                    : "directory: this server has one file: give a file";
    return is_path(many ? config->directory : config->file)
               ? NULL
               : "file and directory: allowed: an absolute path in ASCII without blanks and quotes";
}

static const char *room_problem(struct stek_feed_config *config)
{
    int64_t room =
        config->layout->seals == STEK_KEYFILE_LAST ? DNSDIST_KEYS : STEK_KEYFILE_KEYS_MAX;

    if (config->layout->keys_max == 1 && !stek_feed_needs_directory(config->layout))
        room = 1;
    else if (is_set(config->keys) && (!stek_number_parse(config->keys, &room) || room < KEYS_MIN ||
                                      room > STEK_KEYFILE_KEYS_MAX))
        return "keys: allowed: 2 to 64";
    if (room == 1 && is_set(config->keys))
        return "keys: this server's file holds one key";
    config->room = (size_t)room;
    return NULL;
}

static const char *signal_problem(struct stek_feed_config *config)
{
    if (!is_set(config->signal) || !is_path(config->pid_file))
        return "signal and pid_file: give both: HUP, USR1 or USR2, and an absolute path";
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(signals[i].name, config->signal) == 0) {
            config->signal_number = signals[i].number;
            config->after = STEK_FEED_SIGNAL;
            return NULL;
        }
    return "signal: allowed: HUP, USR1, USR2";
}

static const char *socket_problem(struct stek_feed_config *config)
{
    const bool haproxy = config->layout->seals == STEK_KEYFILE_LAST_BUT_ONE;

    if (!is_path(config->socket))
        return "socket: allowed: the absolute path of a unix socket";
    if (haproxy == is_set(config->line))
        return haproxy ? "line: HAProxy's socket gets HAProxy's own words"
                       : "line is missing: what is sent to the socket";
    config->after = haproxy ? STEK_FEED_HAPROXY : STEK_FEED_LINE;
    return NULL;
}

static const char *after_problem(struct stek_feed_config *config)
{
    const bool signal = is_set(config->signal) || is_set(config->pid_file);
    const bool socket = is_set(config->socket) || is_set(config->line);
    const bool command = is_set(config->command);

    config->after = STEK_FEED_NOTHING;
    if (signal + socket + command > 1)
        return "give one of signal with pid_file, socket, or command";
    if (signal)
        return signal_problem(config);
    if (socket)
        return socket_problem(config);
    if (command && config->command[0] != '/')
        return "command: allowed: an absolute path, and words after it";
    if (command)
        config->after = STEK_FEED_COMMAND;
    return NULL;
}

const char *stek_feed_config_resolve(struct stek_feed_config *config)
{
    const char *problem = ring_problem(config);

    if (problem == NULL)
        problem = layout_problem(config);
    if (problem == NULL)
        problem = place_problem(config);
    if (problem == NULL)
        problem = room_problem(config);
    return problem != NULL ? problem : after_problem(config);
}
