/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/statefolder.h"

#include "core/hex.h"
#include "fleet/store/kekfile.h"
#include "seed/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct path {
    char text[STEK_STATE_PATH_MAX];
};

static const char too_long[] = "its path is too long";

static const char *key_path(const char *folder, const struct stek_kek *kek, struct path *ret_path)
{
    char id[2 * STEK_KEK_ID_LEN + 1];

    stek_hex_text(kek->id, STEK_KEK_ID_LEN, id);
    const int len = snprintf(ret_path->text, sizeof ret_path->text, "%s/%s.kek", folder, id);
    return len > 0 && (size_t)len < sizeof ret_path->text ? NULL : too_long;
}

static const char *seen_path(const char *folder, const char *ring, struct path *ret_path)
{
    const int len = snprintf(ret_path->text, sizeof ret_path->text, "%s/%s.seen", folder, ring);

    return len > 0 && (size_t)len < sizeof ret_path->text ? NULL : too_long;
}

const char *stek_state_prepare(const char *folder)
{
    struct stat found;

    if (mkdirat(AT_FDCWD, folder, 0700) != 0 && /* the sandbox allows no mkdir(2) */
        errno != EEXIST && errno != EROFS)
        return "it cannot be made";
    if (stat(folder, &found) != 0)
        return "it is not there";
    if (!S_ISDIR(found.st_mode))
        return "it is not a folder";
    if ((found.st_uid != 0 && found.st_uid != geteuid()) || (found.st_mode & S_IWOTH) != 0)
        return "others may write there: chmod 0700, and chown it to stekd's user";
    return NULL;
}

const char *stek_state_read_key(const char *folder, struct stek_kek *kek)
{
    STEK_SECRET(stek_kek) struct stek_kek kept;
    struct path path;
    const char *problem = key_path(folder, kek, &path);

    if (problem != NULL)
        return problem;
    errno = 0;
    problem = stek_kekfile_read(path.text, &kept);
    if (problem != NULL)
        return errno == ENOENT ? NULL : problem;
    if (memcmp(kept.id, kek->id, sizeof kept.id) != 0)
        return "it holds another key than its name says";
    if (kept.epoch > kek->epoch)
        *kek = kept;
    return NULL;
}

const char *stek_state_keep_key(const char *folder, const struct stek_kek *kek)
{
    struct path path;
    const char *problem = key_path(folder, kek, &path);

    if (problem != NULL)
        return problem;
    problem = stek_kekfile_write(path.text, kek);
    return problem != NULL && errno == EEXIST ? stek_kekfile_replace(path.text, kek) : problem;
}

const char *stek_state_drop_key(const char *folder, const struct stek_kek *kek)
{
    struct path path;
    const char *problem = key_path(folder, kek, &path);

    if (problem != NULL)
        return problem;
    return stek_wholefile_destroy(path.text) ? NULL : "it cannot be removed";
}

/* Not there, or not to be had; but not a call that may work when it is tried again. */
static bool stays(int error)
{
    return error != EMFILE && error != ENFILE && error != ENOMEM && error != EINTR && error != EIO;
}

bool stek_state_read_seen(const char *folder, const char *ring, struct stek_seen *ret_seen)
{
    char text[STEK_SEEN_TEXT_MAX];
    struct path path;

    *ret_seen = (struct stek_seen){.known = false};
    if (seen_path(folder, ring, &path) != NULL)
        return true;
    const int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return stays(errno);
    const ssize_t len = read(fd, text, sizeof text);
    const int error = errno;
    (void)close(fd);
    errno = error;
    if (len > 0)
        (void)stek_seen_parse(text, (size_t)len, ret_seen);
    return len >= 0 || stays(error);
}

const char *stek_state_keep_seen(const char *folder, const char *ring, const struct stek_seen *seen)
{
    char text[STEK_SEEN_TEXT_MAX];
    struct path path;
    const size_t len = stek_seen_format(seen, text);
    const char *problem = seen_path(folder, ring, &path);

    if (problem != NULL)
        return problem;
    return stek_wholefile_replace(path.text, text, len);
}
