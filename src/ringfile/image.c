/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/image.h"

#include "core/policy.h"

#include <assert.h>

enum { IMAGE_VERSION = 1, READ_TRIES_MAX = 64, STATE_WORDS = STEK_WORDS(struct stek_ring_state) };
enum {
    RECORDS_WORD = offsetof(struct stek_ring_state, records.at) / 8,
    COUNT_WORD = offsetof(struct stek_ring_state, records.count) / 8,
    FINGERPRINT_WORD = offsetof(struct stek_ring_state, records.at[0].fingerprint) / 8,
    FINGERPRINT_WORDS = STEK_FINGERPRINT_LEN / 8
};

static_assert(sizeof(struct stek_ring_state) == 80 + 64 * 152, "the table in image.h is true");
static_assert(sizeof(struct stek_image) == 32 + 2 * 9808, "the table in image.h is true");

static const char magic_bytes[8] = {'s', 't', 'e', 'k', 'r', 'i', 'n', 'g'};

static const char busy[] = "it changes faster than it can be read";

static uint64_t magic_word(void)
{
    uint64_t word;

    memcpy(&word, magic_bytes, sizeof word);
    return word;
}

static void init_side(stek_word *side, const struct stek_policy *policy, enum stek_source source)
{
    stek_words_zero(side, STATE_WORDS);
    atomic_store(&side[offsetof(struct stek_ring_state, rotate_s) / 8], (uint64_t)policy->rotate_s);
    atomic_store(&side[offsetof(struct stek_ring_state, accept_s) / 8], (uint64_t)policy->accept_s);
    atomic_store(&side[offsetof(struct stek_ring_state, max_session_age_s) / 8],
                 (uint64_t)policy->max_session_age_s);
    atomic_store(&side[offsetof(struct stek_ring_state, ahead) / 8], policy->ahead);
    atomic_store(&side[offsetof(struct stek_ring_state, source) / 8], source);
}

void stek_image_init(struct stek_image *image, const struct stek_policy *policy,
                     enum stek_source source)
{
    init_side(image->side[0], policy, source);
    init_side(image->side[1], policy, source);
    atomic_store(&image->clean, 2);
    atomic_store(&image->version, IMAGE_VERSION);
    atomic_store(&image->magic, magic_word());
    atomic_store(&image->generation, 2); /* never 0: that stands for "none seen" */
}

struct stek_policy stek_ring_state_policy(const struct stek_ring_state *state)
{
    return (struct stek_policy){.rotate_s = state->rotate_s,
                                .accept_s = state->accept_s,
                                .max_session_age_s = state->max_session_age_s,
                                .ahead = (uint32_t)state->ahead};
}

void stek_ring_state_set_policy(struct stek_ring_state *state, const struct stek_policy *policy)
{
    state->rotate_s = policy->rotate_s;
    state->accept_s = policy->accept_s;
    state->max_session_age_s = policy->max_session_age_s;
    state->ahead = policy->ahead;
}

void stek_ring_state_set_source(struct stek_ring_state *state, enum stek_source source)
{
    const bool goes_on = source == STEK_SOURCE_HOST;

    state->source = source;
    state->flags = !goes_on && state->records.count > 0 ? STEK_RING_LOCAL : 0;
    state->floor = goes_on ? state->floor : 0;
}

bool stek_ring_state_is_own(const struct stek_ring_state *state)
{
    return state->source == STEK_SOURCE_HOST || (state->flags & STEK_RING_LOCAL) != 0;
}

static const char *policy_problem(const struct stek_ring_state *state)
{
    if (state->ahead == 0 || state->ahead > STEK_AHEAD_MAX || state->rotate_s == 0 ||
        state->accept_s == 0 || state->max_session_age_s == 0)
        return "its policy is out of range";
    const struct stek_policy policy = stek_ring_state_policy(state);
    return stek_policy_problem(&policy) != NULL ? "its policy is out of range" : NULL;
}

