/* SPDX-License-Identifier: Apache-2.0 */
#include "memory_scan.h"

#include "ring_child.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PIECES = MEMORY_KEY_LEN - MEMORY_PIECE_LEN + 1,
    SLOT_BITS = 17,
    BLOCK_LEN = 1 << 20,
    PAGE_LEN = 4096
};

/* One of the places at which 16 bytes of a key begin. */
struct piece {
    uint64_t first; /* its first 8 bytes */
    uint16_t key;
    uint16_t offset;
    uint16_t next; /* in the same slot, counted from 1; 0: none */
};

/* All pieces, found by the hash of their first 8 bytes. */
struct memory_scan {
    size_t count;
    uint8_t key[MEMORY_KEYS_MAX][MEMORY_KEY_LEN];
    size_t piece_count;
    struct piece piece[MEMORY_KEYS_MAX * PIECES];
    uint16_t slot[1 << SLOT_BITS]; /* its first piece, counted from 1; 0: none */
};

struct memory_scan *memory_scan_new(void)
{
    struct memory_scan *scan = calloc(1, sizeof *scan);

    CHECK(scan != NULL);
    return scan;
}

void memory_scan_free(struct memory_scan *scan)
{
    free(scan);
}

static uint64_t first_of(const uint8_t *bytes)
{
    uint64_t first;

    memcpy(&first, bytes, sizeof first);
    return first;
}

static size_t slot_of(uint64_t first)
{
    return (size_t)(first * 0x9e3779b97f4a7c15 >> (64 - SLOT_BITS));
}

void memory_scan_add(struct memory_scan *scan, const uint8_t key[MEMORY_KEY_LEN])
{
    CHECK(scan->count < MEMORY_KEYS_MAX);
    memcpy(scan->key[scan->count], key, MEMORY_KEY_LEN);
    for (size_t offset = 0; offset < PIECES; offset++) {
        const uint64_t first = first_of(key + offset);
        uint16_t *slot = &scan->slot[slot_of(first)];
        scan->piece[scan->piece_count++] =
            (struct piece){first, (uint16_t)scan->count, (uint16_t)offset, *slot};
        *slot = (uint16_t)scan->piece_count;
    }
    scan->count++;
}

/* Adds a piece; one that continues an earlier find makes that longer. */
static void note(struct memory_finds *finds, const struct memory_find *piece)
{
    const size_t listed = finds->count < MEMORY_FINDS_MAX ? finds->count : MEMORY_FINDS_MAX;

    for (size_t i = 0; i < listed; i++) {
        struct memory_find *find = &finds->list[i];
        if (find->key == piece->key && find->at - find->offset == piece->at - piece->offset &&
            piece->at <= find->at + find->len) {
            find->len = piece->at + piece->len - find->at;
            return;
        }
    }
    if (listed < MEMORY_FINDS_MAX)
        finds->list[listed] = *piece;
    finds->count++;
}

static void look(const struct memory_scan *scan, const uint8_t *bytes, size_t len, uint64_t at,
                 const char *where, struct memory_finds *finds)
{
    for (size_t i = 0; i + MEMORY_PIECE_LEN <= len; i++) {
        const uint64_t first = first_of(bytes + i);
        for (uint16_t next = scan->slot[slot_of(first)]; next != 0;
             next = scan->piece[next - 1].next) {
            const struct piece *piece = &scan->piece[next - 1];
            if (piece->first != first ||
                memcmp(scan->key[piece->key] + piece->offset, bytes + i, MEMORY_PIECE_LEN) != 0)
                continue;
            struct memory_find find = {
                .key = piece->key, .offset = piece->offset, .len = MEMORY_PIECE_LEN, .at = at + i};
            (void)snprintf(find.where, sizeof find.where, "%s", where);
            note(finds, &find);
        }
    }
}

/* Blocks overlap, so that no piece falls between two. A page that cannot be read is left out. */
static size_t look_at_range(const struct memory_scan *scan, int fd, uint64_t from, uint64_t until,
                            const char *where, struct memory_finds *finds)
{
    static uint8_t block[BLOCK_LEN];
    size_t seen = 0;

    while (from < until) {
        const size_t wanted = until - from < BLOCK_LEN ? (size_t)(until - from) : BLOCK_LEN;
        const ssize_t got = pread(fd, block, wanted, (off_t)from);
        if (got <= 0) {
            from = (from / PAGE_LEN + 1) * PAGE_LEN;
            continue;
        }
        look(scan, block, (size_t)got, from, where, finds);
        seen += (size_t)got;
        if (from + (uint64_t)got == until)
            break;
        from += (uint64_t)got > MEMORY_PIECE_LEN ? (uint64_t)got - (MEMORY_PIECE_LEN - 1)
                                                 : (uint64_t)got;
    }
    return seen;
}

struct range {
    uint64_t from;
    uint64_t until;
    const char *name;
};

/* "from-until perms offset device inode   name", proc(5). The kernel's own pages are no memory of
 * the process. */
static bool parse_mapping(char *line, struct range *ret_range)
{
    char *at;

    line[strcspn(line, "\n")] = '\0';
    ret_range->from = strtoull(line, &at, 16);
    ret_range->until = strtoull(at + 1, &at, 16);
    ret_range->name = strpbrk(line, "/[");
    if (ret_range->name == NULL)
        ret_range->name = strstr(line, "00:00 0") != NULL ? "[anonymous]" : line;
    return at[1] == 'r' && strcmp(ret_range->name, "[vvar]") != 0 &&
           strcmp(ret_range->name, "[vsyscall]") != 0 &&
           strcmp(ret_range->name, "[vvar_vclock]") != 0;
}

size_t memory_scan_process(const struct memory_scan *scan, pid_t pid,
                           struct memory_finds *ret_finds)
{
    char path[64];
    char line[4096];
    struct range range;
    size_t seen = 0;

    ret_finds->count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "re");
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(maps != NULL);
    CHECK(fd >= 0);
    while (fgets(line, sizeof line, maps) != NULL)
        if (parse_mapping(line, &range))
            seen += look_at_range(scan, fd, range.from, range.until, range.name, ret_finds);
    (void)fclose(maps);
    (void)close(fd);
    return seen;
}

size_t memory_scan_file(const struct memory_scan *scan, const char *path,
                        struct memory_finds *ret_finds)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    CHECK(fd >= 0);
    const off_t len = lseek(fd, 0, SEEK_END);
    CHECK(len > 0);
    ret_finds->count = 0;
    const size_t seen = look_at_range(scan, fd, 0, (uint64_t)len, path, ret_finds);
    (void)close(fd);
    return seen;
}
