/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "hex.h"
#include "prng.h"
#include "vectors.h"

#include "fleet/rules/epoch.h"
#include "fleet/store/envelope.h"
#include "fleet/store/kekfile.h"

#include <string.h>

enum { ROOM = 512 };

static struct stek_keks keks; /* the key of the vectors */
static json_t *root;

static int load(void **state)
{
    struct stek_secret32 key;

    (void)state;
    root = vectors_load("envelope.json");
    vectors_bytes(root, "kek", key.bytes, sizeof key.bytes);
    keks.count = 1;
    return stek_kek_init(&key, &keks.at[0]) == STEK_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(root);
    return 0;
}

static struct stek_bytes bytes_of(const json_t *vector, uint8_t room[ROOM])
{
    return (struct stek_bytes){room, vectors_bytes(vector, "bytes", room, ROOM)};
}

static int64_t number(const json_t *vector, const char *member)
{
    return json_integer_value(json_object_get(vector, member));
}

static void a_key_has_the_id_of_the_vectors(void **state)
{
    (void)state;
    assert_hex_equal(keks.at[0].id, STEK_KEK_ID_LEN, vectors_text(root, "kek_id"));
}

static void each_epoch_has_the_secret_and_the_file_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    (void)state;
    json_array_foreach(json_object_get(root, "epochs"), i, vector)
    {
        const char *file = vectors_text(vector, "file");
        struct stek_kek kek = keks.at[0];
        struct stek_kek read;

        assert_int_equal(stek_kek_advance(&kek, (uint64_t)number(vector, "epoch")), STEK_OK);
        assert_int_equal(kek.epoch, number(vector, "epoch"));
        assert_hex_equal(kek.secret.bytes, 32, vectors_text(vector, "secret"));
        assert_null(stek_kekfile_parse(file, strlen(file), &read));
        assert_memory_equal(&read, &kek, sizeof kek);
    }
}

static void a_key_that_has_gone_on_opens_what_is_later_and_nothing_before(void **state)
{
    size_t i;
    json_t *vector;
    struct stek_keks late = keks;

    (void)state;
    assert_int_equal(stek_kek_advance(&late.at[0], 149), STEK_OK);
    json_array_foreach(json_object_get(root, "records"), i, vector)
    {
        struct stek_envelope envelope = {.epoch = 0};
        uint8_t room[ROOM];

        assert_int_equal(stek_envelope_open_record(&late, vectors_text(vector, "ring"),
                                                   (uint64_t)number(vector, "seq"),
                                                   bytes_of(vector, room), &envelope),
                         number(vector, "epoch") >= 149 ? STEK_VALUE_GOOD : STEK_VALUE_WRONG_KEY);
    }
}

static void what_is_at_hand_moves_with_the_day_and_destroys_nothing(void **state)
{
    struct stek_kek kek = keks.at[0];

    (void)state;
    assert_int_equal(stek_kek_look_at(&kek, 300), STEK_OK);
    assert_null(stek_kek_secret(&kek, 300 - STEK_EPOCHS_BACK - 1));
    assert_non_null(stek_kek_secret(&kek, 300 - STEK_EPOCHS_BACK));
    assert_non_null(stek_kek_secret(&kek, 300 + 133));
    assert_int_equal(kek.epoch, 0);
    assert_int_equal(stek_kek_look_at(&kek, 0), STEK_OK);
    assert_memory_equal(&kek, &keks.at[0], sizeof kek);
}

static void no_record_is_sealed_under_an_epoch_that_ends_before_it_retires(void **state)
{
    const int64_t until = stek_epoch_begins(5) + 1;
    const struct stek_record record = {.seq = 1,
                                       .active_from = 1,
                                       .active_until = 2,
                                       .accept_until = until,
                                       .origin = STEK_ORIGIN_PUBLISHED};
    uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];

    (void)state;
    assert_int_equal(stek_envelope_seal_record(&keks.at[0], 4, "web", &record, bytes),
                     STEK_ERR_ARGUMENT);
    assert_int_equal(stek_envelope_seal_record(&keks.at[0], 5, "web", &record, bytes), STEK_OK);
}

