/* SPDX-License-Identifier: Apache-2.0 */
/* A private ring: how it is made, how it goes on, what it shares with forks. */
#include "unit.h"

#include "bad_rand.h"
#include "ring_fixture.h"
#include "ring_smaps.h"

#include "core/policy.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TEN_YEARS_S = 3652 * 86400, WAKE_MAX_US = 1000 };

static int restore_rand(void **state)
{
    (void)state;
    bad_rand_restore();
    return 0;
}

static void assert_same_policy(struct stek_policy policy, struct stek_policy expected)
{
    assert_int_equal(policy.rotate_s, expected.rotate_s);
    assert_int_equal(policy.accept_s, expected.accept_s);
    assert_int_equal(policy.max_session_age_s, expected.max_session_age_s);
    assert_int_equal(policy.ahead, expected.ahead);
}

/* In what all share. */
static void assert_policy(const struct stek_ring *ring, struct stek_policy expected)
{
    const struct stek_ring_state state = ring_state(ring);

    assert_same_policy(stek_ring_state_policy(&state), expected);
}

static void without_a_policy_it_has_the_defaults(void **state)
{
    struct stek_ring *ring;

    (void)state;
    assert_int_equal(stek_ring_new(NULL, &ring), STEK_OK);
    assert_policy(ring, (struct stek_policy){.rotate_s = STEK_ROTATE_DEFAULT_S,
                                             .accept_s = STEK_ACCEPT_DEFAULT_S,
                                             .max_session_age_s = STEK_MAX_SESSION_AGE_DEFAULT_S,
                                             .ahead = STEK_AHEAD_DEFAULT});
    stek_ring_free(ring);
}

static void a_field_of_zero_takes_its_default(void **state)
{
    const struct stek_policy some = {.accept_s = 5000, .ahead = 7};
    struct stek_ring *ring;

    (void)state;
    assert_int_equal(stek_ring_new(&some, &ring), STEK_OK);
    assert_policy(ring, (struct stek_policy){.rotate_s = STEK_ROTATE_DEFAULT_S,
                                             .accept_s = 5000,
                                             .max_session_age_s = STEK_MAX_SESSION_AGE_DEFAULT_S,
                                             .ahead = 7});
    stek_ring_free(ring);
}

static void a_new_ring_seals_at_once(void **state)
{
    const struct stek_context context = ring_context("a");
    struct stek_seal_key key;
    struct stek_ring *ring;

    (void)state;
    assert_int_equal(stek_ring_new(NULL, &ring), STEK_OK);
    assert_true(stek_ring_seal(ring, stek_ring_keys(ring, &context), stek_ring_now(ring), &key));
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    stek_ring_free(ring);
}

static void a_policy_out_of_range_makes_no_ring(void **state)
{
    static const struct stek_policy bad[] = {
        {.rotate_s = -1},
        {.rotate_s = STEK_ROTATE_MAX_S + 1},
        {.accept_s = -1},
        {.accept_s = STEK_ACCEPT_MAX_S + 1},
        {.max_session_age_s = STEK_MAX_SESSION_AGE_MAX_S + 1},
        {.ahead = STEK_AHEAD_MAX + 1},
        {.rotate_s = 1, .accept_s = 1000},
    };
    struct stek_ring *untouched = (struct stek_ring *)state;
    struct stek_ring *ring = untouched;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(stek_ring_new(&bad[i], &ring), STEK_ERR_POLICY);
    assert_ptr_equal(ring, untouched);
}

