/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "bad_crypto.h"
#include "prng.h"

#include "core/policy.h"
#include "ringfile/keyset.h"

#include <string.h>

enum {
    START = 1800000000,
    ROTATE_S = 100,
    ACCEPT_S = 250,
    RECORDS = 5,
    ACTIVE = 2,
    NOW = START + 250
};

static const struct stek_context context = {.len = 7, .bytes = "example"};
static const uint8_t zero_name[STEK_NAME_LEN];
static struct stek_image image;
static uint64_t generation; /* of the image */

static void name(struct stek_record *record)
{
    assert_int_equal(stek_derive_fingerprint(&record->secret, &record->fingerprint), STEK_OK);
}

/* Five records, of which the third is active at NOW. */
static struct stek_records some_records(void)
{
    struct stek_records records = {.count = RECORDS};
    struct prng prng = {1};

    for (int i = 0; i < RECORDS; i++) {
        const int64_t from = START + i * ROTATE_S;
        records.at[i] = (struct stek_record){.seq = (uint64_t)i + 1,
                                             .active_from = from,
                                             .active_until = from + ROTATE_S,
                                             .accept_until = from + ROTATE_S + ACCEPT_S,
                                             .origin = STEK_ORIGIN_PUBLISHED,
                                             .secret = prng_secret(&prng)};
        name(&records.at[i]);
    }
    return records;
}

static struct stek_keyset build(const struct stek_records *records, const struct stek_keyset *old)
{
    struct stek_keyset set;

    memset(&set, 0xee, sizeof set);
    set.head.count = 0;
    if (old != NULL)
        set = *old;
    stek_keyset_build(records, NULL, 9, &context, NOW, STEK_KEYSET_OPENS, &set);
    return set;
}

static struct stek_ticket_key derived(const struct stek_record *record)
{
    struct stek_ticket_key key;

    assert_int_equal(stek_derive_ticket_key(&record->secret, &context, &key), STEK_OK);
    return key;
}

static enum stek_choice open_with(const struct stek_keyset *set, const uint8_t *name,
                                  struct stek_ticket_key *ret_key)
{
    return stek_keyset_open(set, name, false, NOW, ret_key);
}

static void assert_empty_place(const struct stek_keyset *set, size_t place)
{
    static const struct stek_keyset_entry empty;

    assert_memory_equal(&set->entry[place], &empty, sizeof empty);
}

static void every_record_has_its_own_derived_keys(void **state)
{
    const struct stek_records records = some_records();
    const struct stek_keyset set = build(&records, NULL);

    (void)state;
    assert_int_equal(set.head.count, RECORDS);
    for (size_t i = 0; i < RECORDS; i++) {
        const struct stek_ticket_key expected = derived(&records.at[i]);
        assert_memory_equal(&set.entry[i].key, &expected, sizeof expected);
        assert_int_equal(set.entry[i].seq, records.at[i].seq);
        assert_int_equal(set.entry[i].accept_until, records.at[i].accept_until);
    }
}

static void it_speaks_for_its_generation_while_no_record_changes_its_state(void **state)
{
    const struct stek_records records = some_records();
    const struct stek_keyset set = build(&records, NULL);

    (void)state;
    assert_int_equal(set.head.generation, 9);
    assert_int_equal(set.head.valid_from, START + 2 * ROTATE_S);
    assert_int_equal(set.head.valid_until, START + 3 * ROTATE_S);
}

static void it_seals_with_the_active_record(void **state)
{
    const struct stek_records records = some_records();
    const struct stek_keyset set = build(&records, NULL);
    const struct stek_ticket_key expected = derived(&records.at[ACTIVE]);
    struct stek_seal_key key;

    (void)state;
    assert_true(stek_keyset_seal(&set, &key));
    assert_memory_equal(&key.key, &expected, sizeof expected);
    assert_int_equal(key.accept_until, records.at[ACTIVE].accept_until);
}

static void it_opens_with_every_record(void **state)
{
    const struct stek_records records = some_records();
    const struct stek_keyset set = build(&records, NULL);
    struct stek_ticket_key key;

    (void)state;
    for (size_t i = 0; i < RECORDS; i++) {
        const struct stek_ticket_key expected = derived(&records.at[i]);
        assert_int_equal(open_with(&set, expected.name, &key),
                         i < ACTIVE ? STEK_CHOICE_RENEW : STEK_CHOICE_OPEN);
        assert_memory_equal(&key, &expected, sizeof expected);
    }
}

