/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of pid namespaces inside this one (containers), as /proc shows them: the number
 * that each has in its own namespace, and when it was made. Two containers may use the same number;
 * the time tells them apart, to some seconds. What /proc does not show, such as the processes of
 * containers beside this one, is not among them.
 */
#ifndef STEK_COUNTERS_STATS_NESTED_H
#define STEK_COUNTERS_STATS_NESTED_H

#include <stdbool.h>
#include <stdint.h>

/* So many processes are looked at, and for so long: each user can have thousands, and each costs
 * some 20 microseconds. */
enum { STEK_STATS_NESTED_MAX = 4096, STEK_STATS_NESTED_CPU_US = 40000 };

struct stek_stats_nested;

/* Looks at all processes, for `cpu_us` of a processor at most; each is a step, taken off *steps as
 * far as there are any. NULL: no memory, or no /proc. The caller frees it. Thread-safe. */
struct stek_stats_nested *stek_stats_nested_find(int64_t cpu_us, unsigned *steps);

/* Whether all processes were looked at: else those that are missing may live all the same. */
bool stek_stats_nested_is_whole(const struct stek_stats_nested *nested);

void stek_stats_nested_free(struct stek_stats_nested *nested);

/* Whether one of them has this number, and may be the one that entered itself at that time (seconds
 * of CLOCK_BOOTTIME): as soon as it was made if it is a child of the maker's, else at any time. */
bool stek_stats_nested_has(const struct stek_stats_nested *nested, int64_t pid, uint64_t entered,
                           bool is_child);

/* The number in the innermost namespace from the text of /proc/PID/status; 0: it is in no inner
 * one, or the text does not say. Pure. */
int64_t stek_stats_nested_pid(const char *status);

#endif
