/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values in the store, with the key of the test vectors: what opens seals and opens again to the
 * same, and anything else leaves the output alone.
 */
#include "driver/fuzz.h"

#include "fleet/rules/epoch.h"
#include "fleet/store/envelope.h"

#include <string.h>

static void load_key(struct stek_keks *keks)
{
    struct stek_secret32 key;

    for (unsigned i = 0; i < sizeof key.bytes; i++)
        key.bytes[i] = (uint8_t)(i * i + 7);
    keks->count = 1;
    FUZZ_MUST(stek_kek_init(&key, &keks->at[0]) == STEK_OK);
}

/* Flips to a good value are what a fuzzer can't find by itself, so the input says what to change in
 * one. */
static size_t damage(const struct stek_keks *keks, struct fuzz_input *input,
                     uint8_t bytes[STEK_ENVELOPE_RECORD_LEN])
{
    struct stek_record record = {.seq = 7,
                                 .active_from = (int64_t)fuzz_take(input, 8),
                                 .active_until = (int64_t)fuzz_take(input, 8),
                                 .accept_until = (int64_t)fuzz_take(input, 8)};

    if (record.accept_until >= stek_epoch_begins(STEK_EPOCHS))
        record.accept_until %= stek_epoch_begins(STEK_EPOCHS);
    FUZZ_MUST(stek_envelope_seal_record(&keks->at[0], stek_epoch_at(record.accept_until), "web",
                                        &record, bytes) == STEK_OK);
    while (input->left > 1) {
        size_t at = (size_t)fuzz_take(input, 1) % STEK_ENVELOPE_RECORD_LEN;
        bytes[at] ^= (uint8_t)fuzz_take(input, 1);
    }
    return STEK_ENVELOPE_RECORD_LEN;
}

static void check(const struct stek_keks *keks, struct stek_bytes value)
{
    struct stek_envelope envelope = {.record = {.seq = 42}};
    struct stek_envelope again;
    uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];

    if (stek_envelope_open_record(keks, "web", 7, value, &envelope) != STEK_VALUE_GOOD) {
        FUZZ_MUST(envelope.record.seq == 42);
        return;
    }
    FUZZ_MUST(stek_envelope_seal_record(&keks->at[0], envelope.epoch, "web", &envelope.record,
                                        bytes) == STEK_OK);
    FUZZ_MUST(memcmp(bytes, value.at, STEK_ENVELOPE_HEAD_LEN) == 0);
    FUZZ_MUST(stek_envelope_open_record(keks, "web", 7, (struct stek_bytes){bytes, sizeof bytes},
                                        &again) == STEK_VALUE_GOOD);
    FUZZ_MUST(memcmp(&again.record, &envelope.record, sizeof again.record) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stek_keks keks;
    struct stek_envelope floor = {.record = {.seq = 42}};
    struct fuzz_input input = {data, size};
    uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];

    if (keks.count == 0)
        load_key(&keks);
    check(&keks, (struct stek_bytes){data, size});
    if (stek_envelope_open_floor(&keks, "web", (struct stek_bytes){data, size}, &floor) !=
        STEK_VALUE_GOOD)
        FUZZ_MUST(floor.record.seq == 42);
    check(&keks, (struct stek_bytes){bytes, damage(&keks, &input, bytes)});
    return 0;
}