static void a_name_that_differs_in_any_bit_is_unknown(void **state)
{
    const struct stek_records records = some_records();
    const struct stek_keyset set = build(&records, NULL);
    struct stek_ticket_key key;

    (void)state;
    for (size_t bit = 0; bit < 8 * STEK_NAME_LEN; bit++) {
        struct stek_ticket_key near = derived(&records.at[ACTIVE]);
        near.name[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(open_with(&set, near.name, &key), STEK_CHOICE_UNKNOWN);
    }
}

static void a_retired_record_opens_nothing(void **state)
{
    const struct stek_records records = some_records();
    const struct stek_keyset set = build(&records, NULL);
    const struct stek_ticket_key first = derived(&records.at[0]);
    const int64_t until = records.at[0].accept_until;
    struct stek_ticket_key key;

    (void)state;
    assert_int_equal(stek_keyset_open(&set, first.name, false, until - 1, &key), STEK_CHOICE_RENEW);
    assert_int_equal(stek_keyset_open(&set, first.name, false, until, &key), STEK_CHOICE_UNKNOWN);
}

static void a_record_without_a_usable_key_leaves_an_empty_place(void **state)
{
    struct stek_records records = some_records();

    (void)state;
    memset(&records.at[1].secret, 0x11, sizeof records.at[1].secret);
    const struct stek_keyset set = build(&records, NULL);
    assert_int_equal(set.head.count, RECORDS);
    assert_empty_place(&set, 1);
    assert_int_equal(set.entry[2].seq, 3);
}

static void an_empty_place_is_not_found_by_a_name_of_zeros(void **state)
{
    struct stek_records records = some_records();
    struct stek_ticket_key key;

    (void)state;
    memset(&records.at[1].secret, 0x11, sizeof records.at[1].secret);
    const struct stek_keyset set = build(&records, NULL);
    assert_int_equal(open_with(&set, zero_name, &key), STEK_CHOICE_UNKNOWN);
    /* Before 1970 the place's end, 0, is still to come. */
    assert_int_equal(stek_keyset_open(&set, zero_name, false, -1, &key), STEK_CHOICE_UNKNOWN);
}

static void nothing_seals_when_the_active_record_has_no_usable_key(void **state)
{
    struct stek_records records = some_records();
    struct stek_seal_key key;

    (void)state;
    memset(&records.at[ACTIVE].secret, 0x11, sizeof records.at[ACTIVE].secret);
    const struct stek_keyset set = build(&records, NULL);
    assert_false(stek_keyset_seal(&set, &key));
}

static void a_name_that_an_earlier_record_has_is_not_used_twice(void **state)
{
    struct stek_records records = some_records();

    (void)state;
    records.at[3].secret = records.at[1].secret;
    const struct stek_keyset set = build(&records, NULL);
    assert_int_equal(set.entry[1].seq, 2);
    assert_empty_place(&set, 3);
}

static void a_ring_without_records_seals_and_opens_nothing(void **state)
{
    const struct stek_records none = {0};
    const struct stek_keyset set = build(&none, NULL);
    struct stek_seal_key seal_key;
    struct stek_ticket_key key;

    (void)state;
    assert_false(stek_keyset_seal(&set, &seal_key));
    assert_int_equal(open_with(&set, zero_name, &key), STEK_CHOICE_UNKNOWN);
}

static void keys_of_the_same_record_are_not_derived_again(void **state)
{
    const struct stek_records records = some_records();
    struct stek_keyset old = build(&records, NULL);

    (void)state;
    old.entry[1].key.aes_key[0] ^= 1;
    const struct stek_keyset set = build(&records, &old);
    assert_memory_equal(&set.entry[1].key, &old.entry[1].key, sizeof set.entry[1].key);
}

static void keys_of_another_record_are_not_taken_over(void **state)
{
    struct stek_records records = some_records();
    const struct stek_keyset old = build(&records, NULL);
    struct prng prng = {2};

    (void)state;
    records.at[1].secret = prng_secret(&prng);
    name(&records.at[1]);
    records.at[4].seq = 77;
    const struct stek_keyset set = build(&records, &old);
    const struct stek_ticket_key replaced = derived(&records.at[1]);
    assert_memory_equal(&set.entry[1].key, &replaced, sizeof replaced);
    assert_int_equal(set.entry[4].seq, 77);
}

static void a_failing_library_leaves_what_is_known_already(void **state)
{
    const struct stek_records records = some_records();
    struct stek_records fewer = records;

    (void)state;
    stek_records_remove(&fewer, ACTIVE + 1, RECORDS);
    const struct stek_keyset old = build(&fewer, NULL);
    bad_crypto_begin();
    const struct stek_keyset set = build(&records, &old);
    bad_crypto_end();
    for (size_t i = 0; i <= ACTIVE; i++)
        assert_memory_equal(&set.entry[i], &old.entry[i], sizeof old.entry[i]);
    for (size_t i = ACTIVE + 1; i < RECORDS; i++)
        assert_empty_place(&set, i);
}

/* An image of the records, with their masks, which the records get, too. */
static void make_image(struct stek_records *records)
{
    const struct stek_policy policy = stek_policy_resolve(NULL);
    struct stek_ring_state state = {.source = STEK_SOURCE_HOST};

    stek_ring_state_set_policy(&state, &policy);
    for (size_t i = 0; i < records->count; i++)
        assert_int_equal(stek_derive_mask(&records->at[i].secret, &records->at[i].mask), STEK_OK);
    state.records = *records;
    stek_image_init(&image, &policy, STEK_SOURCE_HOST);
    stek_image_write(&image, &state);
    generation = stek_image_generation(&image);
}

static void assert_opens_with_every_key(const struct stek_keyset *set,
                                        const struct stek_records *records)
{
    struct stek_ticket_key key;

    for (size_t i = 0; i < records->count; i++) {
        const struct stek_ticket_key expected = derived(&records->at[i]);
        assert_int_not_equal(open_with(set, expected.name, &key), STEK_CHOICE_UNKNOWN);
        assert_memory_equal(&key, &expected, sizeof expected);
    }
}

static bool build_covered(const struct stek_records *records, struct stek_keyset *set)
{
    return stek_keyset_build(records, &image, generation, &context, NOW, STEK_KEYSET_OPENS, set);
}

static void keys_are_covered_with_the_masks_in_the_image(void **state)
{
    struct stek_records records = some_records();
    struct stek_keyset set = {.head = {.count = 0}};

    (void)state;
    make_image(&records);
    assert_true(build_covered(&records, &set));
    for (size_t i = 0; i < RECORDS; i++) {
        struct stek_ticket_key expected = derived(&records.at[i]);
        stek_mask_apply(&records.at[i].mask, &expected);
        assert_memory_equal(&set.entry[i].key, &expected, sizeof expected);
        assert_int_equal(set.entry[i].place, i + 1);
    }
    assert_opens_with_every_key(&set, &records);
}

static void covered_keys_are_known_again(void **state)
{
    struct stek_records records = some_records();
    struct stek_keyset set = {.head = {.count = 0}};

    (void)state;
    make_image(&records);
    assert_true(build_covered(&records, &set));
    memset(set.mask, 0xee, sizeof set.mask); /* caches do not have them */
    bad_crypto_begin();
    const bool lasting = build_covered(&records, &set);
    bad_crypto_end();
    assert_true(lasting);
    assert_opens_with_every_key(&set, &records);
}

static void keys_of_a_record_without_a_mask_are_kept_as_they_are_until_it_has_one(void **state)
{
    struct stek_records records = some_records();
    const struct stek_keyset old = build(&records, NULL);
    struct stek_keyset set = old;

    (void)state;
    make_image(&records);
    assert_true(build_covered(&records, &set));
    assert_opens_with_every_key(&set, &records);
    for (size_t i = 0; i < RECORDS; i++)
        assert_memory_not_equal(set.entry[i].key.aes_key, old.entry[i].key.aes_key,
                                STEK_AES_KEY_LEN);
}

static void covered_keys_are_derived_again_when_the_mask_is_gone(void **state)
{
    struct stek_records records = some_records();
    struct stek_keyset old = {.head = {.count = 0}};

    (void)state;
    make_image(&records);
    assert_true(build_covered(&records, &old));
    for (size_t i = 0; i < RECORDS; i++)
        memset(&records.at[i].mask, 0, sizeof records.at[i].mask);
    const struct stek_keyset set = build(&records, &old);
    assert_opens_with_every_key(&set, &records);
}

/* The ring changed while the set was made: it may serve once, but not be kept, least of all with
 * bare keys. */
static void a_set_whose_masks_have_gone_meanwhile_is_not_kept(void **state)
{
    struct stek_records records = some_records();
    struct stek_records none = {0};
    struct stek_keyset set = {.head = {.count = 0}};

    (void)state;
    make_image(&records);
    make_image(&none);
    assert_false(build_covered(&records, &set));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_has_its_own_derived_keys),
        cmocka_unit_test(it_speaks_for_its_generation_while_no_record_changes_its_state),
        cmocka_unit_test(it_seals_with_the_active_record),
        cmocka_unit_test(it_opens_with_every_record),
        cmocka_unit_test(a_name_that_differs_in_any_bit_is_unknown),
        cmocka_unit_test(a_retired_record_opens_nothing),
        cmocka_unit_test(a_record_without_a_usable_key_leaves_an_empty_place),
        cmocka_unit_test(an_empty_place_is_not_found_by_a_name_of_zeros),
        cmocka_unit_test(nothing_seals_when_the_active_record_has_no_usable_key),
        cmocka_unit_test(a_name_that_an_earlier_record_has_is_not_used_twice),
        cmocka_unit_test(a_ring_without_records_seals_and_opens_nothing),
        cmocka_unit_test(keys_of_the_same_record_are_not_derived_again),
        cmocka_unit_test(keys_of_another_record_are_not_taken_over),
        cmocka_unit_test(a_failing_library_leaves_what_is_known_already),
        cmocka_unit_test(keys_are_covered_with_the_masks_in_the_image),
        cmocka_unit_test(covered_keys_are_known_again),
        cmocka_unit_test(keys_of_a_record_without_a_mask_are_kept_as_they_are_until_it_has_one),
        cmocka_unit_test(covered_keys_are_derived_again_when_the_mask_is_gone),
        cmocka_unit_test(a_set_whose_masks_have_gone_meanwhile_is_not_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
