/* SPDX-License-Identifier: Apache-2.0 */
/* What stek_records_problem() says of records from outside. */
#include "unit.h"

#include "prng.h"

#include "core/record.h"

#include <string.h>

static struct stek_records full_ring(void)
{
    struct stek_records records = {.count = STEK_RECORDS_MAX};
    struct prng prng = {1};

    for (uint64_t i = 0; i < STEK_RECORDS_MAX; i++)
        records.at[i] = (struct stek_record){.seq = i + 1,
                                             .active_from = (int64_t)i * 100,
                                             .active_until = (int64_t)i * 100 + 100,
                                             .accept_until = (int64_t)i * 100 + 150,
                                             .origin = i % 2 == 0 ? STEK_ORIGIN_PUBLISHED
                                                                  : STEK_ORIGIN_CONTINUED,
                                             .secret = prng_secret(&prng)};
    return records;
}

static void assert_sound(const struct stek_records *records)
{
    const char *problem = stek_records_problem(records);

    if (problem != NULL)
        fail_msg("refused: %s", problem);
}

static void assert_problem(const struct stek_records *records, const char *expected)
{
    const char *problem = stek_records_problem(records);

    assert_non_null(problem);
    assert_string_equal(problem, expected);
}

static void no_records_are_sound(void **state)
{
    (void)state;
    assert_sound(&(struct stek_records){0});
}

static void sixty_four_records_are_sound_and_one_more_is_refused(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    assert_sound(&records);
    records.count++;
    assert_problem(&records, "more than 64 records");
    records.count = UINT64_MAX;
    assert_problem(&records, "more than 64 records");
}

static void a_seq_is_1_to_2_to_the_62(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    records.at[63].seq = STEK_SEQ_MAX;
    assert_sound(&records);
    records.at[63].seq = STEK_SEQ_MAX + 1;
    assert_problem(&records, "a record's seq is out of range");
    records = full_ring();
    records.at[0].seq = 0;
    assert_problem(&records, "a record's seq is out of range");
}

static void each_time_is_within_2_to_the_40(void **state)
{
    static const size_t members[] = {offsetof(struct stek_record, active_from),
                                     offsetof(struct stek_record, active_until),
                                     offsetof(struct stek_record, accept_until)};
    static const int64_t beyond[] = {STEK_TIME_MAX + 1, -STEK_TIME_MAX - 1, INT64_MAX, INT64_MIN};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 4; j++) {
            struct stek_records records = full_ring();

            memcpy((uint8_t *)&records.at[9] + members[i], &beyond[j], sizeof *beyond);
            assert_problem(&records, "a record's time is out of range");
        }
}

static void times_at_the_limits_are_sound(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    records.at[0].active_from = -STEK_TIME_MAX;
    records.at[63].active_until = records.at[63].accept_until = STEK_TIME_MAX;
    assert_sound(&records);
}

static void a_record_seals_for_a_second_at_least(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    records.at[5].active_until = records.at[5].active_from + 1;
    assert_sound(&records);
    records.at[5].active_until = records.at[5].active_from;
    assert_problem(&records, "a record's times are in the wrong order");
    records.at[5].active_until = records.at[5].active_from - 1;
    assert_problem(&records, "a record's times are in the wrong order");
}

static void a_record_opens_for_as_long_as_it_seals(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    records.at[5].accept_until = records.at[5].active_until;
    assert_sound(&records);
    records.at[5].accept_until = records.at[5].active_until - 1;
    assert_problem(&records, "a record's times are in the wrong order");
}

static void an_origin_is_one_of_three(void **state)
{
    static const uint64_t others[] = {0, 4, UINT64_MAX, (uint64_t)1 << 32 | STEK_ORIGIN_PUBLISHED};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct stek_records records = full_ring();

        records.at[63].origin = others[i];
        assert_problem(&records, "a record's origin is unknown");
    }
}

static void a_weak_secret_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEK_RECORDS_MAX; i++) {
        struct stek_records records = full_ring();

        memset(&records.at[i].secret, (int)i, sizeof records.at[i].secret);
        assert_problem(&records, "a record's secret is weak");
    }
}

static void a_repeated_secret_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    for (size_t i = 1; i < STEK_RECORDS_MAX; i++) {
        struct stek_records records = full_ring();

        records.at[i].secret = records.at[i / 2].secret;
        assert_problem(&records, "two records have the same secret");
        records.at[i].secret.bytes[31] ^= 1;
        assert_sound(&records);
    }
}

static void seqs_rise_and_may_leave_some_out(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    stek_records_remove(&records, 20, 30);
    assert_sound(&records);
    records.at[20].seq = records.at[19].seq;
    assert_problem(&records, "records are not in the order of their seq");
    records.at[20].seq = records.at[18].seq;
    assert_problem(&records, "records are not in the order of their seq");
}

static void starts_rise_with_the_seq(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    records.at[8].active_from = records.at[7].active_from + 1;
    assert_sound(&records);
    records.at[8].active_from = records.at[7].active_from;
    assert_problem(&records, "a later record starts before an earlier one");
    records.at[8].active_from = records.at[7].active_from - 1;
    assert_problem(&records, "a later record starts before an earlier one");
}

static void
superseded_records_stand_before_the_record_of_their_seq_and_begin_when_they_like(void **state)
{
    struct stek_records records = full_ring();

    (void)state;
    records.at[7].seq = records.at[8].seq;
    assert_problem(&records, "records are not in the order of their seq");
    records.at[7].origin = STEK_ORIGIN_SUPERSEDED;
    assert_sound(&records);
    records.at[7].active_from = records.at[9].active_from;
    records.at[7].active_until = records.at[7].active_from + 1;
    records.at[7].accept_until = records.at[7].active_until;
    assert_sound(&records);
    records.at[8].origin = STEK_ORIGIN_SUPERSEDED;
    records.at[7].origin = STEK_ORIGIN_PUBLISHED;
    assert_problem(&records, "records are not in the order of their seq");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_records_are_sound),
        cmocka_unit_test(sixty_four_records_are_sound_and_one_more_is_refused),
        cmocka_unit_test(a_seq_is_1_to_2_to_the_62),
        cmocka_unit_test(each_time_is_within_2_to_the_40),
        cmocka_unit_test(times_at_the_limits_are_sound),
        cmocka_unit_test(a_record_seals_for_a_second_at_least),
        cmocka_unit_test(a_record_opens_for_as_long_as_it_seals),
        cmocka_unit_test(an_origin_is_one_of_three),
        cmocka_unit_test(a_weak_secret_is_refused_wherever_it_stands),
        cmocka_unit_test(a_repeated_secret_is_refused_wherever_it_stands),
        cmocka_unit_test(seqs_rise_and_may_leave_some_out),
        cmocka_unit_test(starts_rise_with_the_seq),
        cmocka_unit_test(
            superseded_records_stand_before_the_record_of_their_seq_and_begin_when_they_like),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
