/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_smaps.h"

#include "ring_child.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mapping {
    uintptr_t from;
    uintptr_t until;
    char flags[256];
};

/* "7f00-7f10 rw-s ...": the line that begins a mapping. The others begin with a word and a colon.
 */
static bool parse_range(const char *line, struct mapping *ret_mapping)
{
    char *end;
    const uintptr_t from = strtoull(line, &end, 16);

    if (end == line || *end != '-')
        return false;
    ret_mapping->from = from;
    ret_mapping->until = strtoull(end + 1, &end, 16);
    return *end == ' ';
}

/* The next mapping, with a space before and after each of its flags. */
static bool next_mapping(FILE *smaps, struct mapping *ret_mapping)
{
    static const char label[] = "VmFlags:";
    char line[8192];

    while (fgets(line, sizeof line, smaps) != NULL) {
        (void)parse_range(line, ret_mapping);
        if (strncmp(line, label, sizeof label - 1) == 0) {
            (void)snprintf(ret_mapping->flags, sizeof ret_mapping->flags, "%.255s",
                           line + sizeof label - 1);
            return true;
        }
    }
    return false;
}

static bool has_flag(const struct mapping *mapping, const char *flag)
{
    const char word[] = {' ', flag[0], flag[1], ' ', '\0'};

    return strstr(mapping->flags, word) != NULL;
}

static size_t sum(uintptr_t from, uintptr_t until, const char *flag)
{
    FILE *smaps = fopen("/proc/self/smaps", "re");
    struct mapping mapping = {0};
    size_t bytes = 0;

    CHECK(smaps != NULL);
    while (next_mapping(smaps, &mapping))
        if (mapping.until > from && mapping.from < until && has_flag(&mapping, flag))
            bytes += mapping.until - mapping.from;
    (void)fclose(smaps);
    return bytes;
}

bool smaps_has_flag(const void *at, const char *flag)
{
    return sum((uintptr_t)at, (uintptr_t)at + 1, flag) != 0;
}

size_t smaps_bytes_with_flag(const char *flag)
{
    return sum(0, UINTPTR_MAX, flag);
}
