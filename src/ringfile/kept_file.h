/* SPDX-License-Identifier: Apache-2.0 */
/* What a writer has of its file, and one that is made ready. For writer.c, prepare.c and ready.c.
 */
#ifndef STEK_RINGFILE_KEPT_FILE_H
#define STEK_RINGFILE_KEPT_FILE_H

#include "ringfile/ready.h"

struct stek_writer {
    struct stek_image *image; /* mapped, shared with the readers */
    int dir_fd;
    char ring[STEK_RING_NAME_MAX + 1];
};

struct stek_ready {
    struct stek_writer *writer;
    struct stek_change_room *room; /* what is to be written; NULL: a new file, which is whole */
    enum stek_writer_start start;
    const char *problem; /* of a file that is replaced */
    bool borrowed;       /* the writer was there before: only its records change */
    bool new_readers;    /* of a file that is taken over */
    gid_t group;         /* to be; (gid_t)-1: as it is */
    gid_t old_group;
    mode_t old_mode;
    bool is_aside, is_named, is_given, is_opened; /* what has been done */
};

enum { STEK_KEPT_FILE_MODE = 0640 };

/* Of a file: its own name, and, with a dot before it, under which no ring is found, those of a file
 * that is being filled and of one that was in the way. */
struct stek_kept_name {
    char text[STEK_RINGFILE_NAME_LEN + 1];
};

struct stek_kept_name stek_kept_own_name(const struct stek_writer *writer);
struct stek_kept_name stek_kept_filling_name(const struct stek_writer *writer);
struct stek_kept_name stek_kept_aside_name(const struct stek_writer *writer);

/* Each returns false with errno set. */
bool stek_kept_rename(const struct stek_writer *writer, struct stek_kept_name from,
                      struct stek_kept_name to);
bool stek_kept_unlink(const struct stek_writer *writer, struct stek_kept_name name);

/* Keeps errno. */
void stek_kept_unmap(struct stek_writer *writer);

#endif
