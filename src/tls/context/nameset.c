/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/nameset.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 8 };

static uint8_t fold_ascii(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

static bool make_room(struct stek_nameset *set)
{
    if (set->count < set->room)
        return true;
    const size_t room = set->room > 0 ? 2 * set->room : FIRST_ROOM;
    struct stek_name *names = realloc(set->names, room * sizeof *names);
    if (names == NULL)
        return false;
    set->names = names;
    set->room = room;
    return true;
}

bool stek_nameset_add(struct stek_nameset *set, uint8_t kind, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = make_room(set) ? malloc(len + 1) : NULL;

    if (copy == NULL)
        return false;
    copy[0] = kind;
    for (size_t i = 0; i < len; i++)
        copy[i + 1] = kind == STEK_NAME_DNS ? fold_ascii(bytes[i]) : bytes[i];
    set->names[set->count++] = (struct stek_name){len + 1, copy};
    return true;
}

static int compare(const void *left, const void *right)
{
    const struct stek_name *a = left;
    const struct stek_name *b = right;
    const int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

    return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static void sort_and_unite(struct stek_nameset *set)
{
    size_t kept = 0;

    if (set->count > 1)
        qsort(set->names, set->count, sizeof *set->names, compare);
    for (size_t i = 0; i < set->count; i++) {
        if (kept > 0 && compare(&set->names[kept - 1], &set->names[i]) == 0)
            free(set->names[i].bytes);
        else
            set->names[kept++] = set->names[i];
    }
    set->count = kept;
}

bool stek_hash_u32(EVP_MD_CTX *hash, size_t number)
{
    const uint8_t bytes[4] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 8), (uint8_t)number};

    return EVP_DigestUpdate(hash, bytes, sizeof bytes) == 1;
}

bool stek_nameset_hash(struct stek_nameset *set, EVP_MD_CTX *hash)
{
    sort_and_unite(set);
    bool ok = stek_hash_u32(hash, set->count);
    for (size_t i = 0; ok && i < set->count; i++)
        ok = stek_hash_u32(hash, set->names[i].len) &&
             EVP_DigestUpdate(hash, set->names[i].bytes, set->names[i].len) == 1;
    return ok;
}

void stek_nameset_fini(struct stek_nameset *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->names[i].bytes);
    free(set->names);
    *set = (struct stek_nameset){0};
}
