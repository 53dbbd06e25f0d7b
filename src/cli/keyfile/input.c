/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyfile/input.h"

#include "cli/format.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Reads to the end; a byte more than there is room for means that the file is too long. */
static const char *read_all(int fd, struct stek_keyfile_bytes *bytes)
{
    ssize_t got = 1;

    bytes->len = 0;
    while (got != 0 && bytes->len < sizeof bytes->at) {
        got = read(fd, bytes->at + bytes->len, sizeof bytes->at - bytes->len);
        if (got < 0 && errno != EINTR)
            return strerror(errno);
        bytes->len += got > 0 ? (size_t)got : 0;
    }
    if (bytes->len == sizeof bytes->at)
        return "it is longer than any key file";
    return bytes->len == 0 ? "it is empty" : NULL;
}

static const char *read_file(int fd, struct stek_keyfile_input *input)
{
    struct statfs fs;

    if (fstat(fd, &input->stat) != 0 || fstatfs(fd, &fs) != 0)
        return strerror(errno);
    if (!S_ISREG(input->stat.st_mode))
        return "it is not a regular file";
    input->is_file = true;
    const uint32_t type = (uint32_t)fs.f_type; /* its own type has another sign on 32 bits */
    input->on_memory = type == TMPFS_MAGIC || type == RAMFS_MAGIC;
    return read_all(fd, &input->bytes);
}

const char *stek_keyfile_input_read(const char *path, struct stek_keyfile_input *ret_input)
{
    memset(ret_input, 0, sizeof *ret_input);
    (void)mlock(ret_input, sizeof *ret_input);
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, &ret_input->bytes);
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return strerror(errno);
    const char *problem = read_file(fd, ret_input);
    (void)close(fd);
    return problem;
}

static void judge_rights(const struct stat *stat, struct stek_keyfile_findings *findings)
{
    const unsigned mode = stat->st_mode & 07777u;
    char text[STEK_KEYFILE_TEXT_MAX];

    if ((mode & S_IROTH) != 0) {
        (void)snprintf(text, sizeof text, "every user can read it (mode %04o): chmod o= FILE",
                       mode);
        stek_keyfile_add_finding(findings, "readable", text);
    }
    if ((mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)snprintf(text, sizeof text,
                       "others than its owner can write it (mode %04o): chmod go-w FILE", mode);
        stek_keyfile_add_finding(findings, "writable", text);
    }
}

void stek_keyfile_input_judge(const struct stek_keyfile_input *input, int64_t now, int64_t max_age,
                              struct stek_keyfile_findings *findings)
{
    const int64_t age = now - input->stat.st_mtime;

    if (!input->is_file)
        return;
    judge_rights(&input->stat, findings);
    if (!input->on_memory)
        stek_keyfile_add_finding(
            findings, "on-disk",
            "it is on a disk, where keys outlive their deletion: put it on a tmpfs (/run)");
    if (age > max_age) {
        struct stek_text old, most;
        char text[STEK_KEYFILE_TEXT_MAX];
        (void)snprintf(text, sizeof text,
                       "its keys are %s old, at most %s is allowed: replace them",
                       stek_format_duration(age, &old), stek_format_duration(max_age, &most));
        stek_keyfile_add_finding(findings, "old", text);
    }
}
