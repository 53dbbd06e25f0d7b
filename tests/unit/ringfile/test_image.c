/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "prng.h"
#include "ring_fixture.h"

#include <pthread.h>
#include <string.h>

enum { STATES = 8, UPDATES = RING_SANITIZED ? 3000 : 100000, READERS = 2 };

static const struct stek_policy policy = {
    .rotate_s = 100, .accept_s = 250, .max_session_age_s = 1000, .ahead = 2};

/* A sound state; two with different numbers differ in nearly every word. */
static struct stek_ring_state state_of(uint64_t n)
{
    struct stek_ring_state state = {.rotate_s = 1000 + (int64_t)n,
                                    .accept_s = 2000 + (int64_t)n,
                                    .max_session_age_s = 3000 + (int64_t)n,
                                    .ahead = 1 + n % 16,
                                    .source = 1 + n % 4,
                                    .floor = n,
                                    .changed_at = (int64_t)n};
    struct prng prng = {n};

    state.records.count = STEK_RECORDS_MAX - n % STEK_RECORDS_MAX;
    for (size_t i = 0; i < state.records.count; i++) {
        const int64_t from = (int64_t)(n * 10000 + i * 100);
        state.records.at[i] = (struct stek_record){.seq = n * 1000 + i + 1,
                                                   .active_from = from,
                                                   .active_until = from + 100 + (int64_t)n,
                                                   .accept_until = from + 1000,
                                                   .origin = 1 + n % 2,
                                                   .secret = prng_secret(&prng)};
        prng_bytes(&prng, state.records.at[i].mask.bytes, sizeof state.records.at[i].mask.bytes);
        prng_bytes(&prng, state.records.at[i].fingerprint.bytes,
                   sizeof state.records.at[i].fingerprint.bytes);
    }
    return state;
}

static void make_image(struct stek_image *image, uint64_t n)
{
    const struct stek_ring_state state = state_of(n);

    stek_image_init(image, &policy, STEK_SOURCE_PRIVATE);
    stek_image_write(image, &state);
}

/* Puts a number into a field of the state that holds. */
static void spoil(struct stek_image *image, size_t offset, int64_t value)
{
    atomic_store(&image->side[stek_image_generation(image) & 1][offset / sizeof(uint64_t)],
                 (uint64_t)value);
}

static void assert_refused(const struct stek_image *image)
{
    struct stek_ring_state state;
    static const struct stek_ring_state wiped;
    uint64_t generation = 77;

    memset(&state, 0xee, sizeof state);
    assert_int_equal(stek_image_read(image, &state, &generation), STEK_ERR_FORMAT);
    assert_memory_equal(&state, &wiped, sizeof state);
    assert_int_equal(generation, 77);
}

static void assert_refused_with(size_t offset, int64_t value)
{
    struct stek_image image;
    struct stek_ring_state state;
    uint64_t generation;

    make_image(&image, 0);
    assert_int_equal(stek_image_read(&image, &state, &generation), STEK_OK);
    spoil(&image, offset, value);
    assert_refused(&image);
}

static size_t of_record(size_t index, size_t field)
{
    return offsetof(struct stek_ring_state, records.at) + index * sizeof(struct stek_record) +
           field;
}

static void a_new_image_has_a_policy_and_no_records(void **state)
{
    struct stek_image image;
    struct stek_ring_state read;
    uint64_t generation;

    (void)state;
    stek_image_init(&image, &policy, STEK_SOURCE_PRIVATE);
    assert_int_equal(stek_image_read(&image, &read, &generation), STEK_OK);
    const struct stek_policy found = stek_ring_state_policy(&read);
    assert_memory_equal(&found, &policy, sizeof found);
    assert_int_equal(read.records.count, 0);
    assert_int_not_equal(generation, 0);
}

static void a_reader_gets_what_was_written_last(void **state)
{
    struct stek_image image;
    struct stek_ring_state read;
    uint64_t generation;

    (void)state;
    make_image(&image, 0);
    const uint64_t first = stek_image_generation(&image);
    for (uint64_t n = 1; n < STATES; n++) {
        const struct stek_ring_state written = state_of(n);
        stek_image_write(&image, &written);
        assert_int_equal(stek_image_read(&image, &read, &generation), STEK_OK);
        assert_memory_equal(&read, &written, sizeof read);
        assert_int_equal(generation, first + n);
    }
}

