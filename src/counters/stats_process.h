/* SPDX-License-Identifier: Apache-2.0 */
/* When a process was made. */
#ifndef STEK_COUNTERS_STATS_PROCESS_H
#define STEK_COUNTERS_STATS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds that this thread has had of a processor. */
int64_t stek_stats_cpu_us(void);

/* Seconds of CLOCK_BOOTTIME at which a process was made, from /proc/PID/stat; UINT64_MAX: it has
 * ended. False: not to be seen. Thread-safe. */
bool stek_stats_process_started(int64_t pid, uint64_t *ret_started);

#endif
