/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket keys of a ring's record, as key files have them. */
#ifndef STEK_KEYFILE_DERIVED_H
#define STEK_KEYFILE_DERIVED_H

#include "core/record.h"
#include "keyfile/keys.h"

/*
 * Adds a record's keys in a context, with its times. There must be room. A layout for AES-128 gets
 * keys of its own, which are no part of the keys for AES-256. Errors: STEK_ERR_RANDOM
 * when the keys look weak, STEK_ERR_CRYPTO.
 */
STEK_MUST_USE enum stek_result stek_keyfile_add_derived(const struct stek_record *record,
                                                        const struct stek_context *context,
                                                        struct stek_keyfile_keys *keys);

#endif
