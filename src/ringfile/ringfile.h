/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ring file: DIRECTORY/RING.ring, the image of image.h padded with zeros to 20,480 bytes, on
 * tmpfs or ramfs. One writer (writer.h) keeps it. Any number of readers map it read-only and keep
 * the mapping for life: over the writer's death and restart, fork, chroot and setuid.
 *
 *     offset  bytes  field
 *          0  19648  the image
 *      19648    832  zeros
 *
 * What an attacker may do:
 *
 * - Read the file (a server of its group, taken over). It has the ring's secrets, and nothing else.
 *   Its descriptor is read-only, so it can neither change nor truncate the file. The locks that it
 *   can take on it are not those of the writer (stekd.lock, which it cannot open), and readers take
 *   no locks.
 * - Own another file, or write in some directory. A reader believes a file only if it is a regular
 *   one, not a symbolic link, owned by root or by the owner of its directory, and if neither of
 * them is writable by group or others. So its writer could as well replace the programs. For the
 * same reason nobody else can truncate it, which would kill every process that maps it.
 * - Control the bytes (a broken writer, another version). Size, magic, version, policy and records
 *   are checked at every read, not only when the file is opened.
 * - Read disks. A file elsewhere than on tmpfs or ramfs is refused, unless its flags say that its
 *   keeper was told to keep it there.
 */
#ifndef STEK_RINGFILE_RINGFILE_H
#define STEK_RINGFILE_RINGFILE_H

#include "core/ringname.h"
#include "ringfile/image.h"

#include <sys/types.h>

enum { STEK_RINGFILE_LEN = 20480 };

/* Where a ring file is. */
struct stek_ringfile_place {
    int dir_fd;                        /* of its directory, open for as long as the place is used */
    char ring[STEK_RING_NAME_MAX + 1]; /* its name without .ring */
};

/*
 * Finds the place of `path`: a file's path that ends in RING.ring, or a ring's name, which means
 * the file of that name in the run directory. The directory is opened; the caller closes
 * ret_place->dir_fd. Errors: STEK_ERR_FILE: *ret_problem, a static text, says why.
 */
STEK_MUST_USE enum stek_result stek_ringfile_find(const char *path,
                                                  struct stek_ringfile_place *ret_place,
                                                  const char **ret_problem);

/* A ring file that is mapped, and which one it was: another may have come in its place. */
struct stek_ringfile {
    const struct stek_image *image;
    dev_t dev;
    ino_t ino;
};

/*
 * Maps a ring file read-only, after all the checks above, locked and left out of core dumps.
 * Errors: STEK_ERR_FILE: *ret_problem, a static text, says why; STEK_ERR_MEMORY, STEK_ERR_LOCK.
 */
STEK_MUST_USE enum stek_result stek_ringfile_map(int dir_fd, const char *ring,
                                                 struct stek_ringfile *ret_file,
                                                 const char **ret_problem);

/* Whether the file in this place is the one that was mapped. */
bool stek_ringfile_is_at(const struct stek_ringfile *file, const struct stek_ringfile_place *place);

/*
 * For programs that only look, with the same checks: copies what the file holds, secrets included:
 * wipe it. Errors as above.
 */
STEK_MUST_USE enum stek_result stek_ringfile_read(int dir_fd, const char *ring,
                                                  struct stek_ring_state *ret_state,
                                                  const char **ret_problem);

void stek_ringfile_unmap(const struct stek_ringfile *file);

/* What follows is for the writer, too. Each says what is wrong: NULL, or a static text. */

/* With the directory. *ret_on_disk says whether it is elsewhere than on tmpfs or ramfs, which is
 * for the caller to judge. */
const char *stek_ringfile_dir_problem(int dir_fd, bool *ret_on_disk);

/* With an open file in it, apart from the image: its kind, owner, mode, size, magic, version. */
const char *stek_ringfile_file_problem(int dir_fd, int fd);

/* With opening it: from errno. */
const char *stek_ringfile_open_problem(int error);

/*
 * Whether such a problem, or such an errno of open(), says nothing about the file: a system call
 * failed, and may work the next time. errno then still says why. Thread-safe.
 */
bool stek_ringfile_problem_passes(const char *problem);
bool stek_ringfile_open_error_passes(int error);

/* Writes RING.ring into ret_name. */
enum { STEK_RINGFILE_NAME_LEN = STEK_RING_NAME_MAX + 8 };
void stek_ringfile_name(const char *ring, char ret_name[STEK_RINGFILE_NAME_LEN]);

/* Takes RING out of the file name RING.ring. False, with *ret_ring undefined: it is no such name.
 */
bool stek_ringfile_ring_of(const char *file, char ret_ring[STEK_RING_NAME_MAX + 1]);

#endif
