/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/seedfile.h"

#include "seed/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct text {
    char bytes[STEK_SEED_TEXT_MAX];
};

static void text_wipe(struct text *text)
{
    stek_wipe(text, sizeof *text);
}

/* Which users may have written the file, and which may read it. */
static const char *file_problem(const struct stat *file)
{
    if (!S_ISREG(file->st_mode))
        return "it is not a regular file";
    if (file->st_uid != 0 && file->st_uid != geteuid())
        return "it belongs to another user";
    if ((file->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "other users than its owner may access it: chmod 600";
    if (file->st_size >= STEK_SEED_TEXT_MAX)
        return "it is too large for a seed";
    return NULL;
}

static const char *read_open(int fd, struct text *text, size_t *ret_len)
{
    struct stat file;

    if (fstat(fd, &file) != 0)
        return "it cannot be examined";
    const char *problem = file_problem(&file);
    if (problem != NULL)
        return problem;
    const ssize_t got = pread(fd, text->bytes, sizeof text->bytes, 0);
    if (got < 0)
        return "it cannot be read";
    *ret_len = (size_t)got;
    return NULL;
}

const char *stek_seedfile_read(const char *path, struct stek_seed *ret_seed)
{
    STEK_SECRET(text) struct text text;
    size_t len = 0;
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ELOOP ? "it is a symbolic link" : "it cannot be opened";
    errno = 0;
    const char *problem = read_open(fd, &text, &len);
    const int error = errno;
    (void)close(fd);
    errno = error;
    if (problem != NULL)
        return problem;
    errno = 0;
    return stek_seed_parse(text.bytes, len, ret_seed);
}

const char *stek_seedfile_replace(const char *path, const struct stek_seed *seed)
{
    STEK_SECRET(text) struct text text;
    size_t len;

    if (stek_seed_format(seed, text.bytes, &len) != STEK_OK)
        return "a libcrypto call failed";
    return stek_wholefile_replace(path, text.bytes, len);
}

const char *stek_seedfile_make(const char *path, const struct stek_seed *seed)
{
    STEK_SECRET(text) struct text text;
    size_t len;

    if (stek_seed_format(seed, text.bytes, &len) != STEK_OK)
        return "a libcrypto call failed";
    return stek_wholefile_make(path, text.bytes, len);
}
