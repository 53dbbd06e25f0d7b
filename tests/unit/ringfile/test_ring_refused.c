/* SPDX-License-Identifier: Apache-2.0 */
/* Ring files that must not be believed: each is refused with its own line, by readers; and a writer
 * puts another in its place. */
#include "unit.h"

#include "prng.h"
#include "ring_dir.h"

#include <string.h>

static struct ring_dir dir;

static int start(void **state)
{
    (void)state;
    ring_set_time(RING_START);
    ring_dir_start(&dir);
    stek_writer_close(ring_dir_write(&dir, STEK_WRITER_NEW));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    ring_dir_finish(&dir);
    return 0;
}

static void assert_refused(const char *words)
{
    ring_dir_assert_refused(&dir, "web.ring", words);
}

static void assert_accepted(void)
{
    ring_dir_assert_accepted(&dir);
}

static void assert_replaced(const char *words)
{
    ring_dir_assert_replaced(&dir, words);
}

/* Puts a number in a field of the state that holds. */
static void spoil(size_t offset, uint64_t value)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct stek_image *image = (struct stek_image *)(void *)bytes;

    ring_dir_bytes(&dir, bytes);
    image->side[stek_image_generation(image) & 1][offset / 8] = value;
    ring_dir_put(&dir, bytes, sizeof bytes);
}

static uint64_t field(size_t offset)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    const struct stek_image *image = (const struct stek_image *)(const void *)bytes;

    ring_dir_bytes(&dir, bytes);
    return image->side[stek_image_generation(image) & 1][offset / 8];
}

#define FIELD(name) offsetof(struct stek_ring_state, name)

static void assert_spoiled(size_t offset, uint64_t value, const char *words)
{
    spoil(offset, value);
    assert_refused(words);
    assert_replaced(words);
}

static void what_nobody_touched_is_accepted(void **state)
{
    (void)state;
    assert_accepted();
}

static void a_truncated_file_is_refused_at_any_length(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN + 1];
    static const size_t lens[] = {
        16, 17, 4096, 19648, STEK_RINGFILE_LEN - 1, STEK_RINGFILE_LEN + 1};

    (void)state;
    ring_dir_bytes(&dir, bytes);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        ring_dir_put(&dir, bytes, lens[i]);
        assert_refused("its size is not that of a ring file");
    }
    ring_dir_put(&dir, bytes, 15);
    assert_refused("too short");
    ring_dir_put(&dir, bytes, 0);
    assert_refused("too short");
    assert_replaced("too short");
}

static void another_version_is_refused(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];

    (void)state;
    ring_dir_bytes(&dir, bytes);
    bytes[8] = 2;
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("its version is not 1");
    bytes[8] = 0; /* as the other byte order writes a 1 */
    bytes[15] = 1;
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("its version is not 1");
    ring_dir_put(&dir, bytes, 8192); /* whose size is another, too */
    assert_refused("its version is not 1");
    assert_replaced("its version is not 1");
}

static void random_bytes_are_refused(void **state)
{
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct prng prng = {7};

    (void)state;
    prng_bytes(&prng, bytes, sizeof bytes);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("it is not a ring file");
    assert_replaced("it is not a ring file");
    ring_dir_bytes(&dir, bytes);
    prng_bytes(&prng, bytes + 32, sizeof bytes - 32);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("its policy is out of range");
    memset(bytes, 0, sizeof bytes);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_refused("it is not a ring file");
}

static void unsound_records_are_refused(void **state)
{
    (void)state;
    assert_spoiled(FIELD(records.count), 65, "more than 64 records");
    assert_spoiled(FIELD(records.at[1].active_until), field(FIELD(records.at[1].active_from)) - 1,
                   "wrong order");
    assert_spoiled(FIELD(records.at[1].accept_until), field(FIELD(records.at[1].active_until)) - 1,
                   "wrong order");
    assert_spoiled(FIELD(records.at[2].active_from), field(FIELD(records.at[1].active_from)),
                   "starts before");
    assert_spoiled(FIELD(records.at[1].seq), 1, "order of their seq");
    assert_spoiled(FIELD(records.at[0].accept_until), (uint64_t)1 << 50, "time is out of range");
    assert_spoiled(FIELD(records.at[0].origin), 9, "origin is unknown");
    spoil(FIELD(records.at[0].secret.bytes[8]), 0);
    spoil(FIELD(records.at[0].secret.bytes[16]), 0);
    spoil(FIELD(records.at[0].secret.bytes[24]), 0);
    assert_spoiled(FIELD(records.at[0].secret.bytes[0]), 0, "secret is weak");
}

static void other_unsound_fields_are_refused(void **state)
{
    (void)state;
    assert_spoiled(FIELD(rotate_s), 0, "policy is out of range");
    assert_spoiled(FIELD(ahead), (uint64_t)1 << 32 | 2, "policy is out of range");
    assert_spoiled(FIELD(source), 5, "source is unknown");
    assert_spoiled(FIELD(floor), 2, "below the ring's floor");
    assert_spoiled(FIELD(flags), 1 << 20, "flags that this version does not know");
    assert_spoiled(FIELD(changed_at), (uint64_t)1 << 62, "time of change");
}

/* A file that was good when it was opened and is overwritten then: nothing opens, nothing seals,
 * nothing dies. */
static void a_ring_that_goes_bad_while_it_is_open_seals_and_opens_nothing(void **state)
{
    struct stek_ring *ring = ring_dir_open(&dir);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");
    static uint8_t bytes[STEK_RINGFILE_LEN];
    struct prng prng = {8};

    (void)state;
    ring_dir_bytes(&dir, bytes);
    prng_bytes(&prng, bytes + 16, sizeof bytes - 16);
    ring_dir_put(&dir, bytes, sizeof bytes);
    assert_false(ring_opens(ring, "a", &key));
    assert_false(ring_seals(ring, "a"));
    stek_ring_free(ring);
}

#define refused_test(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        refused_test(what_nobody_touched_is_accepted),
        refused_test(a_truncated_file_is_refused_at_any_length),
        refused_test(another_version_is_refused),
        refused_test(random_bytes_are_refused),
        refused_test(unsound_records_are_refused),
        refused_test(other_unsound_fields_are_refused),
        refused_test(a_ring_that_goes_bad_while_it_is_open_seals_and_opens_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