static void opens_the_records_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    (void)state;
    json_array_foreach(json_object_get(root, "records"), i, vector)
    {
        struct stek_envelope envelope;
        uint8_t room[ROOM];

        assert_int_equal(stek_envelope_open_record(&keks, vectors_text(vector, "ring"),
                                                   (uint64_t)number(vector, "seq"),
                                                   bytes_of(vector, room), &envelope),
                         STEK_VALUE_GOOD);
        assert_int_equal(envelope.record.seq, number(vector, "seq"));
        assert_int_equal(envelope.record.active_from, number(vector, "active_from"));
        assert_int_equal(envelope.record.active_until, number(vector, "active_until"));
        assert_int_equal(envelope.record.accept_until, number(vector, "accept_until"));
        assert_int_equal(envelope.record.origin, number(vector, "origin"));
        assert_int_equal(envelope.epoch, number(vector, "epoch"));
        assert_hex_equal(envelope.record.secret.bytes, 32, vectors_text(vector, "secret"));
    }
}

static void opens_the_floors_of_the_vectors(void **state)
{
    size_t i;
    json_t *vector;

    (void)state;
    json_array_foreach(json_object_get(root, "floors"), i, vector)
    {
        struct stek_envelope envelope;
        uint8_t room[ROOM];

        assert_int_equal(stek_envelope_open_floor(&keks, vectors_text(vector, "ring"),
                                                  bytes_of(vector, room), &envelope),
                         STEK_VALUE_GOOD);
        assert_int_equal(envelope.record.seq, number(vector, "floor"));
        assert_int_equal(envelope.record.active_from, number(vector, "made_at"));
        assert_int_equal(envelope.epoch, number(vector, "epoch"));
    }
}

static enum stek_value value_named(const char *name)
{
    if (strcmp(name, "wrong-key") == 0)
        return STEK_VALUE_WRONG_KEY;
    return strcmp(name, "misplaced") == 0 ? STEK_VALUE_MISPLACED : STEK_VALUE_MALFORMED;
}

static void assert_refused(const json_t *vector, enum stek_value value,
                           const struct stek_envelope *envelope)
{
    if (value != value_named(vectors_text(vector, "value")))
        fail_msg("%s: value %d", vectors_text(vector, "about"), (int)value);
    assert_int_equal(envelope->record.seq, 42);
}

static void refuses_other_records_and_leaves_the_output_alone(void **state)
{
    size_t i;
    json_t *vector;

    (void)state;
    json_array_foreach(json_object_get(root, "refused_records"), i, vector)
    {
        struct stek_envelope envelope = {.record = {.seq = 42}};
        uint8_t room[ROOM];

        assert_refused(
            vector, stek_envelope_open_record(&keks, "web", 7, bytes_of(vector, room), &envelope),
            &envelope);
    }
}

static void refuses_other_floors_and_leaves_the_output_alone(void **state)
{
    size_t i;
    json_t *vector;

    (void)state;
    json_array_foreach(json_object_get(root, "refused_floors"), i, vector)
    {
        struct stek_envelope envelope = {.record = {.seq = 42}};
        uint8_t room[ROOM];

        assert_refused(vector,
                       stek_envelope_open_floor(&keks, "web", bytes_of(vector, room), &envelope),
                       &envelope);
    }
}

static struct stek_record some_record(struct prng *prng)
{
    struct stek_record record = {.seq = (uint64_t)prng_between(prng, 1, INT64_MAX / 2),
                                 .origin = STEK_ORIGIN_PUBLISHED};

    record.active_from = prng_between(prng, -1000000, stek_epoch_begins(STEK_EPOCHS) - 200);
    record.active_until = record.active_from + prng_between(prng, 1, 100);
    record.accept_until = record.active_until + prng_between(prng, 0, 100);
    record.secret = prng_secret(prng);
    return record;
}

static void any_flipped_bit_is_refused(void **state)
{
    struct prng prng = {prng_run_seed()};
    const struct stek_record record = some_record(&prng);
    uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];
    const struct stek_bytes value = {bytes, sizeof bytes};
    struct stek_envelope envelope = {0};

    (void)state;
    assert_int_equal(stek_envelope_seal_record(&keks.at[0], stek_epoch_at(record.accept_until),
                                               "web", &record, bytes),
                     STEK_OK);
    for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (stek_envelope_open_record(&keks, "web", record.seq, value, &envelope) ==
            STEK_VALUE_GOOD)
            fail_msg("opened with bit %zu flipped", bit);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(stek_envelope_open_record(&keks, "web", record.seq, value, &envelope),
                     STEK_VALUE_GOOD);
}

