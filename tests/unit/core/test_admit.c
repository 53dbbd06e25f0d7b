/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "core/admit.h"

enum { NOW = 1800000000, MAX_SESSION_AGE_S = 86400, DAY_S = 86400 };

/* A ticket that nothing speaks against, sealed a minute ago for a name. */
static struct stek_ticket_facts sound_facts(void)
{
    return (struct stek_ticket_facts){
        .sealed = {.origin = NOW - 60, .name_hash = {1, 2, 3}},
        .hello_name = {1, 2, 3},
    };
}

static enum stek_verdict verdict_for_origin(int64_t origin)
{
    struct stek_ticket_facts facts = sound_facts();

    facts.sealed.origin = origin;
    return stek_admit(&facts, MAX_SESSION_AGE_S, NOW);
}

static void a_sound_ticket_resumes(void **state)
{
    const struct stek_ticket_facts facts = sound_facts();

    (void)state;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_RESUME);
}

static void a_chain_ends_in_the_second_that_reaches_its_cap(void **state)
{
    (void)state;
    assert_int_equal(verdict_for_origin(NOW), STEK_VERDICT_RESUME);
    assert_int_equal(verdict_for_origin(NOW - MAX_SESSION_AGE_S + 1), STEK_VERDICT_RESUME);
    assert_int_equal(verdict_for_origin(NOW - MAX_SESSION_AGE_S), STEK_VERDICT_SESSION_AGE);
    assert_int_equal(verdict_for_origin(NOW - MAX_SESSION_AGE_S - 1), STEK_VERDICT_SESSION_AGE);
}

static void an_origin_in_the_future_is_believed_for_an_hour_of_clock_skew(void **state)
{
    (void)state;
    assert_int_equal(verdict_for_origin(NOW + 1), STEK_VERDICT_RESUME);
    assert_int_equal(verdict_for_origin(NOW + 3600), STEK_VERDICT_RESUME);
    assert_int_equal(verdict_for_origin(NOW + 3601), STEK_VERDICT_SESSION_AGE);
}

static void the_farthest_origins_that_a_ticket_can_say_are_over(void **state)
{
    (void)state;
    assert_int_equal(verdict_for_origin((int64_t)1 << 40), STEK_VERDICT_SESSION_AGE);
    assert_int_equal(verdict_for_origin(-((int64_t)1 << 40)), STEK_VERDICT_SESSION_AGE);
}

static void another_server_name_is_refused_whichever_byte_differs(void **state)
{
    (void)state;
    for (size_t i = 0; i < STEK_NAME_HASH_LEN; i++) {
        struct stek_ticket_facts facts = sound_facts();

        facts.hello_name[i] ^= 0x80;
        assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_SERVER_NAME);
    }
}

static void a_hello_without_a_name_does_not_resume_a_session_with_one_nor_the_reverse(void **state)
{
    struct stek_ticket_facts nameless_hello = sound_facts();
    struct stek_ticket_facts nameless_ticket = sound_facts();

    (void)state;
    for (size_t i = 0; i < STEK_NAME_HASH_LEN; i++)
        nameless_hello.hello_name[i] = nameless_ticket.sealed.name_hash[i] = 0;
    assert_int_equal(stek_admit(&nameless_hello, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_SERVER_NAME);
    assert_int_equal(stek_admit(&nameless_ticket, MAX_SESSION_AGE_S, NOW),
                     STEK_VERDICT_SERVER_NAME);
}

static void no_name_in_either_resumes(void **state)
{
    const struct stek_ticket_facts facts = {.sealed = {.origin = NOW}};

    (void)state;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_RESUME);
}

static void a_client_certificate_is_good_through_its_last_second(void **state)
{
    struct stek_ticket_facts facts = sound_facts();

    (void)state;
    facts.has_cert = true;
    facts.sealed.verified_until = NOW;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_RESUME);
    facts.sealed.verified_until = NOW - 1;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_CERT_EXPIRED);
}

