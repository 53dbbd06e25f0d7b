/* SPDX-License-Identifier: Apache-2.0 */
#include "counters/stats_nested.h"

#include "counters/stats_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CHILD_S: a busy machine lets a child wait before it runs for the first time. */
enum { STATUS_LEN = 4096, CHILD_S = 10 };

struct stek_stats_nested {
    bool whole;
    size_t count;
    struct {
        int64_t pid;
        uint64_t started;
    } process[STEK_STATS_NESTED_MAX];
};

int64_t stek_stats_nested_pid(const char *status)
{
    const char *at = strstr(status, "\nNSpid:");
    int64_t pid = 0;
    unsigned namespaces = 0;
    char *end;

    if (at == NULL)
        return 0;
    at += sizeof "\nNSpid:" - 1;
    for (; *at == ' ' || *at == '\t'; at = end) {
        const long long value = strtoll(at, &end, 10);
        if (end == at)
            break;
        pid = value;
        namespaces++;
    }
    return namespaces > 1 ? pid : 0;
}

/* The same for a process; 0 also when it is gone. */
static int64_t nested_pid_of(int64_t pid)
{
    char path[48];
    char text[STATUS_LEN];

    (void)snprintf(path, sizeof path, "/proc/%lld/status", (long long)pid);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    const ssize_t len = read(file, text, sizeof text - 1);
    (void)close(file);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    return stek_stats_nested_pid(text);
}

static void take_process(struct stek_stats_nested *nested, int64_t pid)
{
    uint64_t started;
    const int64_t nested_pid = nested_pid_of(pid);

    if (nested_pid == 0 || !stek_stats_process_started(pid, &started) || started == UINT64_MAX)
        return;
    nested->process[nested->count].pid = nested_pid;
    nested->process[nested->count++].started = started;
}

struct stek_stats_nested *stek_stats_nested_find(int64_t cpu_us, unsigned *steps)
{
    const int64_t end_us = stek_stats_cpu_us() + cpu_us;
    DIR *proc = opendir("/proc");
    struct stek_stats_nested *nested = proc != NULL ? malloc(sizeof *nested) : NULL;
    unsigned looked_at = 0;

    if (nested != NULL) {
        nested->whole = false;
        nested->count = 0;
    }
    while (nested != NULL && looked_at < STEK_STATS_NESTED_MAX && stek_stats_cpu_us() < end_us) {
        /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody else has this stream */
        const struct dirent *entry = readdir(proc);
        nested->whole = entry == NULL;
        if (entry == NULL)
            break;
        const long long pid = strtoll(entry->d_name, NULL, 10);
        if (pid <= 0)
            continue;
        take_process(nested, pid);
        looked_at++;
        *steps -= *steps > 0;
    }
    if (proc != NULL)
        (void)closedir(proc);
    return nested;
}

bool stek_stats_nested_is_whole(const struct stek_stats_nested *nested)
{
    return nested->whole;
}

void stek_stats_nested_free(struct stek_stats_nested *nested)
{
    free(nested);
}

bool stek_stats_nested_has(const struct stek_stats_nested *nested, int64_t pid, uint64_t entered,
                           bool is_child)
{
    for (size_t i = 0; i < nested->count; i++) {
        const uint64_t started = nested->process[i].started;
        if (nested->process[i].pid == pid && started <= entered + 1 &&
            (!is_child || started + CHILD_S >= entered))
            return true;
    }
    return false;
}