static void what_is_sealed_under_either_of_two_keys_opens(void **state)
{
    struct prng prng = {prng_run_seed()};

    (void)state;
    for (unsigned round = 0; round < 100; round++) {
        struct stek_keks two = {.count = 2};
        const struct stek_secret32 first = prng_secret(&prng);
        const struct stek_secret32 second = prng_secret(&prng);
        const struct stek_record record = some_record(&prng);
        struct stek_envelope envelope = {0};
        uint8_t bytes[STEK_ENVELOPE_RECORD_LEN];
        const struct stek_bytes value = {bytes, sizeof bytes};

        assert_int_equal(stek_kek_init(&first, &two.at[0]), STEK_OK);
        assert_int_equal(stek_kek_init(&second, &two.at[1]), STEK_OK);
        assert_int_equal(stek_envelope_seal_record(&two.at[round % 2],
                                                   stek_epoch_at(record.accept_until), "web",
                                                   &record, bytes),
                         STEK_OK);
        assert_int_equal(stek_envelope_open_record(&two, "web", record.seq, value, &envelope),
                         STEK_VALUE_GOOD);
        assert_memory_equal(&envelope.record, &record, sizeof record);
        assert_memory_equal(envelope.kek_id, two.at[round % 2].id, STEK_KEK_ID_LEN);
        assert_int_equal(stek_envelope_open_record(&keks, "web", record.seq, value, &envelope),
                         STEK_VALUE_WRONG_KEY);
    }
}

static void the_same_record_never_looks_the_same_twice(void **state)
{
    struct prng prng = {prng_run_seed()};
    const struct stek_record record = some_record(&prng);
    uint8_t one[STEK_ENVELOPE_RECORD_LEN];
    uint8_t two[STEK_ENVELOPE_RECORD_LEN];

    (void)state;
    assert_int_equal(stek_envelope_seal_record(&keks.at[0], stek_epoch_at(record.accept_until),
                                               "web", &record, one),
                     STEK_OK);
    assert_int_equal(stek_envelope_seal_record(&keks.at[0], stek_epoch_at(record.accept_until),
                                               "web", &record, two),
                     STEK_OK);
    assert_memory_equal(one, two, STEK_ENVELOPE_HEAD_LEN);
    assert_memory_not_equal(one + STEK_ENVELOPE_HEAD_LEN, two + STEK_ENVELOPE_HEAD_LEN, 12);
    assert_memory_not_equal(one + STEK_ENVELOPE_HEAD_LEN + 12, two + STEK_ENVELOPE_HEAD_LEN + 12,
                            32);
}

static void a_ring_needs_a_name_of_1_to_64_characters(void **state)
{
    char name[STEK_FLEET_RING_MAX + 2];
    uint8_t bytes[STEK_ENVELOPE_FLOOR_LEN];

    (void)state;
    memset(name, 'a', sizeof name);
    name[STEK_FLEET_RING_MAX + 1] = '\0';
    assert_int_equal(stek_envelope_seal_floor(&keks.at[0], 0, name, 1, 0, bytes),
                     STEK_ERR_ARGUMENT);
    assert_int_equal(stek_envelope_seal_floor(&keks.at[0], 0, "", 1, 0, bytes), STEK_ERR_ARGUMENT);
    name[STEK_FLEET_RING_MAX] = '\0';
    assert_int_equal(stek_envelope_seal_floor(&keks.at[0], 0, name, 1, 0, bytes), STEK_OK);
}

static void a_weak_key_is_no_key(void **state)
{
    const struct stek_secret32 zeros = {{0}};
    struct stek_kek kek;

    (void)state;
    assert_int_equal(stek_kek_init(&zeros, &kek), STEK_ERR_RANDOM);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_the_id_of_the_vectors),
        cmocka_unit_test(each_epoch_has_the_secret_and_the_file_of_the_vectors),
        cmocka_unit_test(a_key_that_has_gone_on_opens_what_is_later_and_nothing_before),
        cmocka_unit_test(what_is_at_hand_moves_with_the_day_and_destroys_nothing),
        cmocka_unit_test(no_record_is_sealed_under_an_epoch_that_ends_before_it_retires),
        cmocka_unit_test(opens_the_records_of_the_vectors),
        cmocka_unit_test(opens_the_floors_of_the_vectors),
        cmocka_unit_test(refuses_other_records_and_leaves_the_output_alone),
        cmocka_unit_test(refuses_other_floors_and_leaves_the_output_alone),
        cmocka_unit_test(any_flipped_bit_is_refused),
        cmocka_unit_test(what_is_sealed_under_either_of_two_keys_opens),
        cmocka_unit_test(the_same_record_never_looks_the_same_twice),
        cmocka_unit_test(a_ring_needs_a_name_of_1_to_64_characters),
        cmocka_unit_test(a_weak_key_is_no_key),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
