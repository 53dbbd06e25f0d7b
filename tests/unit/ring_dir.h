/* SPDX-License-Identifier: Apache-2.0 */
/* A run directory of a test's own on tmpfs, and ring files in it. */
#ifndef TESTS_UNIT_RING_DIR_H
#define TESTS_UNIT_RING_DIR_H

#include "ring_fixture.h"

#include "ringfile/writer.h"

enum { RING_DIR_PATH_LEN = 256 };

struct ring_dir {
    char path[64];
    int fd;
};

/* Makes an empty directory, mode 0755, on /dev/shm; and removes it with the files in it. */
void ring_dir_start(struct ring_dir *dir);
void ring_dir_finish(struct ring_dir *dir);

/* The path of a file in it. */
const char *ring_dir_file(const struct ring_dir *dir, const char *name,
                          char path[RING_DIR_PATH_LEN]);

/* Opens the writer of the ring `web` with ring_policy at ring_time(); it must come about in this
 * way. */
struct stek_writer *ring_dir_write(const struct ring_dir *dir, enum stek_writer_start expected);

/* Opens `web` as a consumer does, on the clock of ring_fixture.h. */
struct stek_ring *ring_dir_open(const struct ring_dir *dir);

/* Copies the bytes of web.ring; and puts them in its place, in the same file. */
void ring_dir_bytes(const struct ring_dir *dir, uint8_t bytes[STEK_RINGFILE_LEN]);
void ring_dir_put(const struct ring_dir *dir, const uint8_t *bytes, size_t len);

/* That a reader refuses it, with these words in one line. */
void ring_path_assert_refused(const char *path, const char *words);
void ring_dir_assert_refused(const struct ring_dir *dir, const char *name, const char *words);

/* That a reader takes web.ring. */
void ring_dir_assert_accepted(const struct ring_dir *dir);

/* That a writer says the same of web.ring as readers do, and makes another that they take. */
void ring_dir_assert_replaced(const struct ring_dir *dir, const char *words);

#endif