static void what_was_replaced_is_on_neither_side(void **state)
{
    struct stek_image image;
    const struct stek_ring_state old = state_of(1);
    const struct stek_ring_state new = state_of(2);

    (void)state;
    make_image(&image, 1);
    stek_image_write(&image, &new);
    for (size_t i = 0; i < old.records.count; i++)
        assert_false(ring_area_holds(&image, sizeof image, old.records.at[i].secret.bytes));
}

static void scrubbing_overwrites_the_side_that_does_not_hold(void **state)
{
    struct stek_image image;
    const struct stek_ring_state left = state_of(2);

    (void)state;
    make_image(&image, 1);
    stek_words_store(image.side[(stek_image_generation(&image) + 1) & 1], &left,
                     STEK_WORDS(struct stek_ring_state));
    stek_image_scrub(&image);
    assert_memory_equal(image.side[0], image.side[1], sizeof image.side[0]);
    for (size_t i = 0; i < left.records.count; i++)
        assert_false(ring_area_holds(&image, sizeof image, left.records.at[i].secret.bytes));
}

static void an_image_without_magic_is_refused(void **state)
{
    struct stek_image image;

    (void)state;
    memset(&image, 0, sizeof image);
    assert_refused(&image);
    make_image(&image, 1);
    atomic_fetch_xor(&image.magic, (uint64_t)1 << 63);
    assert_refused(&image);
}

static void an_image_of_another_version_is_refused(void **state)
{
    struct stek_image image;

    (void)state;
    make_image(&image, 1);
    atomic_store(&image.version, 2);
    assert_refused(&image);
}

static void more_than_64_records_are_refused(void **state)
{
    const size_t count = offsetof(struct stek_ring_state, records.count);

    (void)state;
    assert_refused_with(count, 65);
    assert_refused_with(count, INT64_MAX);
    assert_refused_with(count, -1);
}

static void times_in_the_wrong_order_are_refused(void **state)
{
    const struct stek_ring_state sound = state_of(0);
    const struct stek_record *record = &sound.records.at[5];

    (void)state;
    assert_refused_with(of_record(5, offsetof(struct stek_record, active_until)),
                        record->active_from);
    assert_refused_with(of_record(5, offsetof(struct stek_record, accept_until)),
                        record->active_until - 1);
    assert_refused_with(of_record(5, offsetof(struct stek_record, active_from)),
                        record[-1].active_from);
    assert_refused_with(of_record(5, offsetof(struct stek_record, seq)), (int64_t)record[-1].seq);
}

static void weak_and_repeated_secrets_are_refused(void **state)
{
    struct stek_image image;
    struct stek_ring_state spoilt = state_of(0);

    (void)state;
    make_image(&image, 0);
    memset(&spoilt.records.at[63].secret, 0x55, sizeof spoilt.records.at[63].secret);
    stek_image_write(&image, &spoilt);
    assert_refused(&image);
    spoilt.records.at[63].secret = spoilt.records.at[0].secret;
    stek_image_write(&image, &spoilt);
    assert_refused(&image);
}

static void a_policy_out_of_range_is_refused(void **state)
{
    static const int64_t bad_times[] = {0, -1, INT64_MIN, INT64_MAX, 31 * 86400};
    static const int64_t bad_ahead[] = {0, 17, -1, ((int64_t)1 << 32) + 2};

    (void)state;
    for (size_t i = 0; i < sizeof bad_times / sizeof *bad_times; i++) {
        assert_refused_with(offsetof(struct stek_ring_state, rotate_s), bad_times[i]);
        assert_refused_with(offsetof(struct stek_ring_state, accept_s), bad_times[i]);
        assert_refused_with(offsetof(struct stek_ring_state, max_session_age_s), bad_times[i]);
    }
    for (size_t i = 0; i < sizeof bad_ahead / sizeof *bad_ahead; i++)
        assert_refused_with(offsetof(struct stek_ring_state, ahead), bad_ahead[i]);
}

static void random_bytes_are_refused(void **state)
{
    struct prng prng = {prng_run_seed()};
    struct stek_image sound;
    struct stek_image image;

    (void)state;
    make_image(&sound, 1);
    for (int i = 0; i < 1000; i++) {
        prng_bytes(&prng, (uint8_t *)&image, sizeof image);
        assert_refused(&image);
        atomic_store(&image.magic, atomic_load(&sound.magic));
        atomic_store(&image.version, atomic_load(&sound.version));
        assert_refused(&image);
    }
}

