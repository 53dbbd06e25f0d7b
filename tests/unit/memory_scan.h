/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks for keys in the memory of another process (everything that /proc/PID/maps calls readable)
 * and in files. Any 16 bytes in a row of a key count, at any alignment. Whoever scans must not be
 * among those scanned: he has the keys.
 */
#ifndef TESTS_UNIT_MEMORY_SCAN_H
#define TESTS_UNIT_MEMORY_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MEMORY_KEY_LEN = 32, MEMORY_PIECE_LEN = 16, MEMORY_KEYS_MAX = 1024, MEMORY_FINDS_MAX = 64 };

/* A stretch that is part of a key: `len` bytes from byte `offset` of key number `key` on. */
struct memory_find {
    size_t key;
    size_t offset;
    size_t len;
    uint64_t at;     /* address, or place in the file */
    char where[128]; /* mapping, or file */
};

struct memory_finds {
    size_t count; /* may be more than are listed */
    struct memory_find list[MEMORY_FINDS_MAX];
};

struct memory_scan;

struct memory_scan *memory_scan_new(void);
void memory_scan_free(struct memory_scan *scan);

/* Adds a key to look for; they are numbered from 0. */
void memory_scan_add(struct memory_scan *scan, const uint8_t key[MEMORY_KEY_LEN]);

/* Return how many bytes were looked at. */
size_t memory_scan_process(const struct memory_scan *scan, pid_t pid,
                           struct memory_finds *ret_finds);
size_t memory_scan_file(const struct memory_scan *scan, const char *path,
                        struct memory_finds *ret_finds);

#endif
