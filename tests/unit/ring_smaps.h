/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of this process's mappings: VmFlags in /proc/self/smaps, proc(5). */
#ifndef TESTS_UNIT_RING_SMAPS_H
#define TESTS_UNIT_RING_SMAPS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the mapping at this address has a flag, such as "lo" (locked), "dd" (not dumped), "wf"
 * (wiped on fork). */
bool smaps_has_flag(const void *at, const char *flag);

/* How many bytes of this process have the flag. */
size_t smaps_bytes_with_flag(const char *flag);

#endif
