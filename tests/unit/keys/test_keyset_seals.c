/* SPDX-License-Identifier: Apache-2.0 */
/* Keysets that only seal: what a program derives that makes an SSL_CTX for every connection. */
#include "unit.h"

#include "prng.h"

#include "ringfile/keyset.h"

#include <string.h>

enum { START = 1800000000, ROTATE_S = 100, ACCEPT_S = 250, RECORDS = 5, ACTIVE = 2 };
enum { NOW = START + 250 };

static const struct stek_context context = {.len = 7, .bytes = "example"};

static void set_secret(struct stek_record *record, const struct stek_secret32 *secret)
{
    record->secret = *secret;
    assert_int_equal(stek_derive_fingerprint(secret, &record->fingerprint), STEK_OK);
}

static struct stek_records some_records(void)
{
    struct stek_records records = {.count = RECORDS};
    struct prng prng = {1};

    for (int i = 0; i < RECORDS; i++) {
        const int64_t from = START + i * ROTATE_S;
        const struct stek_secret32 secret = prng_secret(&prng);
        records.at[i] = (struct stek_record){.seq = (uint64_t)i + 1,
                                             .active_from = from,
                                             .active_until = from + ROTATE_S,
                                             .accept_until = from + ROTATE_S + ACCEPT_S,
                                             .origin = STEK_ORIGIN_PUBLISHED};
        set_secret(&records.at[i], &secret);
    }
    return records;
}

/* Adds to what is in the set. */
static void build(const struct stek_records *records, enum stek_keyset_use use,
                  struct stek_keyset *set)
{
    assert_true(stek_keyset_build(records, NULL, 9, &context, NOW, use, set));
    assert_int_equal(set->head.count, records->count);
}

static void assert_holds(const struct stek_keyset *set, const struct stek_records *records,
                         size_t place)
{
    struct stek_ticket_key key;

    assert_int_equal(stek_derive_ticket_key(&records->at[place].secret, &context, &key), STEK_OK);
    assert_int_equal(set->entry[place].seq, records->at[place].seq);
    assert_memory_equal(&set->entry[place].key, &key, sizeof key);
}

static void assert_is_whole(const struct stek_keyset *set, const struct stek_records *records)
{
    assert_int_equal(set->head.only_seals, 0);
    for (size_t i = 0; i < records->count; i++)
        assert_holds(set, records, i);
}

static void only_the_record_that_seals_is_derived(void **state)
{
    static const struct stek_keyset_entry empty;
    const struct stek_records records = some_records();
    struct stek_keyset set = {0};
    struct stek_seal_key key;

    (void)state;
    build(&records, STEK_KEYSET_SEALS, &set);
    assert_int_not_equal(set.head.only_seals, 0);
    for (size_t i = 0; i < RECORDS; i++)
        if (i != ACTIVE)
            assert_memory_equal(&set.entry[i], &empty, sizeof empty);
    assert_holds(&set, &records, ACTIVE);
    assert_true(stek_keyset_seal(&set, &key));
    assert_memory_equal(&key.key, &set.entry[ACTIVE].key, sizeof key.key);
}

static void keys_that_were_known_are_kept(void **state)
{
    const struct stek_records records = some_records();
    struct stek_keyset set = {0};

    (void)state;
    build(&records, STEK_KEYSET_OPENS, &set);
    build(&records, STEK_KEYSET_SEALS, &set);
    assert_is_whole(&set, &records);
}

static void what_only_sealed_is_completed_to_open(void **state)
{
    const struct stek_records records = some_records();
    struct stek_keyset set = {0};

    (void)state;
    build(&records, STEK_KEYSET_SEALS, &set);
    build(&records, STEK_KEYSET_OPENS, &set);
    assert_is_whole(&set, &records);
}

/* Otherwise one process would seal under a name that another takes for the earlier record's. */
static void of_two_records_of_one_secret_the_earlier_has_the_name(void **state)
{
    struct stek_records records = some_records();
    struct stek_keyset set = {0};
    struct stek_seal_key key;

    (void)state;
    set_secret(&records.at[1], &records.at[ACTIVE].secret);
    build(&records, STEK_KEYSET_SEALS, &set);
    assert_false(stek_keyset_seal(&set, &key));
    assert_holds(&set, &records, 1);
    assert_int_equal(set.entry[ACTIVE].seq, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_record_that_seals_is_derived),
        cmocka_unit_test(keys_that_were_known_are_kept),
        cmocka_unit_test(what_only_sealed_is_completed_to_open),
        cmocka_unit_test(of_two_records_of_one_secret_the_earlier_has_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
