/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static int run_dir = -1;
static int dir = -1;

int stats_setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/stek-stats-XXXXXX");
    assert_non_null(mkdtemp(path));
    run_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(run_dir >= 0);
    assert_int_equal(stek_stats_make_dir(run_dir, STATS_RING, (gid_t)-1), STEK_OK);
    dir = openat(run_dir, STATS_RING ".stats", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir >= 0);
    return 0;
}

int stats_teardown(void **state)
{
    (void)state;
    while (stats_files() > 0) { /* more than one walk looks at */
        const unsigned before = stats_files();
        stek_stats_remove(run_dir, STATS_RING);
        if (stats_files() == before)
            return -1;
    }
    stek_stats_remove(run_dir, STATS_RING);
    (void)close(dir);
    (void)close(run_dir);
    return rmdir(path);
}

int stats_run_dir(void)
{
    return run_dir;
}

int stats_dir(void)
{
    return dir;
}

struct stek_stats *stats_open(void)
{
    struct stek_stats *stats = stek_stats_create(run_dir, STATS_RING);

    assert_non_null(stats);
    return stats;
}

struct stek_stats_sum stats_sum(void)
{
    struct stek_stats_sum sum;

    assert_int_equal(stek_stats_read(run_dir, STATS_RING, &sum), STEK_OK);
    return sum;
}

uint64_t stats_sum_of(enum stek_counter counter)
{
    return stats_sum().count[counter];
}

unsigned stats_files(void)
{
    DIR *stream = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    unsigned files = 0;

    if (stream == NULL)
        return 0;
    for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream))
        files += entry->d_name[0] != '.';
    closedir(stream);
    return files;
}

bool stats_fold(void)
{
    bool more;

    assert_int_equal(stek_stats_fold_after(run_dir, STATS_RING, 0, &more), STEK_OK);
    return more;
}

void stats_write_file(const char *name, const void *bytes, size_t len)
{
    const int file = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, len), (ssize_t)len);
    close(file);
}

void stats_make_page(uint8_t ret_bytes[STEK_STATS_FILE_LEN], uint64_t sealed)
{
    struct stek_stats_page page = {.version = STEK_STATS_VERSION};
    struct stat about;

    atomic_store(&page.magic, stek_stats_magic("stekstat"));
    assert_int_equal(stat("/proc/self/ns/pid", &about), 0);
    atomic_store(&page.pid_namespace, (uint64_t)about.st_ino);
    atomic_store(&page.shard[3].count[STEK_COUNT_SEALED], sealed);
    atomic_store(&page.process[0].pid, (uint64_t)INT32_MAX);
    memcpy(ret_bytes, &page, sizeof page);
}
