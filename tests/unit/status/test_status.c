/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of a ring, in the struct and in JSON, and that both say the same. */
#include "unit.h"

#include "prng.h"

#include "core/schedule.h"
#include "status/status.h"

#include <stdio.h>
#include <string.h>

enum { START = 1800000000, ROTATE_S = 100, ACCEPT_S = 250 };

static const struct stek_policy policy = {
    .rotate_s = ROTATE_S, .accept_s = ACCEPT_S, .max_session_age_s = 3600, .ahead = 2};

/* As a writer left it at `now`: with `fresh` or without. */
static void keep(struct stek_ring_state *state, int64_t now, bool fresh)
{
    struct stek_fresh secrets = {.count = fresh ? STEK_AHEAD_MAX + 1 : 0};
    struct prng prng = {(uint64_t)now};

    for (size_t i = 0; i < secrets.count; i++)
        secrets.secret[i] = prng_secret(&prng);
    assert_int_equal(stek_records_advance(&state->records, &policy, now, &secrets), STEK_OK);
    state->changed_at = now;
}

static struct stek_ring_state state_at(int64_t now)
{
    struct stek_ring_state state = {.source = STEK_SOURCE_HOST, .floor = 1};

    stek_ring_state_set_policy(&state, &policy);
    for (int64_t when = START; when <= now; when += ROTATE_S)
        keep(&state, when, true);
    return state;
}

static struct stek_status_ring describe(const struct stek_ring_state *state, int64_t now)
{
    static const struct stek_stats_sum stats = {
        .count = {[STEK_COUNT_SEALED] = 12, [STEK_COUNT_OPENED] = 9, [STEK_COUNT_UNKNOWN] = 1},
        .processes = 5,
        .processes_used = 4,
        .files = 1,
        .consumer_count = 1,
        .consumer = {{4711, START + 7}}};
    struct stek_status_ring ring;

    assert_int_equal(stek_status_describe("web", state, &stats, now, &ring), STEK_OK);
    return ring;
}

static void keys_are_told_with_state_origin_times_and_fingerprint(void **state)
{
    const struct stek_ring_state image = state_at(START + 2 * ROTATE_S);
    const struct stek_status_ring ring = describe(&image, START + 250);
    struct stek_fingerprint fingerprint;
    char hex[3];

    (void)state;
    assert_string_equal(ring.name, "web");
    assert_int_equal(ring.key_count, 5);
    assert_int_equal(ring.health, STEK_STATUS_FINE);
    assert_int_equal(ring.key[0].state, STEK_STATE_DRAINING);
    assert_int_equal(ring.key[2].state, STEK_STATE_ACTIVE);
    assert_int_equal(ring.key[2].seq, 3);
    assert_int_equal(ring.key[4].state, STEK_STATE_PENDING);
    assert_int_equal(ring.key[4].origin, STEK_ORIGIN_PUBLISHED);
    assert_int_equal(ring.key[1].accept_until, START + 2 * ROTATE_S + ACCEPT_S);
    assert_int_equal(stek_derive_fingerprint(&image.records.at[2].secret, &fingerprint), STEK_OK);
    (void)snprintf(hex, sizeof hex, "%02x", fingerprint.bytes[0]);
    assert_memory_equal(ring.key[2].fingerprint, hex, 2);
    assert_int_equal(strlen(ring.key[2].fingerprint), STEK_FINGERPRINT_HEX_LEN);
    assert_int_equal(ring.published_until, START + 5 * ROTATE_S);
    assert_int_equal(ring.continued_since, 0);
}

static void nothing_secret_is_in_it(void **state)
{
    const struct stek_ring_state image = state_at(START + 2 * ROTATE_S);
    const struct stek_status_ring ring = describe(&image, START + 250);

    (void)state;
    for (size_t i = 0; i < image.records.count; i++)
        assert_null(memmem(&ring, sizeof ring, image.records.at[i].secret.bytes, 8));
}

