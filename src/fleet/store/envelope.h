/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of a record or of a floor in the store. It is sealed, so that the store, its disks, its
 * backups and its administrators learn no secret and can make none.
 *
 *     offset  bytes  field
 *          0      4  "stk" 76       format; 76 is 'v'
 *          4      1  version, 2
 *          5      1  kind: 1 record, 2 floor
 *          6      1  origin         of a record: 1 fresh random bytes, 2 continued; of a floor: 0
 *          7      1  zero
 *          8      8  id of the key-encryption key
 *         16      8  epoch          that it is sealed under: a day since 2026-01-01
 *         24      8  seq            of the record; of a floor: no lower seq opens any more
 *         32      8  active_from    of a floor: when it was made
 *         40      8  active_until   of a floor: 0
 *         48      8  accept_until   of a floor: 0
 *         56     12  nonce          fresh random bytes
 *         68     32  ciphertext     the record's secret; a floor has none
 *          .     16  tag            AES-256-GCM
 *
 * Numbers are little-endian, times Unix seconds in two's complement. Associated data: the first 56
 * bytes ‖ the ring's name. So a value does not open if it was moved to another ring, or if its
 * times or its number were changed. A reader knows the name that a value stands under, and refuses
 * it if the numbers differ. The AES key is derived for each ring, kind and seq from the
 * epoch's secret (RFC 5869). A record's epoch is not before the day in which it retires. So one AES
 * key seals only the few values that hosts offer for one name, and random nonces stay safe however
 * large the fleet is and however long the key is kept.
 *
 * The attacker can write anything into the store, read all of it, and bring back old values. He can
 * delay, remove and repeat; he cannot make, change or move a value without a key-encryption key.
 * Repeating an old floor changes nothing, since a floor never falls. An old record is below the
 * floor, or retired by its own times.
 */
#ifndef STEK_FLEET_ENVELOPE_H
#define STEK_FLEET_ENVELOPE_H

#include "stek.h"

#include "core/record.h"
#include "crypto/aead.h"
#include "crypto/wipe.h"
#include "fleet/rules/storeview.h"
#include "fleet/store/kek.h"

#include <stddef.h>
#include <stdint.h>

enum {
    STEK_FLEET_RING_MAX = 64, /* characters of a ring's name */
    STEK_ENVELOPE_HEAD_LEN = 56,
    STEK_ENVELOPE_RECORD_LEN = STEK_ENVELOPE_HEAD_LEN + STEK_AEAD_EXTRA_LEN + 32,
    STEK_ENVELOPE_FLOOR_LEN = STEK_ENVELOPE_HEAD_LEN + STEK_AEAD_EXTRA_LEN,
    STEK_ENVELOPE_LEN_MAX = STEK_ENVELOPE_RECORD_LEN
};

enum stek_envelope_kind { STEK_ENVELOPE_RECORD = 1, STEK_ENVELOPE_FLOOR = 2 };

/* What a value says when it has opened. A floor has a zero secret. */
struct stek_envelope {
    enum stek_envelope_kind kind;
    uint8_t kek_id[STEK_KEK_ID_LEN];
    uint64_t epoch;
    struct stek_record record; /* of a floor: seq, and active_from, when it was made */
};

static inline void stek_envelope_wipe(struct stek_envelope *value)
{
    stek_wipe(value, sizeof *value);
}

/*
 * Seals a record for `ring` (1 to 64 characters), under an epoch (fleet/rules/epoch.h) that the key
 * has at hand. Errors: STEK_ERR_ARGUMENT (the name's length, the epoch), STEK_ERR_RANDOM,
 * STEK_ERR_CRYPTO. Thread-safe.
 */
STEK_MUST_USE enum stek_result
stek_envelope_seal_record(const struct stek_kek *kek, uint64_t epoch, const char *ring,
                          const struct stek_record *record,
                          uint8_t ret_bytes[STEK_ENVELOPE_RECORD_LEN]);

/* The same for a floor that was made at `made_at`. */
STEK_MUST_USE enum stek_result stek_envelope_seal_floor(const struct stek_kek *kek, uint64_t epoch,
                                                        const char *ring, uint64_t floor,
                                                        int64_t made_at,
                                                        uint8_t ret_bytes[STEK_ENVELOPE_FLOOR_LEN]);

/*
 * Opens what stands in the store for `ring` under a floor's name, or under the name of the record
 * `seq`. Everything is checked: size, format, version, kind and number against the name, the seal,
 * the range of numbers and the order of times (whether a record fits its ring, fleet/rules/sync.h
 * decides). STEK_VALUE_GOOD fills *ret_envelope; anything else leaves it alone. Thread-safe.
 */
STEK_MUST_USE enum stek_value stek_envelope_open_record(const struct stek_keks *keks,
                                                        const char *ring, uint64_t seq,
                                                        struct stek_bytes bytes,
                                                        struct stek_envelope *ret_envelope);
STEK_MUST_USE enum stek_value stek_envelope_open_floor(const struct stek_keks *keks,
                                                       const char *ring, struct stek_bytes bytes,
                                                       struct stek_envelope *ret_envelope);

#endif
