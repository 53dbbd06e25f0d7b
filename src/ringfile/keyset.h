/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ticket keys of one context, derived from all the records of a ring. A set is larger than
 * small stacks, and lives on the heap; its entries are what caches keep (key_cache.h).
 *
 * An entry's keys are covered by the mask of its record, which is in the ring's image and nowhere
 * else in a process, but for the moment of use. So if a record is removed from the image, its keys
 * are gone from every process, even a sleeping one. Only keys of a record that the image does not
 * have, since this process continued the chain by itself, are kept as they are.
 */
#ifndef STEK_RINGFILE_KEYSET_H
#define STEK_RINGFILE_KEYSET_H

#include "core/choice.h"
#include "core/record.h"
#include "crypto/derive.h"

#include "ringfile/image.h"

#include <stdbool.h>

/* The keys of one record in one context. seq 0: an empty place, which no ticket matches. */
struct stek_keyset_entry {
    uint64_t seq;
    int64_t accept_until;
    uint64_t
        place; /* of the record's mask in the image, counted from 1; 0: the keys are not covered */
    struct stek_ticket_key key; /* the name is as it is, the rest covered */
    struct stek_fingerprint
        fingerprint; /* of the record: tells whether the keys are still those of it */
};

struct stek_keyset_head {
    uint64_t generation; /* of the ring's image that this was made from; 0: of none */
    int64_t valid_from;  /* the stretch of time in which no record changes its state */
    int64_t valid_until;
    uint64_t active_seq; /* of the record that seals, or 0 */
    uint64_t active;     /* its place */
    uint64_t only_seals; /* not 0: records that only open may have been left out */
    uint64_t count;
};

struct stek_keyset {
    struct stek_keyset_head head;
    struct stek_keyset_entry entry[STEK_RECORDS_MAX];
    struct stek_mask mask[STEK_RECORDS_MAX]; /* of the entries */
};

static inline void stek_keyset_wipe(struct stek_keyset *set)
{
    stek_wipe(set, sizeof *set);
}

/* What a set is for: sealing needs the keys of one record, opening those of all. */
enum stek_keyset_use { STEK_KEYSET_SEALS, STEK_KEYSET_OPENS };

/*
 * Derives the keys of the records as of `now`; each has its fingerprint. Keys that are in the set
 * already (its count may be 0, and it needs no masks) for the same record are kept; in place, since
 * threads with small stacks come by, too. A record that has moved back in the order is derived
 * again. A record whose keys are weak, or have the name of an earlier one, gets an empty place. To
 * seal, so does a record that does not seal and whose keys are not in the set: a program that makes
 * an SSL_CTX for every connection does not derive what nobody asks for.
 * `image` is what the records were read from at `generation`; NULL leaves all keys uncovered.
 * Returns whether the same records will give the same keys next time: not while the ring has no
 * active record, or when libcrypto failed.
 */
bool stek_keyset_build(const struct stek_records *records, const struct stek_image *image,
                       uint64_t generation, const struct stek_context *context, int64_t now,
                       enum stek_keyset_use use, struct stek_keyset *set);

/* The key that seals, and how long it opens; false when none does. */
struct stek_seal_key {
    struct stek_ticket_key key;
    int64_t accept_until;
};

static inline void stek_seal_key_wipe(struct stek_seal_key *key)
{
    stek_wipe(key, sizeof *key);
}

bool stek_keyset_seal(const struct stek_keyset *set, struct stek_seal_key *ret_key);

/* What to do with a ticket of this name; the key is set unless it is unknown. */
enum stek_choice stek_keyset_open(const struct stek_keyset *set, const uint8_t name[STEK_NAME_LEN],
                                  bool single_use, int64_t now, struct stek_ticket_key *ret_key);

#endif
