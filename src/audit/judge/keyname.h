/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key names, found from the tickets alone. RFC 5077 section 4 recommends that a ticket begin with a
 * 16-byte name of its key; other lengths are in use (mbedTLS has 4), and some servers send none.
 * Two tickets under one name begin with the same bytes, and the random bytes that follow differ, so
 * the commonest length of what pairs have in common is the length of the name.
 */
#ifndef STEK_AUDIT_KEYNAME_H
#define STEK_AUDIT_KEYNAME_H

#include "audit/judge/judge.h"
#include "audit/observation.h"

struct stek_audit_name_index {
    struct stek_audit_key_names names;
    uint8_t lens[STEK_AUDIT_TARGETS_MAX]; /* length of the names of each target; 0: none found */
    uint32_t *of_ticket; /* for each ticket the index in `names`, or STEK_AUDIT_NONE */
};

/* Caller owned: _fini() frees what is inside. Errors: STEK_ERR_MEMORY. Thread-safe. */
STEK_MUST_USE enum stek_result stek_audit_name_index_init(const struct stek_audit_observation *obs,
                                                          struct stek_audit_name_index *ret_index);
void stek_audit_name_index_fini(struct stek_audit_name_index *index);

/* How the names of a target follow each other, in the order in which its tickets came. */
struct stek_audit_name_order {
    uint32_t names;    /* how many there are */
    uint32_t switches; /* how often the next ticket had another name than the one before */
};
struct stek_audit_name_order stek_audit_name_order(const struct stek_audit_observation *obs,
                                                   const struct stek_audit_name_index *index,
                                                   uint32_t target);

/* Whether two names are the same bytes; targets may differ. */
bool stek_audit_same_name(const struct stek_audit_key_name *a, const struct stek_audit_key_name *b);

#endif
