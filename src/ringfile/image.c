/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/image.h"

#include "core/policy.h"

#include <assert.h>

enum { IMAGE_VERSION = 1, READ_TRIES_MAX = 64, STATE_WORDS = STEK_WORDS(struct stek_ring_state) };

static_assert(sizeof(struct stek_ring_state) == 40 + 64 * 72, "the table in image.h is true");
static_assert(sizeof(struct stek_image) == 32 + 2 * 4648, "the table in image.h is true");

static const char magic_bytes[8] = {'s', 't', 'e', 'k', 'r', 'i', 'n', 'g'};

static uint64_t magic_word(void)
{
    uint64_t word;

    memcpy(&word, magic_bytes, sizeof word);
    return word;
}

void stek_image_init(struct stek_image *image, const struct stek_policy *policy)
{
    const struct stek_ring_state empty = {.rotate_s = policy->rotate_s,
                                          .accept_s = policy->accept_s,
                                          .lineage_s = policy->lineage_s,
                                          .ahead = policy->ahead};

    stek_words_store(image->side[0], &empty, STATE_WORDS);
    stek_words_store(image->side[1], &empty, STATE_WORDS);
    atomic_store(&image->clean, 2);
    atomic_store(&image->version, IMAGE_VERSION);
    atomic_store(&image->magic, magic_word());
    atomic_store(&image->generation, 2); /* never 0: that stands for "none seen" */
}

struct stek_policy stek_ring_state_policy(const struct stek_ring_state *state)
{
    return (struct stek_policy){.rotate_s = state->rotate_s,
                                .accept_s = state->accept_s,
                                .lineage_s = state->lineage_s,
                                .ahead = (uint32_t)state->ahead};
}

static int state_is_sound(const struct stek_ring_state *state)
{
    if (state->ahead == 0 || state->ahead > STEK_AHEAD_MAX || state->rotate_s == 0 || state->accept_s == 0 ||
        state->lineage_s == 0)
        return 0;
    const struct stek_policy policy = stek_ring_state_policy(state);
    return stek_policy_problem(&policy) == NULL && stek_records_problem(&state->records) == NULL;
}

/* Copies the side that holds. Returns whether it held all the while. */
static int read_once(const struct stek_image *image, struct stek_ring_state *state, uint64_t *ret_generation)
{
    const uint64_t generation = stek_image_generation(image);

    stek_words_load(state, image->side[generation & 1], STATE_WORDS);
    *ret_generation = generation;
    return atomic_load_explicit(&image->generation, memory_order_relaxed) == generation;
}

enum stek_result stek_image_read(const struct stek_image *image, struct stek_ring_state *ret_state,
                                 uint64_t *ret_generation)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    uint64_t generation;

    if (atomic_load(&image->magic) != magic_word() || atomic_load(&image->version) != IMAGE_VERSION)
        return STEK_ERR_FORMAT;
    for (int tries = 0; !read_once(image, &state, &generation); tries++)
        if (tries == READ_TRIES_MAX)
            return STEK_ERR_BUSY;
    if (!state_is_sound(&state))
        return STEK_ERR_FORMAT;
    *ret_state = state;
    *ret_generation = generation;
    return STEK_OK;
}

void stek_image_scrub(struct stek_image *image)
{
    const uint64_t generation = stek_image_generation(image);

    for (size_t i = 0; i < STATE_WORDS; i++)
        atomic_store_explicit(&image->side[(generation + 1) & 1][i],
                              atomic_load_explicit(&image->side[generation & 1][i], memory_order_relaxed),
                              memory_order_release);
    atomic_store_explicit(&image->clean, generation, memory_order_release);
}

void stek_image_write(struct stek_image *image, const struct stek_ring_state *state)
{
    const uint64_t generation = stek_image_generation(image);

    stek_words_store(image->side[(generation + 1) & 1], state, STATE_WORDS);
    atomic_store_explicit(&image->generation, generation + 1, memory_order_release);
    stek_image_scrub(image);
}
