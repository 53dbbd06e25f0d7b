/* SPDX-License-Identifier: Apache-2.0 */
/* Gives back memory that only the start needed. */
#ifndef STEK_DAEMON_TRIM_H
#define STEK_DAEMON_TRIM_H

/*
 * Drops the pages of code and constants, of ours and of libraries, that the start has brought in;
 * those that are still needed come back from the page cache when they are used. Frees what the heap
 * holds in vain.
 */
void stek_trim(void);

#endif