static void a_ring_that_nobody_keeps_is_told_as_its_holders_have_it(void **state)
{
    const struct stek_ring_state image = state_at(START);
    const struct stek_status_ring ring = describe(&image, START + 4 * ROTATE_S + 30);
    const struct stek_status_key *active = stek_status_active(&ring);

    (void)state;
    assert_int_equal(ring.health, STEK_STATUS_CONTINUATION);
    assert_int_equal(active->seq, 5);
    assert_int_equal(active->origin, STEK_ORIGIN_CONTINUED);
    assert_int_equal(ring.continued_since,
                     START + 3 * ROTATE_S); /* 4 was the first that was not published */
    assert_int_equal(ring.published_until, START + 3 * ROTATE_S);
    assert_int_equal(strlen(active->fingerprint), STEK_FINGERPRINT_HEX_LEN);
}

static void after_the_writer_is_back_a_ring_is_fine_when_a_fresh_key_seals(void **state)
{
    struct stek_ring_state image = state_at(START);
    int64_t now = START + 4 * ROTATE_S + 30;

    (void)state;
    keep(&image, now, true);
    assert_int_equal(describe(&image, now).health, STEK_STATUS_CONTINUATION);
    for (int i = 0; i < 2; i++)
        keep(&image, now += ROTATE_S, true);
    const struct stek_status_ring ring = describe(&image, now);
    assert_int_equal(ring.health, STEK_STATUS_FINE);
    assert_int_equal(ring.continued_since, 0);
}

static void a_ring_out_of_reach_has_no_key(void **state)
{
    const struct stek_ring_state image = state_at(START);
    const struct stek_status_ring ring = describe(&image, START + 1000 * ROTATE_S);

    (void)state;
    assert_int_equal(ring.health, STEK_STATUS_NO_KEY);
    assert_null(stek_status_active(&ring));
    assert_non_null(strstr(ring.problem, "start stekd"));
}

static void a_key_is_found_by_its_number_or_its_digits(void **state)
{
    const struct stek_ring_state image = state_at(START);
    const struct stek_status_ring ring = describe(&image, START);
    char id[STEK_FINGERPRINT_HEX_LEN + 1];
    size_t matches = 0;

    (void)state;
    assert_ptr_equal(stek_status_find(&ring, "2", &matches), &ring.key[1]);
    (void)snprintf(id, sizeof id, "%.4s", ring.key[2].fingerprint);
    assert_ptr_equal(stek_status_find(&ring, id, &matches), &ring.key[2]);
    assert_ptr_equal(stek_status_find(&ring, ring.key[0].fingerprint, &matches), &ring.key[0]);
    (void)snprintf(id, sizeof id, "%.3s", ring.key[2].fingerprint); /* too few to be sure */
    assert_null(stek_status_find(&ring, id, &matches));
    assert_int_equal(matches, 0);
}

static void a_name_that_two_keys_have_finds_neither(void **state)
{
    const struct stek_ring_state image = state_at(START);
    struct stek_status_ring ring = describe(&image, START);
    size_t matches = 0;

    (void)state;
    memcpy(ring.key[0].fingerprint, "abcdef", 6);
    memcpy(ring.key[1].fingerprint, "abcd00", 6);
    assert_null(stek_status_find(&ring, "abcd", &matches));
    assert_int_equal(matches, 2);
    assert_ptr_equal(stek_status_find(&ring, "abcd0", &matches), &ring.key[1]);
}

static void the_share_of_resumptions_is_cut_off_not_rounded_up(void **state)
{
    struct stek_status_ring ring = {.has_stats = true};

    (void)state;
    assert_int_equal(stek_status_resumption_permille(&ring), -1);
    ring.stats.count[STEK_COUNT_OPENED] = 9;
    ring.stats.count[STEK_COUNT_DAMAGED] = 1;
    assert_int_equal(stek_status_resumption_permille(&ring), 900);
    ring.stats.count[STEK_COUNT_OPENED] = 99999;
    assert_int_equal(stek_status_resumption_permille(&ring), 999);
    ring.stats.count[STEK_COUNT_OPENED] = (uint64_t)1 << 60;
    ring.stats.count[STEK_COUNT_UNKNOWN] = (uint64_t)1 << 60;
    assert_int_equal(stek_status_resumption_permille(&ring), 500);
}

