/* SPDX-License-Identifier: Apache-2.0 */
/* A run directory for stats files, and what is in it. */
#ifndef TESTS_UNIT_STATS_FIXTURE_H
#define TESTS_UNIT_STATS_FIXTURE_H

#include "ring_child.h"

#include "ringfile/stats_files.h"

/* The ring of these tests. */
#define STATS_RING "web"

enum { STATS_NOW = 1800000000 };

/* For cmocka: a run directory with the directory of stats in it; and its end. */
int stats_setup(void **state);
int stats_teardown(void **state);

/* The run directory, and the directory of stats files. */
int stats_run_dir(void);
int stats_dir(void);

/* Opens a file of its own; there must be one. */
struct stek_stats *stats_open(void);

/* The sum as it is now. */
struct stek_stats_sum stats_sum(void);

/* The sum of one counter. */
uint64_t stats_sum_of(enum stek_counter counter);

/* How many files are in the directory of stats. */
unsigned stats_files(void);

/* Folds without patience. Returns whether more wait. */
bool stats_fold(void);

/* Writes a file there: `len` bytes. */
void stats_write_file(const char *name, const void *bytes, size_t len);

/* The bytes of a sound stats file of a process that does not exist, with this many sealed. */
void stats_make_page(uint8_t ret_bytes[STEK_STATS_FILE_LEN], uint64_t sealed);

#endif