const char *stek_ring_state_problem(const struct stek_ring_state *state)
{
    const char *problem = policy_problem(state);

    if (problem != NULL)
        return problem;
    if (state->source < STEK_SOURCE_PRIVATE || state->source > STEK_SOURCE_SEED)
        return "its source is unknown";
    if ((state->flags & ~(uint64_t)(STEK_RING_ON_DISK | STEK_RING_LOCAL)) != 0 || state->spare != 0)
        return "it has flags that this version does not know";
    if (state->changed_at < -STEK_TIME_MAX || state->changed_at > STEK_TIME_MAX)
        return "its time of change is out of range";
    problem = stek_records_problem(&state->records);
    if (problem == NULL && state->records.count > 0 && state->records.at[0].seq < state->floor)
        problem = "a record is below the ring's floor";
    return problem;
}

/* Copies the side that holds. Returns whether it held all the while. */
static int read_once(const struct stek_image *image, struct stek_ring_state *state,
                     uint64_t *ret_generation)
{
    const uint64_t generation = stek_image_generation(image);

    stek_words_load(state, image->side[generation & 1], STATE_WORDS);
    *ret_generation = generation;
    return atomic_load_explicit(&image->generation, memory_order_relaxed) == generation;
}

static const char *head_problem(uint64_t magic, uint64_t version)
{
    if (magic != magic_word())
        return "it is not a ring file";
    return version != IMAGE_VERSION ? "it is a ring file, but its version is not 1" : NULL;
}

const char *stek_image_head_problem(const uint8_t head[STEK_IMAGE_HEAD_LEN])
{
    uint64_t words[2];

    memcpy(words, head, sizeof words);
    return head_problem(words[0], words[1]);
}

/* Copies a whole state, sound or not; NULL, or a text that says why there is none. */
static const char *read_whole(const struct stek_image *image, struct stek_ring_state *state,
                              uint64_t *ret_generation)
{
    const char *problem = head_problem(atomic_load(&image->magic), atomic_load(&image->version));

    if (problem != NULL)
        return problem;
    for (int tries = 0; !read_once(image, state, ret_generation); tries++)
        if (tries == READ_TRIES_MAX)
            return busy;
    return stek_ring_state_problem(state);
}

const char *stek_image_problem(const struct stek_image *image)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    uint64_t generation;

    return read_whole(image, &state, &generation);
}

enum stek_result stek_image_read(const struct stek_image *image, struct stek_ring_state *ret_state,
                                 uint64_t *ret_generation)
{
    uint64_t generation;
    const char *problem = read_whole(image, ret_state, &generation);

    if (problem != NULL) {
        stek_ring_state_wipe(ret_state);
        return problem == busy ? STEK_ERR_BUSY : STEK_ERR_FORMAT;
    }
    *ret_generation = generation;
    return STEK_OK;
}

uint64_t stek_image_place(const struct stek_image *image, uint64_t generation,
                          const struct stek_fingerprint *fingerprint)
{
    const stek_word *side = image->side[generation & 1];
    uint64_t wanted[FINGERPRINT_WORDS];

    memcpy(wanted, fingerprint, sizeof wanted);
    const uint64_t count = atomic_load_explicit(&side[COUNT_WORD], memory_order_acquire);
    for (uint64_t i = 0; i < count && i < STEK_RECORDS_MAX; i++) {
        const stek_word *words = &side[FINGERPRINT_WORD + i * STEK_WORDS(struct stek_record)];
        if (atomic_load_explicit(&words[0], memory_order_acquire) == wanted[0] &&
            atomic_load_explicit(&words[1], memory_order_acquire) == wanted[1])
            return i + 1;
    }
    return 0;
}

bool stek_image_record(const struct stek_image *image, uint64_t place,
                       struct stek_record *ret_record)
{
    const stek_word *side = image->side[stek_image_generation(image) & 1];

    if (place > STEK_RECORDS_MAX ||
        place > atomic_load_explicit(&side[COUNT_WORD], memory_order_relaxed))
        return false;
    stek_words_load(ret_record, &side[RECORDS_WORD + (place - 1) * STEK_WORDS(struct stek_record)],
                    STEK_WORDS(struct stek_record));
    return true;
}

bool stek_image_is(const struct stek_image *image, const struct stek_ring_state *state)
{
    return stek_words_equal(image->side[stek_image_generation(image) & 1], state, STATE_WORDS);
}

void stek_image_scrub(struct stek_image *image)
{
    const uint64_t generation = stek_image_generation(image);

    for (size_t i = 0; i < STATE_WORDS; i++)
        atomic_store_explicit(
            &image->side[(generation + 1) & 1][i],
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
