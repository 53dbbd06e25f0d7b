/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the file of the configuration, and looks up the groups that it names. */
#include "feed/config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(struct stek_feed_problem *ret_problem, const char *path, const char *words)
{
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%.300s: %s", path, words);
    return false;
}

/* Reads until the end or until the buffer is full. Returns the length, or -1. */
static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;
    ssize_t got = 1;

    while (got != 0 && len < size) {
        got = read(fd, text + len, size - len);
        if (got < 0 && errno != EINTR)
            return -1;
        len += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)len;
}

static bool parse_file(int fd, const char *path, struct stek_feed_configs *configs,
                       struct stek_feed_problem *ret_problem)
{
    char *text = malloc(STEK_FEED_FILE_LEN_MAX + 1);
    const ssize_t len = text != NULL ? read_all(fd, text, STEK_FEED_FILE_LEN_MAX + 1) : -1;
    bool ok = false;

    if (len < 0)
        (void)complain(ret_problem, path, strerror(text != NULL ? errno : ENOMEM));
    else if (len > STEK_FEED_FILE_LEN_MAX)
        (void)complain(ret_problem, path, "longer than 64 KiB");
    else
        ok = stek_feed_config_parse(configs, path, text, (size_t)len, ret_problem);
    free(text);
    return ok;
}

static bool find_groups(const char *path, struct stek_feed_configs *configs,
                        struct stek_feed_problem *ret_problem)
{
    for (size_t i = 0; i < configs->count; i++) {
        struct stek_feed_config *config = &configs->at[i];
        const struct group *group = config->group[0] != '\0' ? getgrnam(config->group) : NULL;
        if (group != NULL)
            config->gid = group->gr_gid;
        else if (config->group[0] != '\0') {
            (void)snprintf(ret_problem->text, sizeof ret_problem->text,
                           "%.100s:%u: [feed %s]: group = %.80s: there is no such group: create "
                           "it, or name another",
                           path, config->place, config->name, config->group);
            return false;
        }
    }
    return true;
}

static bool parse_open_file(int fd, const char *path, struct stek_feed_configs *configs,
                            struct stek_feed_problem *ret_problem)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return complain(ret_problem, path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return complain(ret_problem, path, "not a regular file");
    return parse_file(fd, path, configs, ret_problem);
}

bool stek_feed_config_load(const char *path, struct stek_feed_configs *configs,
                           struct stek_feed_problem *ret_problem)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO would wait */

    if (fd < 0 && errno == ENOENT)
        return complain(ret_problem, path,
                        "No such file or directory: write it, as stek-feed(8) explains");
    if (fd < 0)
        return complain(ret_problem, path, strerror(errno));
    const bool ok = parse_open_file(fd, path, configs, ret_problem);
    (void)close(fd);
    return ok && find_groups(path, configs, ret_problem);
}
