/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_sets.h"

#include "prng.h"

#include <string.h>

struct stek_fingerprint fingerprint_of(uint64_t n, size_t place)
{
    struct prng prng = {n * 1000 + place};
    struct stek_fingerprint fingerprint;

    prng_bytes(&prng, fingerprint.bytes, sizeof fingerprint.bytes);
    return fingerprint;
}

struct stek_keyset set_of(uint64_t n)
{
    struct stek_keyset set = {.head = {SET_GENERATION, SET_NOW - 10, SET_NOW + 10, SET_ACTIVE + 1,
                                       SET_ACTIVE, SET_ENTRIES}};
    struct prng prng = {n};

    for (size_t i = 0; i < SET_ENTRIES; i++) {
        struct stek_keyset_entry *entry = &set.entry[i];
        prng_bytes(&prng, (uint8_t *)&entry->key, sizeof entry->key);
        memset(entry->key.name, (int)i + 1, sizeof entry->key.name);
        entry->seq = i + 1;
        entry->accept_until = SET_NOW + 1000;
        entry->fingerprint = fingerprint_of(n, i);
    }
    return set;
}

struct stek_records records_of(uint64_t n)
{
    struct stek_records records = {.count = SET_ENTRIES};

    for (size_t i = 0; i < SET_ENTRIES; i++)
        records.at[i] = (struct stek_record){
            .seq = i + 1, .accept_until = SET_NOW + 1000, .fingerprint = fingerprint_of(n, i)};
    return records;
}
