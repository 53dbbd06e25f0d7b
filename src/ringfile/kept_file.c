/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/kept_file.h"

#include "ringfile/locked.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

struct stek_kept_name stek_kept_own_name(const struct stek_writer *writer)
{
    struct stek_kept_name name;

    stek_ringfile_name(writer->ring, name.text);
    return name;
}

static struct stek_kept_name hidden_name(const struct stek_writer *writer, const char *suffix)
{
    struct stek_kept_name name;

    (void)snprintf(name.text, sizeof name.text, ".%s.%s", writer->ring, suffix);
    return name;
}

struct stek_kept_name stek_kept_filling_name(const struct stek_writer *writer)
{
    return hidden_name(writer, "new");
}

struct stek_kept_name stek_kept_aside_name(const struct stek_writer *writer)
{
    return hidden_name(writer, "old");
}

bool stek_kept_rename(const struct stek_writer *writer, struct stek_kept_name from,
                      struct stek_kept_name to)
{
    return renameat(writer->dir_fd, from.text, writer->dir_fd, to.text) == 0;
}

bool stek_kept_unlink(const struct stek_writer *writer, struct stek_kept_name name)
{
    return unlinkat(writer->dir_fd, name.text, 0) == 0;
}

void stek_kept_unmap(struct stek_writer *writer)
{
    const int error = errno;

    if (writer->image != NULL)
        stek_locked_unmap(writer->image, STEK_RINGFILE_LEN);
    writer->image = NULL;
    errno = error;
}