/* An image of which half a word is changed reads as something sound, or not at all. */
static void what_is_read_is_always_sound(void **state)
{
    struct prng prng = {prng_run_seed()};
    struct stek_ring_state read;
    struct stek_image image;
    uint64_t generation;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        make_image(&image, prng_next(&prng) % STATES);
        const size_t at = (size_t)prng_between(&prng, 0, (int64_t)sizeof image - 4);
        prng_bytes(&prng, (uint8_t *)&image + at, 4);
        if (stek_image_read(&image, &read, &generation) == STEK_OK) {
            const struct stek_policy found = stek_ring_state_policy(&read);
            assert_null(stek_policy_problem(&found));
            assert_null(stek_records_problem(&read.records));
        }
    }
}

/* Shared by one writer and its readers. The state of generation g is states[g % STATES]. */
struct scene {
    struct stek_image image;
    atomic_int done;
};

static struct stek_ring_state states[STATES];

static struct scene *new_scene(void)
{
    struct scene *scene = ring_shared_memory(sizeof *scene);

    for (uint64_t n = 0; n < STATES; n++)
        states[n] = state_of(n);
    stek_image_init(&scene->image, &policy, STEK_SOURCE_PRIVATE);
    while (stek_image_generation(&scene->image) < STATES)
        stek_image_write(&scene->image,
                         &states[(stek_image_generation(&scene->image) + 1) % STATES]);
    return scene;
}

static void write_all(struct scene *scene)
{
    for (int i = 0; i < UPDATES; i++)
        stek_image_write(&scene->image,
                         &states[(stek_image_generation(&scene->image) + 1) % STATES]);
    atomic_store(&scene->done, 1);
}

/* Reads as long as the writer writes. A reader may be told to come again, never a torn state. */
static void read_all(struct scene *scene)
{
    struct stek_ring_state read;
    uint64_t generation = 0;
    uint64_t last = 0;

    while (!atomic_load(&scene->done)) {
        const enum stek_result result = stek_image_read(&scene->image, &read, &generation);
        CHECK(result == STEK_OK || result == STEK_ERR_BUSY);
        if (result == STEK_OK)
            CHECK(memcmp(&read, &states[generation % STATES], sizeof read) == 0);
        CHECK(generation >= last);
        last = generation;
    }
    CHECK(stek_image_read(&scene->image, &read, &generation) == STEK_OK);
    CHECK(memcmp(&read, &states[generation % STATES], sizeof read) == 0);
}

static void *write_in_thread(void *scene)
{
    write_all(scene);
    return NULL;
}

static void *read_in_thread(void *scene)
{
    read_all(scene);
    return NULL;
}

static void no_thread_sees_half_an_update(void **state)
{
    struct scene *scene = new_scene();
    pthread_t writer;
    pthread_t readers[READERS];

    (void)state;
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_in_thread, scene), 0);
    assert_int_equal(pthread_create(&writer, NULL, write_in_thread, scene), 0);
    assert_int_equal(pthread_join(writer, NULL), 0);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(readers[i], NULL), 0);
}

static void read_in_child(int fd, void *scene)
{
    (void)fd;
    read_all(scene);
}

static void no_process_sees_half_an_update(void **state)
{
    struct scene *scene = new_scene();
    struct child readers[READERS];

    (void)state;
    for (int i = 0; i < READERS; i++)
        readers[i] = child_start(read_in_child, scene);
    write_all(scene);
    for (int i = 0; i < READERS; i++)
        child_join(&readers[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_image_has_a_policy_and_no_records),
        cmocka_unit_test(a_reader_gets_what_was_written_last),
        cmocka_unit_test(what_was_replaced_is_on_neither_side),
        cmocka_unit_test(scrubbing_overwrites_the_side_that_does_not_hold),
        cmocka_unit_test(an_image_without_magic_is_refused),
        cmocka_unit_test(an_image_of_another_version_is_refused),
        cmocka_unit_test(more_than_64_records_are_refused),
        cmocka_unit_test(times_in_the_wrong_order_are_refused),
        cmocka_unit_test(weak_and_repeated_secrets_are_refused),
        cmocka_unit_test(a_policy_out_of_range_is_refused),
        cmocka_unit_test(random_bytes_are_refused),
        cmocka_unit_test(what_is_read_is_always_sound),
        cmocka_unit_test(no_thread_sees_half_an_update),
        cmocka_unit_test(no_process_sees_half_an_update),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
