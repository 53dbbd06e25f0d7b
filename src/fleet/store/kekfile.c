/* SPDX-License-Identifier: Apache-2.0 */
#include "fleet/store/kekfile.h"
#include "core/hex.h"

#include "seed/wholefile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char magic_root[] = "stek-kek-1 ";
static const char magic[] = "stek-kek-2 ";

enum { MAGIC_LEN = 11, AT_EPOCH = 28, EPOCH_DIGITS = 6, AT_SECRET = 35, AT_CHECK = 100 };

struct text {
    char at[STEK_KEKFILE_LEN + 2];
};

static void text_wipe(struct text *text)
{
    stek_wipe(text, sizeof *text);
}

static const char *result_problem(enum stek_result result)
{
    if (result == STEK_ERR_RANDOM)
        return "a weak key: make a new one with 'stek fleet init'";
    return result == STEK_OK ? NULL : "a libcrypto call failed";
}

static bool read_epoch(const char *digits, uint64_t *ret_epoch)
{
    uint64_t epoch = 0;

    for (unsigned i = 0; i < EPOCH_DIGITS; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        epoch = epoch * 10 + (uint64_t)(digits[i] - '0');
    }
    *ret_epoch = epoch;
    return true;
}

static bool stands(const char *text)
{
    return memcmp(text, magic, MAGIC_LEN) == 0 && text[AT_EPOCH - 1] == ' ' &&
           text[AT_SECRET - 1] == ' ' && text[AT_CHECK - 1] == ' ';
}

/* The text of a key at some epoch. Returns NULL, or what is wrong. */
static const char *parse_advanced(const char *text, struct stek_kek *ret_kek)
{
    static const char problem[] =
        "not a key-encryption key: a line 'stek-kek-2 ...' was changed or "
        "cut";
    STEK_SECRET(stek_secret32) struct stek_secret32 secret;
    STEK_SECRET(stek_kek) struct stek_kek kek;
    uint8_t id[STEK_KEK_ID_LEN];
    uint8_t check[8];
    uint8_t computed[8];
    uint64_t epoch = 0;

    if (!stands(text) || !stek_hex_read(text + MAGIC_LEN, sizeof id, id) ||
        !read_epoch(text + AT_EPOCH, &epoch) ||
        !stek_hex_read(text + AT_SECRET, sizeof secret.bytes, secret.bytes) ||
        !stek_hex_read(text + AT_CHECK, sizeof check, check))
        return problem;
    enum stek_result result = stek_kek_restore(id, epoch, &secret, &kek);
    if (result == STEK_OK)
        result = stek_kek_check(&kek, computed);
    if (result != STEK_OK)
        return result_problem(result);
    if (memcmp(check, computed, sizeof check) != 0)
        return problem;
    *ret_kek = kek;
    return NULL;
}

const char *stek_kekfile_parse(const char *text, size_t len, struct stek_kek *ret_kek)
{
    static const char problem[] = "not a key-encryption key: the file must be one line, which "
                                  "'stek fleet init' makes";
    STEK_SECRET(stek_secret32) struct stek_secret32 root;

    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len == STEK_KEKFILE_LEN - 1)
        return parse_advanced(text, ret_kek);
    if (len != STEK_KEKFILE_ROOT_LEN - 1 || memcmp(text, magic_root, MAGIC_LEN) != 0 ||
        !stek_hex_read(text + MAGIC_LEN, sizeof root.bytes, root.bytes))
        return problem;
    return result_problem(stek_kek_init(&root, ret_kek));
}

static const char *read_open(int fd, struct stek_kek *ret_kek)
{
    STEK_SECRET(text) struct text text;
    struct stat file;

    if (fstat(fd, &file) != 0)
        return "it cannot be examined";
    errno = 0;
    if (!S_ISREG(file.st_mode))
        return "not a regular file";
    if (file.st_uid != 0 && file.st_uid != geteuid())
        return "its owner is neither root nor stekd's user: chown it";
    if ((file.st_mode & (S_IWGRP | S_IROTH | S_IWOTH)) != 0)
        return "others may read or write it: chmod 0600 (or 0640 for stekd's group)";
    const ssize_t len = read(fd, text.at, sizeof text.at);
    if (len < 0)
        return "it cannot be read";
    errno = 0;
    return stek_kekfile_parse(text.at, (size_t)len, ret_kek);
}

const char *stek_kekfile_read(const char *path, struct stek_kek *ret_kek)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return errno == ENOENT   ? "it does not exist: 'stek fleet init' makes one"
               : errno == EACCES ? "permission denied: chown it to stekd's user, mode 0600"
                                 : "it cannot be opened";
    const char *problem = read_open(fd, ret_kek);
    const int error = errno;
    (void)close(fd);
    errno = error;
    return problem;
}

static enum stek_result format(const struct stek_kek *kek, struct text *text)
{
    uint8_t check[8];
    const enum stek_result result = stek_kek_check(kek, check);

    if (result != STEK_OK)
        return result;
    memset(text->at, ' ', STEK_KEKFILE_LEN);
    memcpy(text->at, magic, MAGIC_LEN);
    stek_hex_digits(kek->id, sizeof kek->id, text->at + MAGIC_LEN);
    uint64_t epoch = kek->epoch;
    for (unsigned i = EPOCH_DIGITS; i-- > 0; epoch /= 10)
        text->at[AT_EPOCH + i] = (char)('0' + epoch % 10);
    stek_hex_digits(kek->secret.bytes, sizeof kek->secret.bytes, text->at + AT_SECRET);
    stek_hex_digits(check, sizeof check, text->at + AT_CHECK);
    text->at[STEK_KEKFILE_LEN - 1] = '\n';
    return STEK_OK;
}

const char *stek_kekfile_write(const char *path, const struct stek_kek *kek)
{
    STEK_SECRET(text) struct text text;
    const char *problem = result_problem(format(kek, &text));

    return problem != NULL ? problem : stek_wholefile_make(path, text.at, STEK_KEKFILE_LEN);
}

const char *stek_kekfile_replace(const char *path, const struct stek_kek *kek)
{
    STEK_SECRET(text) struct text text;
    const char *problem = result_problem(format(kek, &text));

    if (problem == NULL && access(path, F_OK) != 0)
        return "it is not there any more";
    return problem != NULL ? problem : stek_wholefile_replace(path, text.at, STEK_KEKFILE_LEN);
}