static void an_expired_certificate_is_refused_also_where_none_is_demanded(void **state)
{
    struct stek_ticket_facts facts = sound_facts();

    (void)state;
    facts.has_cert = true;
    facts.sealed.verified_until = NOW - 1;
    facts.cert_required = false;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_CERT_EXPIRED);
}

static void a_demanded_certificate_must_be_in_the_session(void **state)
{
    struct stek_ticket_facts facts = sound_facts();

    (void)state;
    facts.cert_required = true;
    facts.sealed.verified_until = NOW + 1; /* means nothing without a certificate */
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_CERT_MISSING);
    facts.has_cert = true;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_RESUME);
}

static void the_first_reason_is_the_one_given(void **state)
{
    struct stek_ticket_facts facts = sound_facts();

    (void)state;
    facts.sealed.origin = NOW - MAX_SESSION_AGE_S;
    facts.hello_name[0] ^= 1;
    facts.cert_required = true;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_SESSION_AGE);
    facts.sealed.origin = NOW;
    assert_int_equal(stek_admit(&facts, MAX_SESSION_AGE_S, NOW), STEK_VERDICT_SERVER_NAME);
}

static void a_promise_is_the_programs_own_when_all_else_lasts_longer(void **state)
{
    (void)state;
    assert_int_equal(stek_promise_s(300, NOW + 301, NOW, MAX_SESSION_AGE_S, NOW), 300);
}

static void a_promise_ends_with_the_key(void **state)
{
    (void)state;
    assert_int_equal(stek_promise_s(300, NOW + 299, NOW, MAX_SESSION_AGE_S, NOW), 299);
}

static void a_promise_ends_with_the_chain(void **state)
{
    (void)state;
    assert_int_equal(
        stek_promise_s(300, NOW + 301, NOW - MAX_SESSION_AGE_S + 10, MAX_SESSION_AGE_S, NOW), 10);
}

static void a_promise_is_never_longer_than_7_days(void **state)
{
    (void)state;
    assert_int_equal(stek_promise_s(INT64_MAX, NOW + 14 * DAY_S, NOW, 30 * DAY_S, NOW), 7 * DAY_S);
}

static void a_promise_is_never_below_zero(void **state)
{
    (void)state;
    assert_int_equal(stek_promise_s(-1, NOW + 300, NOW, MAX_SESSION_AGE_S, NOW), 0);
    assert_int_equal(stek_promise_s(300, NOW - 1, NOW, MAX_SESSION_AGE_S, NOW), 0);
    assert_int_equal(
        stek_promise_s(300, NOW + 300, NOW - MAX_SESSION_AGE_S - 1, MAX_SESSION_AGE_S, NOW), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_ticket_resumes),
        cmocka_unit_test(a_chain_ends_in_the_second_that_reaches_its_cap),
        cmocka_unit_test(an_origin_in_the_future_is_believed_for_an_hour_of_clock_skew),
        cmocka_unit_test(the_farthest_origins_that_a_ticket_can_say_are_over),
        cmocka_unit_test(another_server_name_is_refused_whichever_byte_differs),
        cmocka_unit_test(a_hello_without_a_name_does_not_resume_a_session_with_one_nor_the_reverse),
        cmocka_unit_test(no_name_in_either_resumes),
        cmocka_unit_test(a_client_certificate_is_good_through_its_last_second),
        cmocka_unit_test(an_expired_certificate_is_refused_also_where_none_is_demanded),
        cmocka_unit_test(a_demanded_certificate_must_be_in_the_session),
        cmocka_unit_test(the_first_reason_is_the_one_given),
        cmocka_unit_test(a_promise_is_the_programs_own_when_all_else_lasts_longer),
        cmocka_unit_test(a_promise_ends_with_the_key),
        cmocka_unit_test(a_promise_ends_with_the_chain),
        cmocka_unit_test(a_promise_is_never_longer_than_7_days),
        cmocka_unit_test(a_promise_is_never_below_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
