/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/left.h"

#include "feed/list.h"
#include "status/plain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *stek_feed_place_of(const struct stek_feed_config *config)
{
    return config->file[0] != '\0' ? config->file : config->directory;
}

bool stek_feed_is_same_path(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) {
        const bool slash = *a == '/';
        a++, b++;
        if (slash)
            a += strspn(a, "/"), b += strspn(b, "/");
    }
    return *a == '\0' && *b == '\0';
}

static bool has(const struct stek_feed_places *places, const char *path)
{
    for (size_t i = 0; i < places->count; i++)
        if (stek_feed_is_same_path(places->at[i], path))
            return true;
    return false;
}

static void add(struct stek_feed_places *places, const char *path)
{
    const size_t len = strlen(path);

    if (path[0] != '/' || len >= STEK_FEED_VALUE_MAX || places->count == STEK_FEED_PLACES_MAX ||
        has(places, path))
        return;
    memcpy(places->at[places->count++], path, len + 1);
}

static void drop(struct stek_feed_places *places, size_t i)
{
    places->count--;
    memmove(places->at[i], places->at[places->count], sizeof places->at[i]);
}

void stek_feed_places_add(struct stek_feed_places *places, const struct stek_feed_places *more)
{
    for (size_t i = 0; i < more->count; i++)
        add(places, more->at[i]);
}

void stek_feed_places_add_used(struct stek_feed_places *places,
                               const struct stek_feed_configs *configs)
{
    for (size_t i = 0; i < configs->count; i++)
        add(places, stek_feed_place_of(&configs->at[i]));
}

void stek_feed_places_drop_used(struct stek_feed_places *places,
                                const struct stek_feed_configs *configs)
{
    for (size_t k = 0; k < configs->count; k++)
        for (size_t i = places->count; i-- > 0;)
            if (stek_feed_is_same_path(places->at[i], stek_feed_place_of(&configs->at[k])))
                drop(places, i);
}

static bool is_missing(const char *path)
{
    struct stat status;

    return lstat(path, &status) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Neither it is there, nor what was to become it when the service was killed. */
static bool is_gone(const char *path)
{
    char made[STEK_FEED_VALUE_MAX + 8];
    const char *name = strrchr(path, '/') + 1;

    (void)snprintf(made, sizeof made, "%.*s.%s.new", (int)(name - path), path, name);
    return is_missing(path) && is_missing(made);
}

void stek_feed_places_drop_gone(struct stek_feed_places *places)
{
    for (size_t i = places->count; i-- > 0;)
        if (is_gone(places->at[i]))
            drop(places, i);
}

/* ---- status.json ---- */

enum { STATUS_LEN_MAX = 1024 * 1024 };

/* What is wrong with it; NULL: nothing. */
static const char *parse_status(int fd, json_t **ret_status)
{
    char *text = malloc(STATUS_LEN_MAX + 1);
    size_t len = 0;
    ssize_t got = text != NULL ? 1 : -1;

    while (got > 0 && len <= STATUS_LEN_MAX) {
        got = read(fd, text + len, STATUS_LEN_MAX + 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    const char *problem = got < 0 ? strerror(errno) : NULL;
    if (problem == NULL && len > STATUS_LEN_MAX)
        problem = "it is longer than 1 MiB";
    if (problem == NULL) {
        *ret_status = json_loadb(text, stek_plain_json(text, len), 0, NULL);
        problem = *ret_status == NULL ? "it is not what stek feed writes" : NULL;
    }
    free(text);
    return problem;
}

static const char *read_status(const char *path, json_t **ret_status)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return strerror(errno);
    const char *problem = fstat(fd, &about) != 0   ? strerror(errno)
                          : S_ISREG(about.st_mode) ? parse_status(fd, ret_status)
                                                   : "it is not a regular file";
    (void)close(fd);
    return problem;
}

json_t *stek_feed_status_read(const char *state_dir, struct stek_feed_fault *ret_fault)
{
    char path[PATH_MAX];
    json_t *status = NULL;
    const char *problem =
        snprintf(path, sizeof path, "%s/status.json", state_dir) < (int)sizeof path
            ? read_status(path, &status)
            : strerror(ENAMETOOLONG);

    if (problem != NULL)
        stek_feed_fault_say(ret_fault, "%.120s: %.100s", path, problem);
    return status;
}

/* Paths in an array: its strings, or the member `target` of its objects. */
static void take_paths(const json_t *array, struct stek_feed_places *places)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *entry = json_array_get(array, i);
        const char *path =
            json_string_value(json_is_object(entry) ? json_object_get(entry, "target") : entry);
        if (path != NULL)
            add(places, path);
    }
}

void stek_feed_places_remembered(const char *state_dir, struct stek_feed_places *ret_feeds,
                                 struct stek_feed_places *ret_left)
{
    struct stek_feed_fault fault;

    ret_feeds->count = ret_left->count = 0;
    json_t *status = stek_feed_status_read(state_dir, &fault);
    take_paths(json_object_get(status, "feeds"), ret_feeds);
    take_paths(json_object_get(status, "left"), ret_left);
    json_decref(status);
}

/* ---- wiping ---- */

static bool keep_none(const char *name, const void *arg)
{
    (void)name;
    (void)arg;
    return false;
}

/* The files of a feed go, and the directory if nothing else is in it. */
static bool wipe_directory(const char *path, struct stek_feed_fault *ret_fault)
{
    struct stek_feed_place place;

    if (!stek_feed_place_open(path, false, (gid_t)-1, &place, ret_fault))
        return false;
    bool ok = stek_feed_place_clear(&place, STEK_FEED_KEY_SUFFIX, keep_none, NULL, ret_fault);
    ok = ok &&
         stek_feed_place_clear(&place, STEK_FEED_KEY_SUFFIX ".new", keep_none, NULL, ret_fault) &&
         stek_feed_place_clear(&place, STEK_FEED_LIST, keep_none, NULL, ret_fault) &&
         stek_feed_place_clear(&place, STEK_FEED_LIST_ENVOY, keep_none, NULL, ret_fault);
    stek_feed_place_close(&place);
    if (!ok || rmdir(path) == 0 || errno == ENOTEMPTY || errno == ENOENT)
        return ok;
    stek_feed_fault_say(ret_fault, "%.120s: %.120s", path, strerror(errno));
    return false;
}

static bool wipe_file(const char *path, struct stek_feed_fault *ret_fault)
{
    struct stek_feed_place place;
    char directory[STEK_FEED_VALUE_MAX], made[STEK_FEED_VALUE_MAX + 8];
    const char *name = strrchr(path, '/') + 1;
    const int len = name - 1 > path ? (int)(name - 1 - path) : 1;

    (void)snprintf(directory, sizeof directory, "%.*s", len, path);
    (void)snprintf(made, sizeof made, ".%s.new", name);
    if (!stek_feed_place_open(directory, false, (gid_t)-1, &place, ret_fault))
        return false;
    const bool ok = stek_feed_place_remove(&place, made, ret_fault) &&
                    stek_feed_place_remove(&place, name, ret_fault);
    stek_feed_place_close(&place);
    return ok;
}

bool stek_feed_wipe_place(const char *path, struct stek_feed_fault *ret_fault)
{
    struct stat status;

    if (is_gone(path))
        return true;
    const bool there = lstat(path, &status) == 0;
    if (!there && errno != ENOENT) {
        stek_feed_fault_say(ret_fault, "%.120s: %.120s", path, strerror(errno));
        return false;
    }
    return there && S_ISDIR(status.st_mode) ? wipe_directory(path, ret_fault)
                                            : wipe_file(path, ret_fault);
}
