/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the files of the configuration, and looks up the groups that they name. */
#include "daemon/config/config.h"

#include "daemon/system/failure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096, GROUP_ENTRY_LEN_MAX = 1 << 20 };

static bool complain(struct stek_config_problem *ret_problem, const char *path, const char *words)
{
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%.300s: %s", path, words);
    return false;
}

/* Reads until the end or until the buffer is full. Returns the length, or -1. */
static ssize_t read_all(int fd, char *text, size_t size)
{
    size_t len = 0;

    while (len < size) {
        const ssize_t got = read(fd, text + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static bool parse_open_file(struct stek_config *config, const char *path, int fd, char *text,
                            struct stek_config_problem *ret_problem)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return complain(ret_problem, path, stek_failure_name(errno).text);
    if (!S_ISREG(status.st_mode))
        return complain(ret_problem, path, "not a regular file");
    const ssize_t len = read_all(fd, text, STEK_CONFIG_FILE_LEN_MAX + 1);
    if (len < 0)
        return complain(ret_problem, path, stek_failure_name(errno).text);
    if (len > STEK_CONFIG_FILE_LEN_MAX)
        return complain(ret_problem, path, "longer than 256 KiB");
    return stek_config_parse(config, path, text, (size_t)len, ret_problem);
}

static bool parse_file(struct stek_config *config, const char *path,
                       struct stek_config_problem *ret_problem)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return complain(ret_problem, path, stek_failure_name(errno).text);
    char *text = malloc(STEK_CONFIG_FILE_LEN_MAX + 1);
    const bool ok = text != NULL ? parse_open_file(config, path, fd, text, ret_problem)
                                 : complain(ret_problem, path, "no memory");
    free(text);
    (void)close(fd);
    return ok;
}

static int is_drop_in(const struct dirent *entry)
{
    const size_t len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".conf") == 0;
}

/* The files of conf.d beside `path`. That there is no such directory is fine. */
static bool parse_drop_ins(struct stek_config *config, const char *path,
                           struct stek_config_problem *ret_problem)
{
    char directory[PATH_LEN_MAX];
    char file[PATH_LEN_MAX + NAME_MAX + 2];
    struct dirent **entries;
    const char *slash = strrchr(path, '/');
    const int dir_len = slash != NULL ? (int)(slash - path + 1) : 0;
    bool ok = true;

    if (snprintf(directory, sizeof directory, "%.*sconf.d", dir_len, path) >= PATH_LEN_MAX)
        return complain(ret_problem, path, "the path is too long");
    const int count = scandir(directory, &entries, is_drop_in, alphasort);
    if (count < 0)
        return errno == ENOENT || complain(ret_problem, directory, stek_failure_name(errno).text);
    for (int i = 0; i < count; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", directory, entries[i]->d_name);
        ok = ok && parse_file(config, file, ret_problem);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

/* Whether this error of a look-up means that its sources could not be read, rather than that they
 * do not have the group. */
static bool passes(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO ||
           error == EINTR || error == ENOSPC;
}

/* Looks a group up. Returns 0, ENOENT if no group was found, or another errno. */
static int look_up(const char *name, gid_t *ret_gid)
{
    int result = ERANGE;

    for (size_t size = 4096; result == ERANGE && size <= GROUP_ENTRY_LEN_MAX; size *= 4) {
        struct group entry;
        struct group *found = NULL;
        char *buffer = malloc(size);
        if (buffer == NULL)
            return ENOMEM;
        errno = 0;
        result = getgrnam_r(name, &entry, buffer, size, &found);
        if (result == 0 && found == NULL)
            result = passes(errno) ? errno : ENOENT;
        if (found != NULL)
            *ret_gid = found->gr_gid;
        free(buffer);
    }
    return result;
}

/* The C library does not tell a group that is missing from a source that could not be read just
 * now, and some of its errors are not those of the call that failed. So a group is missing if it is
 * so twice. */
static int find_group(const char *name, gid_t *ret_gid)
{
    return look_up(name, ret_gid) == 0 ? 0 : look_up(name, ret_gid);
}

void stek_config_warm_up(void)
{
    gid_t gid;

    /* A name that no group can have, so that everybody is asked. */
    (void)look_up("stekd:no-such-group", &gid);
}

static bool resolve_ring(struct stek_config_ring *ring, struct stek_config_problem *ret_problem)
{
    if (ring->group[0] == '\0')
        return true;
    const int error = find_group(ring->group, &ring->gid);
    if (error == 0)
        return true;
    (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%s: [ring %s]: group = %s: %s",
                   ring->place, ring->name, ring->group,
                   error == ENOENT ? "there is no such group: create it, or name another"
                                   : stek_failure_name(error).text);
    return false;
}

/* The administrators' group may be missing: then only root and stekd's own user are served. */
static bool resolve(struct stek_config *config, struct stek_config_problem *ret_problem)
{
    const int error = find_group(config->admin_group, &config->admin_gid);

    if (error != 0)
        config->admin_gid = (gid_t)-1;
    if (passes(error)) {
        (void)snprintf(ret_problem->text, sizeof ret_problem->text,
                       "admin_group = %s: cannot be looked up: %s", config->admin_group,
                       stek_failure_name(error).text);
        return false;
    }
    for (size_t i = 0; i < config->ring_count; i++)
        if (!resolve_ring(&config->rings[i], ret_problem))
            return false;
    return true;
}

bool stek_config_load(const char *path, struct stek_config *ret_config,
                      struct stek_config_problem *ret_problem)
{
    struct stek_config config;

    stek_config_init(&config);
    if (parse_file(&config, path, ret_problem) && parse_drop_ins(&config, path, ret_problem) &&
        stek_config_check(&config, ret_problem) && resolve(&config, ret_problem)) {
        *ret_config = config;
        return true;
    }
    stek_config_fini(&config);
    return false;
}