static void null_where_a_ring_is_needed_is_refused(void **state)
{
    (void)state;
    assert_int_equal(stek_ring_new(NULL, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_ring_maintain(NULL), STEK_ERR_ARGUMENT);
    stek_ring_free(NULL);
}

static void a_failing_generator_makes_no_ring(void **state)
{
    struct stek_ring *untouched = (struct stek_ring *)state;
    struct stek_ring *ring = untouched;
    const size_t before = smaps_bytes_with_flag("dd");

    for (int kind = 0; kind < BAD_RAND_STUCK; kind++) {
        bad_rand_install((enum bad_rand_kind)kind);
        assert_int_equal(stek_ring_new(NULL, &ring), STEK_ERR_RANDOM);
        assert_true(bad_rand_draws() > 0);
    }
    assert_ptr_equal(ring, untouched);
    assert_int_equal(smaps_bytes_with_flag("dd"), before);
}

static void an_empty_ring_seals_nothing_until_the_generator_works(void **state)
{
    struct stek_ring *ring;

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    ring = ring_start_empty(&ring_policy);
    assert_false(ring_seals(ring, "a"));
    assert_int_equal(stek_ring_maintain(ring), STEK_ERR_RANDOM);
    bad_rand_restore();
    assert_true(ring_seals(ring, "a"));
    stek_ring_free(ring);
}

/* Sleeps longer than anything of it opens: only fresh bytes can wake it. */
static void a_ring_that_could_not_wake_wakes_when_the_generator_works(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    ring_set_time(RING_START + TEN_YEARS_S);
    assert_false(ring_seals(ring, "a"));
    bad_rand_restore();
    assert_true(ring_seals(ring, "a"));
    stek_ring_free(ring);
}

static const struct stek_record *last_of(const struct stek_ring_state *state)
{
    return &state->records.at[state->records.count - 1];
}

static void without_a_generator_it_goes_on_by_continuation(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ring_state before = ring_state(ring);
    const struct stek_context context = ring_context("a");
    struct stek_ticket_key expected;
    struct stek_secret32 next;

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    ring_set_time(last_of(&before)->active_until);
    assert_int_equal(stek_derive_continuation(&last_of(&before)->secret, &next), STEK_OK);
    assert_int_equal(stek_derive_ticket_key(&next, &context, &expected), STEK_OK);
    const struct stek_ticket_key sealed = ring_seal_key(ring, "a");
    assert_memory_equal(&sealed, &expected, sizeof expected);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    stek_ring_free(ring);
}

static void when_the_generator_recovers_it_draws_again(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    ring_set_time(RING_START + 5 * RING_ROTATE_S);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    const struct stek_ring_state dry = ring_state(ring);
    assert_int_equal(last_of(&dry)->origin, STEK_ORIGIN_CONTINUED);
    bad_rand_restore();
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    const struct stek_ring_state recovered = ring_state(ring);
    assert_int_equal(last_of(&recovered)->origin, STEK_ORIGIN_PUBLISHED);
    stek_ring_free(ring);
}

/* Each change makes the copies of all processes stale: as long as nothing can be drawn, nothing is
 * to be changed. */
static void without_a_generator_it_changes_no_more_often_than_its_records(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    ring_set_time(RING_START + 5 * RING_ROTATE_S);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    const uint64_t generation = stek_image_generation(&ring->shared->image);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    assert_int_equal(stek_image_generation(&ring->shared->image), generation);
    stek_ring_free(ring);
}

static void what_has_retired_is_destroyed(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_record first = ring_state(ring).records.at[0];

    (void)state;
    ring_set_time(first.accept_until - 1);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    assert_true(ring_holds(ring, &first.secret));
    ring_set_time(first.accept_until);
    assert_int_equal(stek_ring_maintain(ring), STEK_OK);
    assert_false(ring_holds(ring, &first.secret));
    stek_ring_free(ring);
}

static void what_has_retired_is_destroyed_without_a_generator_too(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ring_state before = ring_state(ring);

    (void)state;
    bad_rand_install(BAD_RAND_FAILS);
    ring_set_time(RING_START + TEN_YEARS_S);
    assert_false(ring_seals(ring, "a"));
    for (size_t i = 0; i < before.records.count; i++)
        assert_false(ring_holds(ring, &before.records.at[i].secret));
    stek_ring_free(ring);
}

/* Of CPU: what other programs take does not count. */
static int64_t microseconds(void)
{
    struct timespec now;

    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The best of a few times: whatever else the machine does is no fault of the ring. */
static void after_ten_years_it_wakes_in_under_a_millisecond(void **state)
{
    struct stek_ring *ring = ring_start(NULL);
    int64_t best = INT64_MAX;

    (void)state;
    for (int i = 0; i < 5; i++) {
        ring_set_time(ring_time() + TEN_YEARS_S);
        const int64_t began = microseconds();
        assert_int_equal(stek_ring_maintain(ring), STEK_OK);
        const int64_t took = microseconds() - began;
        best = took < best ? took : best;
        assert_true(ring_seals(ring, "a"));
    }
    print_message("# woke in %d us\n", (int)best);
    if (!RING_SANITIZED)
        assert_true(best < WAKE_MAX_US);
    stek_ring_free(ring);
}

struct shared_key {
    struct stek_ring *ring;
    struct stek_ticket_key key;
};

static void open_in_child(int fd, void *arg)
{
    struct shared_key *shared = arg;

    (void)fd;
    CHECK(ring_opens(shared->ring, "a", &shared->key));
    shared->key = ring_seal_key(shared->ring, "a");
}

static void a_child_opens_what_its_parent_sealed(void **state)
{
    struct shared_key *shared = ring_shared_memory(sizeof *shared);

    (void)state;
    shared->ring = ring_start(&ring_policy);
    shared->key = ring_seal_key(shared->ring, "a");
    child_run(open_in_child, shared);
    assert_true(ring_opens(shared->ring, "a", &shared->key));
    stek_ring_free(shared->ring);
}

static void rotate_in_child(int fd, void *arg)
{
    struct shared_key *shared = arg;

    (void)fd;
    shared->key = ring_seal_key(shared->ring, "a");
}

static void a_parent_seals_with_what_its_child_rotated_to(void **state)
{
    struct shared_key *shared = ring_shared_memory(sizeof *shared);

    (void)state;
    shared->ring = ring_start(&ring_policy);
    const struct stek_ticket_key before = ring_seal_key(shared->ring, "a");
    ring_set_time(RING_START + 3 * RING_ROTATE_S);
    child_run(rotate_in_child, shared);
    const struct stek_ticket_key after = ring_seal_key(shared->ring, "a");
    assert_memory_equal(&after, &shared->key, sizeof after);
    assert_memory_not_equal(&after, &before, sizeof after);
    stek_ring_free(shared->ring);
}

static void free_in_child(int fd, void *arg)
{
    (void)fd;
    stek_ring_free(arg);
}

static void a_child_that_frees_its_ring_takes_it_from_nobody(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const struct stek_ticket_key key = ring_seal_key(ring, "a");

    (void)state;
    child_run(free_in_child, ring);
    assert_true(ring_opens(ring, "a", &key));
    stek_ring_free(ring);
}

static void it_lives_until_the_last_hold_is_given_back(void **state)
{
    struct stek_ring *ring = ring_start(&ring_policy);
    const size_t with_ring = smaps_bytes_with_flag("dd");

    (void)state;
    stek_ring_hold(ring);
    stek_ring_free(ring);
    assert_true(ring_seals(ring, "a"));
    stek_ring_free(ring);
    assert_true(smaps_bytes_with_flag("dd") < with_ring);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_policy_it_has_the_defaults),
        cmocka_unit_test(a_field_of_zero_takes_its_default),
        cmocka_unit_test(a_new_ring_seals_at_once),
        cmocka_unit_test(a_policy_out_of_range_makes_no_ring),
        cmocka_unit_test(null_where_a_ring_is_needed_is_refused),
        cmocka_unit_test_teardown(a_failing_generator_makes_no_ring, restore_rand),
        cmocka_unit_test_teardown(an_empty_ring_seals_nothing_until_the_generator_works,
                                  restore_rand),
        cmocka_unit_test_teardown(a_ring_that_could_not_wake_wakes_when_the_generator_works,
                                  restore_rand),
        cmocka_unit_test_teardown(without_a_generator_it_goes_on_by_continuation, restore_rand),
        cmocka_unit_test_teardown(when_the_generator_recovers_it_draws_again, restore_rand),
        cmocka_unit_test_teardown(without_a_generator_it_changes_no_more_often_than_its_records,
                                  restore_rand),
        cmocka_unit_test(what_has_retired_is_destroyed),
        cmocka_unit_test_teardown(what_has_retired_is_destroyed_without_a_generator_too,
                                  restore_rand),
        cmocka_unit_test(after_ten_years_it_wakes_in_under_a_millisecond),
        cmocka_unit_test(a_child_opens_what_its_parent_sealed),
        cmocka_unit_test(a_parent_seals_with_what_its_child_rotated_to),
        cmocka_unit_test(a_child_that_frees_its_ring_takes_it_from_nobody),
        cmocka_unit_test(it_lives_until_the_last_hold_is_given_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