/* JSON and back; the caller compares. */
static struct stek_status_ring there_and_back(const struct stek_status_ring *ring)
{
    json_t *object = stek_status_json(ring);
    struct stek_status_ring back;

    assert_non_null(object);
    assert_null(stek_status_parse(object, &back));
    json_decref(object);
    return back;
}

static void json_and_back_is_the_same(void **state)
{
    const struct stek_ring_state image = state_at(START + 2 * ROTATE_S);
    struct stek_status_ring rings[3] = {describe(&image, START + 250),
                                        describe(&image, START + 1000)};

    (void)state;
    stek_status_unreadable("mail", "it is on a disk", &rings[2]);
    for (size_t i = 0; i < 3; i++) {
        const struct stek_status_ring back = there_and_back(&rings[i]);
        json_t *again = stek_status_json(&back);
        json_t *first = stek_status_json(&rings[i]);
        assert_true(json_equal(first, again));
        json_decref(first);
        json_decref(again);
        assert_int_equal(back.key_count, rings[i].key_count);
        assert_int_equal(back.health, rings[i].health);
        assert_string_equal(back.problem, rings[i].problem);
    }
}

static void without_counters_json_says_null(void **state)
{
    const struct stek_ring_state image = state_at(START);
    struct stek_status_ring ring;

    (void)state;
    assert_int_equal(stek_status_describe("web", &image, NULL, START, &ring), STEK_OK);
    json_t *object = stek_status_json(&ring);
    assert_true(json_is_null(json_object_get(object, "tickets")));
    assert_true(json_is_null(json_object_get(object, "consumers")));
    json_decref(object);
    assert_false(there_and_back(&ring).has_stats);
}

/* One member in the place of another. */
static const char *with(const char *name, json_t *value)
{
    const struct stek_ring_state image = state_at(START);
    const struct stek_status_ring ring = describe(&image, START);
    json_t *object = stek_status_json(&ring);
    struct stek_status_ring back;

    assert_int_equal(json_object_set_new(object, name, value), 0);
    const char *problem = stek_status_parse(object, &back);
    json_decref(object);
    return problem;
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    assert_null(with("added-later", json_true()));
    assert_non_null(with("name", json_string("../x")));
    assert_non_null(with("name", json_integer(1)));
    assert_non_null(with("health", json_string("splendid")));
    assert_non_null(with("problem", json_string("two\nlines")));
    assert_non_null(with("floor", json_integer(-1)));
    assert_non_null(with("changed_at", json_string("now")));
    assert_non_null(with("policy", json_object()));
    assert_non_null(with("keys", json_null()));
    assert_non_null(with("keys", json_pack("[{s:i}]", "seq", 1)));
    assert_non_null(with("tickets", json_object()));
    assert_non_null(with("consumers", json_null()));
}

static void more_keys_than_a_ring_holds_are_refused(void **state)
{
    json_t *keys = json_array();

    (void)state;
    for (int i = 0; i < STEK_RECORDS_MAX + 1; i++)
        json_array_append_new(
            keys, json_pack("{s:i, s:s, s:s, s:s, s:i, s:i, s:i}", "seq", i + 1, "fingerprint",
                            "0123456789abcdef0123456789abcdef", "state", "draining", "origin",
                            "published", "active_from", 1, "active_until", 2, "accept_until", 3));
    assert_non_null(with("keys", keys));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_told_with_state_origin_times_and_fingerprint),
        cmocka_unit_test(nothing_secret_is_in_it),
        cmocka_unit_test(a_ring_that_nobody_keeps_is_told_as_its_holders_have_it),
        cmocka_unit_test(after_the_writer_is_back_a_ring_is_fine_when_a_fresh_key_seals),
        cmocka_unit_test(a_ring_out_of_reach_has_no_key),
        cmocka_unit_test(a_key_is_found_by_its_number_or_its_digits),
        cmocka_unit_test(a_name_that_two_keys_have_finds_neither),
        cmocka_unit_test(the_share_of_resumptions_is_cut_off_not_rounded_up),
        cmocka_unit_test(json_and_back_is_the_same),
        cmocka_unit_test(without_counters_json_says_null),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(more_keys_than_a_ring_holds_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
