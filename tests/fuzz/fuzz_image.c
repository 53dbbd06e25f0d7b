/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes in the place of a ring: either refused, or read as a sound ring from which any key can be
 * asked. */
#include "driver/fuzz.h"

#include "core/policy.h"
#include "ringfile/image.h"
#include "ringfile/keyset.h"

#include <string.h>

/* A sound image of one record, over which the input is laid: most bytes alone would fail at the
 * magic. */
static void make_image(struct stek_image *image, struct fuzz_input *input)
{
    const struct stek_policy policy = stek_policy_resolve(NULL);
    struct stek_ring_state state = {.source = STEK_SOURCE_HOST, .records.count = 1};
    uint8_t *bytes = (uint8_t *)image;

    state.records.at[0] = (struct stek_record){.seq = 1,
                                               .active_from = 1000,
                                               .active_until = 4600,
                                               .accept_until = 47800,
                                               .origin = STEK_ORIGIN_PUBLISHED,
                                               .secret = {{1, 2, 4, 9, 20, 7}}};
    stek_ring_state_set_policy(&state, &policy);
    memset(state.records.at[0].secret.bytes + 6, 0x5a, 26);
    stek_image_init(image, &policy, STEK_SOURCE_PRIVATE);
    stek_image_write(image, &state);
    while (input->left > 0) {
        const size_t at = (size_t)(fuzz_take(input, 2) % sizeof *image);
        size_t len = (size_t)fuzz_take(input, 1);
        if (len > input->left)
            len = input->left;
        if (len > sizeof *image - at)
            len = sizeof *image - at;
        memcpy(bytes + at, input->at, len);
        *input = (struct fuzz_input){input->at + len, input->left - len};
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct stek_context context = {4, "fuzz"};
    struct fuzz_input input = {data, size};
    struct stek_ring_state state;
    struct stek_image image;
    struct stek_keyset set = {.head = {.count = 0}};
    uint64_t generation;

    const int64_t now = (int64_t)fuzz_take(&input, 2);
    make_image(&image, &input);
    if (stek_image_read(&image, &state, &generation) != STEK_OK)
        return 0;
    FUZZ_MUST(stek_records_problem(&state.records) == NULL &&
              state.records.count <= STEK_RECORDS_MAX);
    (void)stek_keyset_build(&state.records, &image, generation, &context, now, STEK_KEYSET_OPENS,
                            &set);
    FUZZ_MUST(set.head.count == state.records.count);
    return 0;
}
