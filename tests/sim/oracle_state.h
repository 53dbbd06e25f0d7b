/* SPDX-License-Identifier: Apache-2.0 */
/* What the oracle remembers. */
#ifndef TESTS_SIM_ORACLE_STATE_H
#define TESTS_SIM_ORACLE_STATE_H

#include "oracle.h"

#include "crypto/derive.h"

enum { ORACLE_SLOTS = 1 << 15 };

#define NONE SIZE_MAX

/* A secret that is legitimate: it was published, or follows from such a one. */
struct known {
    struct stek_record record; /* as it was first seen */
    size_t parent;             /* what it continues, or NONE */
    int64_t published_ms;      /* INT64_MAX: never */
    int64_t moved_ms;          /* when its times were last changed in the store */
    bool revoked;
    bool own; /* one host made it by itself when it revoked, or it follows from such a one */
    bool sealed;
    bool published_once; /* it may have been deleted by hand since */
    bool returned;       /* and put again */
    bool brought;        /* an adversary has brought it back */
};

struct sim_oracle {
    uint64_t floor;
    int64_t floor_ms;
    uint64_t forgotten; /* a floor that the emptied store does not know; hosts may say it again */
    int64_t lost_ms;    /* when somebody last deleted a key by hand */
    int64_t brought_ms; /* when an adversary last brought something back */
    size_t count, capacity;
    struct known *known;
    uint32_t slot[ORACLE_SLOTS]; /* number of the known secret, and 1 */
};

/* Whether an adversary brought something back lately, or that is still there: hosts may differ, as
 * if they were cut off. */
bool oracle_is_tampered(const struct sim *sim);

struct known *oracle_find(struct sim *sim, const struct stek_secret32 *secret);
struct known *oracle_add(struct sim *sim, const struct stek_record *record);

/* The record, if it continues one that is known: it is known from now on. Else NULL. */
struct known *oracle_continued(struct sim *sim, const struct stek_record *record);

/* The same for what a host holds that was off: it goes on over what has retired meanwhile, and
 * which it never held. */
struct known *oracle_continued_over(struct sim *sim, const struct stek_record *record);

#endif
