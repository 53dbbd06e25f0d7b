/* SPDX-License-Identifier: Apache-2.0 */
#include "core/merge.h"

#include <string.h>

static int compare_times(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Orders two records of the same seq: below 0 when `a` is to stay. */
static int compare(const struct stek_record *a, const struct stek_record *b)
{
    if (a->origin != b->origin)
        return a->origin < b->origin ? -1 : 1;
    int order = memcmp(a->secret.bytes, b->secret.bytes, sizeof a->secret.bytes);
    if (order == 0)
        order = compare_times(a->active_from, b->active_from);
    if (order == 0)
        order = compare_times(a->active_until, b->active_until);
    return order != 0 ? order : compare_times(a->accept_until, b->accept_until);
}

/* Takes the record with the highest seq off the ends of both; counts are what is left of each. */
static const struct stek_record *take_highest(const struct stek_records *a, size_t *a_left,
                                              const struct stek_records *b, size_t *b_left)
{
    const struct stek_record *from_a = *a_left > 0 ? &a->at[*a_left - 1] : NULL;
    const struct stek_record *from_b = *b_left > 0 ? &b->at[*b_left - 1] : NULL;

    if (from_a != NULL && from_b != NULL && from_a->seq == from_b->seq) {
        (*a_left)--;
        (*b_left)--;
        return compare(from_a, from_b) <= 0 ? from_a : from_b;
    }
    if (from_b == NULL || (from_a != NULL && from_a->seq > from_b->seq)) {
        (*a_left)--;
        return from_a;
    }
    (*b_left)--;
    return from_b;
}

void stek_records_merge(struct stek_records *into, const struct stek_records *other)
{
    STEK_SECRET(stek_records) struct stek_records joined = {0};
    size_t into_left = into->count;
    size_t other_left = other->count;
    size_t free_places = STEK_RECORDS_MAX;

    /* Highest first, from the end of the array down, so that the lowest seqs are those that find no
     * place. */
    while (free_places > 0 && into_left + other_left > 0)
        joined.at[--free_places] = *take_highest(into, &into_left, other, &other_left);
    joined.count = STEK_RECORDS_MAX;
    stek_records_remove(&joined, 0, free_places);
    *into = joined;
}
