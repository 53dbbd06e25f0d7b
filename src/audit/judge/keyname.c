/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/keyname.h"

#include <stdlib.h>
#include <string.h>

enum {
    SHORTEST = 3,    /* two tickets without names have one byte in common by chance now and then,
                        hardly ever three */
    USUAL = 16,      /* RFC 5077 section 4 */
    NEIGHBOURS = 32, /* with how many tickets that came later each is compared */
    COMMON_MAX = 1 + STEK_AUDIT_KEY_NAME_LEN_MAX
};

/* How many bytes two tickets have in common at their start, at most COMMON_MAX. */
static size_t common_len(const struct stek_audit_ticket *a, const struct stek_audit_ticket *b)
{
    size_t len = 0;

    while (len < COMMON_MAX && len < a->len && len < b->len && a->bytes[len] == b->bytes[len])
        len++;
    return len;
}

/* The same ticket sent twice tells nothing. */
static bool same_bytes(const struct stek_audit_ticket *a, const struct stek_audit_ticket *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* They share more bytes than any name has, so the IVs are equal too and the length is unknown. */
static uint8_t commonest(const uint32_t counts[COMMON_MAX + 1])
{
    size_t best = 0;

    for (size_t len = SHORTEST; len <= COMMON_MAX; len++)
        if (counts[len] > 0 && (best == 0 || counts[len] > counts[best]))
            best = len;
    return best == COMMON_MAX ? USUAL : (uint8_t)best;
}

/* Counts the common bytes of pairs of one target's tickets; with STEK_AUDIT_NONE of all tickets. */
static uint8_t find_len(const struct stek_audit_observation *obs, uint32_t target)
{
    uint32_t counts[COMMON_MAX + 1] = {0};

    for (size_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        size_t compared = 0;
        if (target != STEK_AUDIT_NONE && ticket->target != target)
            continue;
        for (size_t k = i + 1; k < obs->tickets_len && compared < NEIGHBOURS; k++) {
            const struct stek_audit_ticket *later = &obs->tickets[k];
            if (target != STEK_AUDIT_NONE && later->target != target)
                continue;
            compared++;
            if (!same_bytes(ticket, later))
                counts[common_len(ticket, later)]++;
        }
    }
    return commonest(counts);
}

bool stek_audit_same_name(const struct stek_audit_key_name *a, const struct stek_audit_key_name *b)
{
    return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* Notes that `ticket` has `name`. */
static void note(struct stek_audit_key_name *name, const struct stek_audit_ticket *ticket)
{
    if (name->tickets == 0)
        name->first = name->last = ticket->received;
    if (ticket->received < name->first)
        name->first = ticket->received;
    if (ticket->received > name->last)
        name->last = ticket->received;
    if (name->tickets == 0)
        name->version = ticket->version;
    else if (name->version != ticket->version)
        name->version = 0;
    name->tickets++;
}

/* The name of a ticket: found, or added to the end of the list. Most names were seen recently. */
static uint32_t find_or_add(struct stek_audit_key_names *names,
                            const struct stek_audit_ticket *ticket, uint8_t len)
{
    for (size_t i = names->len; i-- > 0;)
        if (names->items[i].target == ticket->target &&
            memcmp(names->items[i].name, ticket->bytes, len) == 0)
            return (uint32_t)i;
    struct stek_audit_key_name *name = &names->items[names->len];
    memcpy(name->name, ticket->bytes, len);
    name->name_len = len;
    name->target = ticket->target;
    return (uint32_t)names->len++;
}

struct place {
    struct stek_audit_key_name name;
    uint32_t was;
};

static int by_target_and_time(const void *left, const void *right)
{
    const struct place *a = left, *b = right;

    if (a->name.target != b->name.target)
        return a->name.target < b->name.target ? -1 : 1;
    if (a->name.first != b->name.first)
        return a->name.first < b->name.first ? -1 : 1;
    return a->was < b->was ? -1 : a->was > b->was;
}

/* Sorts the names, and keeps what tickets say of them true. */
static enum stek_result sort_names(struct stek_audit_name_index *index, size_t tickets_len)
{
    const size_t len = index->names.len;
    struct place *places = calloc(len + 1, sizeof *places);
    uint32_t *now = calloc(len + 1, sizeof *now);

    if (places == NULL || now == NULL) {
        free(places);
        free(now);
        return STEK_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < len; i++)
        places[i] = (struct place){index->names.items[i], i};
    qsort(places, len, sizeof *places, by_target_and_time);
    for (uint32_t i = 0; i < len; i++) {
        index->names.items[i] = places[i].name;
        now[places[i].was] = i;
    }
    for (size_t i = 0; i < tickets_len; i++)
        if (index->of_ticket[i] != STEK_AUDIT_NONE)
            index->of_ticket[i] = now[index->of_ticket[i]];
    free(places);
    free(now);
    return STEK_OK;
}

/* A target with a single ticket, or none that share a name, is taken to be like the others. */
static void find_lens(const struct stek_audit_observation *obs, struct stek_audit_name_index *index)
{
    const uint8_t pooled = find_len(obs, STEK_AUDIT_NONE);

    for (uint32_t i = 0; i < obs->targets_len; i++) {
        uint8_t len = find_len(obs, i);
        size_t tickets = 0;
        for (size_t k = 0; len == 0 && k < obs->tickets_len; k++)
            tickets += obs->tickets[k].target == i;
        index->lens[i] = len == 0 && tickets == 1 ? pooled : len;
        if (index->lens[i] > index->names.name_len)
            index->names.name_len = index->lens[i];
    }
}

enum stek_result stek_audit_name_index_init(const struct stek_audit_observation *obs,
                                            struct stek_audit_name_index *ret_index)
{
    struct stek_audit_name_index index = {0};

    index.names.items = calloc(obs->tickets_len + 1, sizeof *index.names.items);
    index.of_ticket = calloc(obs->tickets_len + 1, sizeof *index.of_ticket);
    if (index.names.items == NULL || index.of_ticket == NULL) {
        stek_audit_name_index_fini(&index);
        return STEK_ERR_MEMORY;
    }
    find_lens(obs, &index);
    for (size_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        const uint8_t len = index.lens[ticket->target];
        index.of_ticket[i] = STEK_AUDIT_NONE;
        if (len == 0 || ticket->len < len)
            continue;
        index.of_ticket[i] = find_or_add(&index.names, ticket, len);
        note(&index.names.items[index.of_ticket[i]], ticket);
    }
    enum stek_result result = sort_names(&index, obs->tickets_len);
    if (result != STEK_OK)
        stek_audit_name_index_fini(&index);
    else
        *ret_index = index;
    return result;
}

void stek_audit_name_index_fini(struct stek_audit_name_index *index)
{
    free(index->names.items);
    free(index->of_ticket);
    *index = (struct stek_audit_name_index){0};
}

enum stek_result stek_audit_find_key_names(const struct stek_audit_observation *obs,
                                           struct stek_audit_key_names *ret_names)
{
    struct stek_audit_name_index index;
    enum stek_result result = stek_audit_name_index_init(obs, &index);

    if (result != STEK_OK)
        return result;
    *ret_names = index.names;
    index.names.items = NULL;
    stek_audit_name_index_fini(&index);
    return STEK_OK;
}

struct stek_audit_name_order stek_audit_name_order(const struct stek_audit_observation *obs,
                                                   const struct stek_audit_name_index *index,
                                                   uint32_t target)
{
    struct stek_audit_name_order order = {0};
    uint32_t before = STEK_AUDIT_NONE;

    for (size_t i = 0; i < index->names.len; i++)
        order.names += index->names.items[i].target == target;
    for (size_t i = 0; i < obs->tickets_len; i++) {
        const uint32_t name = index->of_ticket[i];
        if (obs->tickets[i].target != target || name == STEK_AUDIT_NONE)
            continue;
        order.switches += before != STEK_AUDIT_NONE && before != name;
        before = name;
    }
    return order;
}
