/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void ring_dir_start(struct ring_dir *dir)
{
    (void)snprintf(dir->path, sizeof dir->path, "/dev/shm/stek-test-XXXXXX");
    CHECK(mkdtemp(dir->path) != NULL);
    CHECK(chmod(dir->path, 0755) == 0);
    dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dir->fd >= 0);
}

void ring_dir_finish(struct ring_dir *dir)
{
    DIR *files = opendir(dir->path);

    CHECK(files != NULL);
    for (const struct dirent *file = readdir(files); file != NULL; file = readdir(files))
        if (file->d_name[0] != '.' || file->d_name[1] != '\0')
            (void)unlinkat(dir->fd, file->d_name, file->d_type == DT_DIR ? AT_REMOVEDIR : 0);
    (void)closedir(files);
    (void)close(dir->fd);
    CHECK(rmdir(dir->path) == 0);
}

const char *ring_dir_file(const struct ring_dir *dir, const char *name,
                          char path[RING_DIR_PATH_LEN])
{
    (void)snprintf(path, RING_DIR_PATH_LEN, "%s/%s", dir->path, name);
    return path;
}

struct stek_writer *ring_dir_write(const struct ring_dir *dir, enum stek_writer_start expected)
{
    const struct stek_writer_place place = {.dir_fd = dir->fd, .ring = "web", .group = (gid_t)-1};
    struct stek_writer *writer = NULL;
    enum stek_writer_start start;
    const char *problem = NULL;

    CHECK(stek_writer_open(&place, &ring_policy, ring_time(), &start, &problem, &writer) ==
          STEK_OK);
    CHECK(start == expected);
    return writer;
}

struct stek_ring *ring_dir_open(const struct ring_dir *dir)
{
    char path[RING_DIR_PATH_LEN];
    struct stek_ring *ring = NULL;

    CHECK(stek_ring_open(ring_dir_file(dir, "web.ring", path), &ring) == STEK_OK);
    ring_follow_clock(ring);
    return ring;
}

static int open_web(const struct ring_dir *dir, int flags)
{
    const int fd = openat(dir->fd, "web.ring", flags | O_CLOEXEC);

    CHECK(fd >= 0);
    return fd;
}

void ring_dir_bytes(const struct ring_dir *dir, uint8_t bytes[STEK_RINGFILE_LEN])
{
    const int fd = open_web(dir, O_RDONLY);

    CHECK(read(fd, bytes, STEK_RINGFILE_LEN) == STEK_RINGFILE_LEN);
    (void)close(fd);
}

void ring_dir_put(const struct ring_dir *dir, const uint8_t *bytes, size_t len)
{
    const int fd = open_web(dir, O_WRONLY);

    CHECK(pwrite(fd, bytes, len, 0) == (ssize_t)len);
    CHECK(ftruncate(fd, (off_t)len) == 0);
    (void)close(fd);
}

void ring_path_assert_refused(const char *path, const char *words)
{
    struct stek_ring *ring = NULL;
    const char *problem = stek_ring_file_problem(path);

    assert_non_null(problem);
    if (strstr(problem, words) == NULL)
        print_message("# '%s' is not in '%s'\n", words, problem);
    assert_non_null(strstr(problem, words));
    assert_null(strchr(problem, '\n'));
    assert_int_equal(stek_ring_open(path, &ring), STEK_ERR_FILE);
    assert_null(ring);
}

void ring_dir_assert_refused(const struct ring_dir *dir, const char *name, const char *words)
{
    char path[RING_DIR_PATH_LEN];

    ring_path_assert_refused(ring_dir_file(dir, name, path), words);
}

void ring_dir_assert_accepted(const struct ring_dir *dir)
{
    char path[RING_DIR_PATH_LEN];

    assert_null(stek_ring_file_problem(ring_dir_file(dir, "web.ring", path)));
    stek_ring_free(ring_dir_open(dir));
}

void ring_dir_assert_replaced(const struct ring_dir *dir, const char *words)
{
    const struct stek_writer_place place = {.dir_fd = dir->fd, .ring = "web", .group = (gid_t)-1};
    struct stek_writer *writer = NULL;
    enum stek_writer_start how;
    const char *problem = "";

    assert_int_equal(stek_writer_open(&place, &ring_policy, ring_time(), &how, &problem, &writer),
                     STEK_OK);
    assert_int_equal(how, STEK_WRITER_REPLACED);
    assert_non_null(strstr(problem, words));
    stek_writer_close(writer);
    ring_dir_assert_accepted(dir);
}
