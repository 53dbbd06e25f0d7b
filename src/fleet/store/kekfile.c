/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/kekfile.h"
#include "core/hex.h"

#include "crypto/keycheck.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic[] = "stek-kek-1 ";

struct text {
    char at[STEK_KEKFILE_LEN + 2];
};

static void text_wipe(struct text *text)
{
    stek_wipe(text, sizeof *text);
}

const char *stek_kekfile_parse(const char *text, size_t len, struct stek_secret32 *ret_key)
{
    static const char problem[] = "not a key-encryption key: the file must be one line, "
                                  "'stek-kek-1 ' and 64 digits of 0-9 a-f";
    STEK_SECRET(stek_secret32) struct stek_secret32 key;

    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len != STEK_KEKFILE_LEN - 1 || memcmp(text, magic, sizeof magic - 1) != 0)
        return problem;
    if (!stek_hex_read(text + sizeof magic - 1, sizeof key.bytes, key.bytes))
        return problem;
    if (stek_key_is_weak(key.bytes, sizeof key.bytes))
        return "a weak key: make a new one with 'stek fleet init'";
    *ret_key = key;
    return NULL;
}

static const char *read_open(int fd, struct stek_secret32 *ret_key)
{
    STEK_SECRET(text) struct text text;
    struct stat file;

    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode))
        return "not a regular file";
    if (file.st_uid != 0 && file.st_uid != geteuid())
        return "its owner is neither root nor stekd's user";
    if ((file.st_mode & (S_IWGRP | S_IROTH | S_IWOTH)) != 0)
        return "others may read or write it: chmod 0600 (or 0640 for stekd's group)";
    const ssize_t len = read(fd, text.at, sizeof text.at);
    if (len < 0)
        return "it cannot be read";
    return stek_kekfile_parse(text.at, (size_t)len, ret_key);
}

const char *stek_kekfile_read(const char *path, struct stek_secret32 *ret_key)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return errno == ENOENT ? "it does not exist: 'stek fleet init' makes one"
                               : "it cannot be opened";
    const char *problem = read_open(fd, ret_key);
    (void)close(fd);
    return problem;
}

static void format(const struct stek_secret32 *key, struct text *text)
{
    memcpy(text->at, magic, sizeof magic - 1);
    stek_hex_digits(key->bytes, sizeof key->bytes, text->at + sizeof magic - 1);
    text->at[STEK_KEKFILE_LEN - 1] = '\n';
}

const char *stek_kekfile_write(const char *path, const struct stek_secret32 *key)
{
    STEK_SECRET(text) struct text text;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return errno == EEXIST ? "the file exists already and was not changed"
                               : "it cannot be created";
    format(key, &text);
    const bool written = write(fd, text.at, STEK_KEKFILE_LEN) == STEK_KEKFILE_LEN && fsync(fd) == 0;
    const bool closed = close(fd) == 0;
    if (written && closed)
        return NULL;
    (void)unlink(path);
    return "it cannot be written";
}
