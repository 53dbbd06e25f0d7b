/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rundir.h"

#include "ringfile/ringfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *run_dir = STEK_RUN_DIR;

/* The value of --run-dir at argv[i], and how many arguments that takes; 0: another argument. */
static int find_value(char **argv, int i, const char **ret_value)
{
    static const char option[] = "--run-dir";
    const size_t len = sizeof option - 1;

    if (strncmp(argv[i], option, len) != 0)
        return 0;
    if (argv[i][len] == '=') {
        *ret_value = argv[i] + len + 1;
        return 1;
    }
    if (argv[i][len] != '\0')
        return 0;
    *ret_value = argv[i + 1]; /* argv ends with NULL */
    return argv[i + 1] != NULL ? 2 : 1;
}

bool stek_rundir_take(int *argc, char **argv)
{
    bool ended = false; /* by --: what follows is no option */
    int kept = 1;

    for (int i = 1; i < *argc;) {
        const char *value = NULL;
        const int taken = ended ? 0 : find_value(argv, i, &value);
        ended |= strcmp(argv[i], "--") == 0;
        if (taken == 0) {
            argv[kept++] = argv[i++];
            continue;
        }
        if (value == NULL || value[0] == '\0') {
            (void)fprintf(stderr, "stek: --run-dir needs a directory, such as %s\n", STEK_RUN_DIR);
            return false;
        }
        run_dir = value;
        i += taken;
    }
    *argc = kept;
    argv[kept] = NULL;
    return true;
}

const char *stek_rundir(void)
{
    return run_dir;
}

int stek_rundir_open(void)
{
    return open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(left, right);
}

int stek_rundir_list(int dir_fd, char (**ret_names)[STEK_RING_NAME_MAX + 1])
{
    const int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    char(*names)[STEK_RING_NAME_MAX + 1] = calloc(STEK_RUNDIR_RINGS_MAX, sizeof *names);
    int count = 0;

    if (dir == NULL || names == NULL) {
        if (dir == NULL && fd >= 0)
            (void)close(fd);
        if (dir != NULL)
            (void)closedir(dir);
        free(names);
        return -1;
    }
    for (const struct dirent *entry = readdir(dir); entry != NULL && count < STEK_RUNDIR_RINGS_MAX;
         entry = readdir(dir))
        count += stek_ringfile_ring_of(entry->d_name, names[count]);
    (void)closedir(dir);
    qsort(names, (size_t)count, sizeof *names, compare_names);
    *ret_names = names;
    return count;
}
