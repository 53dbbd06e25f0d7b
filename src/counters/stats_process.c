/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_process.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STAT_LEN = 1024, STARTED_FIELD = 22 };

bool stek_stats_process_started(int64_t pid, uint64_t *ret_started)
{
    char path[48];
    char text[STAT_LEN];
    unsigned field = 2;

    (void)snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return false;
    const ssize_t len = read(file, text, sizeof text - 1);
    (void)close(file);
    if (len <= 0)
        return false;
    text[len] = '\0';
    const char *at = strrchr(text, ')'); /* the command's name may hold anything */
    if (at == NULL || at[1] != ' ')
        return false;
    if (at[2] == 'Z' || at[2] == 'X') {
        *ret_started = UINT64_MAX;
        return true;
    }
    while (at != NULL && field < STARTED_FIELD) {
        at = strchr(at + 1, ' ');
        field++;
    }
    if (at == NULL)
        return false;
    *ret_started = strtoull(at, NULL, 10) / (uint64_t)sysconf(_SC_CLK_TCK);
    return true;
}

int64_t stek_stats_cpu_us(void)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
