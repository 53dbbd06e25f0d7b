/* SPDX-License-Identifier: Apache-2.0 */
/* Which system calls that stek.so makes a unit's SystemCallFilter= leaves out. Pure. */
#ifndef STEK_DOCTOR_CALLFILTER_H
#define STEK_DOCTOR_CALLFILTER_H

#include <stdbool.h>

/* Room for all of them. */
enum { STEK_CALLFILTER_LEN = 64 };

/*
 * `filter` is the property SystemCallFilter as systemctl(1) shows it: names that are allowed, or
 * after a '~' those that are not; nothing in it: no filter. The calls that are missing, with a
 * space between them; "": none is. With a ring from a file there are more. Thread-safe.
 */
void stek_callfilter_missing(const char *filter, bool ring_from_file,
                             char ret_calls[STEK_CALLFILTER_LEN]);

#endif
