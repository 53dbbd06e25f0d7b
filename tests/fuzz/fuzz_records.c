/* SPDX-License-Identifier: Apache-2.0 */
/* Records from outside: judged, and where they are sound, viewed, settled and advanced at
 * any time. */
#include "driver/fuzz.h"

#include "core/schedule.h"

#include <string.h>

/* Bytes as they are, or a few of them stretched into records that are likely to be sound. */
static void take_records(struct fuzz_input *input, struct stek_records *records)
{
    memset(records, 0, sizeof *records);
    if (fuzz_take(input, 1) & 1) {
        size_t len = input->left < sizeof *records ? input->left : sizeof *records;
        memcpy(records, input->at, len);
        *input = (struct fuzz_input){input->at + len, input->left - len};
        return;
    }
    records->count = fuzz_take(input, 1) % (STEK_RECORDS_MAX + 1);
    int64_t from = (int32_t)fuzz_take(input, 4);
    for (uint64_t i = 0, seq = fuzz_take(input, 1); i < records->count; i++) {
        struct stek_record *record = &records->at[i];
        record->seq = seq += 1 + (fuzz_take(input, 1) >> 6);
        record->active_from = from;
        record->active_until = from + 1 + (int64_t)fuzz_take(input, 2);
        record->accept_until = record->active_until + (int64_t)fuzz_take(input, 2);
        record->origin = 1 + (i & 1);
        for (unsigned b = 0; b < sizeof record->secret.bytes; b++)
            record->secret.bytes[b] = (uint8_t)(1 + i + b * b);
        from = record->active_until;
    }
}

static struct stek_policy take_policy(struct fuzz_input *input)
{
    struct stek_policy policy = {.rotate_s = (int64_t)fuzz_take(input, 3),
                                 .accept_s = (int64_t)fuzz_take(input, 3)};

    policy.ahead = (uint32_t)fuzz_take(input, 1);
    return stek_policy_resolve(&policy);
}

static void check_view(const struct stek_records *records, int64_t now)
{
    struct stek_view view;

    stek_records_view(records, now, &view);
    FUZZ_MUST(view.valid_from <= now && (now < view.valid_until || view.valid_until == INT64_MAX));
    FUZZ_MUST(view.active == stek_records_active(records, now));
}

static void check_schedule(const struct stek_records *records, struct fuzz_input *input)
{
    const struct stek_policy policy = take_policy(input);
    const int64_t now =
        fuzz_take(input, 1) & 1 ? (int64_t)fuzz_take(input, 8) : (int32_t)fuzz_take(input, 4);
    struct stek_records settled = *records;
    struct stek_records advanced = *records;
    struct stek_fresh fresh = {.count = (uint32_t)fuzz_take(input, 1) % (STEK_AHEAD_MAX + 2)};

    for (uint32_t i = 0; i < fresh.count; i++)
        for (unsigned b = 0; b < sizeof fresh.secret[i].bytes; b++)
            fresh.secret[i].bytes[b] = (uint8_t)(101 + i + b * b * b);
    check_view(records, now);
    if (stek_policy_problem(&policy) != NULL)
        return;
    if (stek_records_settle(&settled, &policy, now) == STEK_OK)
        FUZZ_MUST(stek_records_active(&settled, now) >= 0 &&
                  stek_records_problem(&settled) == NULL);
    if (stek_records_advance(&advanced, &policy, now, &fresh) == STEK_OK)
        FUZZ_MUST(stek_records_active(&advanced, now) >= 0 &&
                  stek_records_problem(&advanced) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, size};
    struct stek_records records;

    take_records(&input, &records);
    if (stek_records_problem(&records) == NULL)
        check_schedule(&records, &input);
    return 0;
}
