/* SPDX-License-Identifier: Apache-2.0 */
/* Several targets with a control arm, early data, and what only time shows. */
#include "unit.h"

#include "audit_scene.h"

#include <stdlib.h>
#include <string.h>

/* Two targets, and a ticket of the first. */
static uint32_t two_targets(struct scene *scene)
{
    const uint32_t a = scene_target(scene, "a", "a.example");

    (void)scene_target(scene, "b", "b.example");
    return scene_offer(scene, a, STEK_AUDIT_TLS13, 'k');
}

/* What target 1 does under the name of target 0, without a ticket. */
static struct stek_audit_handshake *control(struct scene *scene, bool fits)
{
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_CONTROL, 1, STEK_AUDIT_TLS13);

    SCENE_SET(h->sni, "a.example");
    h->cert_fits = fits;
    return h;
}

static void finds_a_target_that_answers_in_a_name_that_is_not_its_own(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);

    (void)control(scene, false);
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_SHARED_KEYS, STEK_AUDIT_HIGH,
                 "shows a certificate that does not cover it");
    assert_int_equal(scene_found(scene, STEK_AUDIT_SHARED_KEYS)->target, 1);
    assert_int_equal(scene_found(scene, STEK_AUDIT_SHARED_KEYS)->other, 0);
}

static void finds_it_also_where_the_full_handshake_ends_with_an_alert(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);
    struct stek_audit_handshake *h = control(scene, false);

    h->outcome = STEK_AUDIT_ALERT;
    h->alert = 112;
    h->finished = h->cert_seen = false;
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_SHARED_KEYS, STEK_AUDIT_HIGH, "fails with alert 112");
}

static void what_a_full_handshake_would_give_anyway_is_no_flaw(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);

    (void)control(scene, true);
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_SHARED_KEYS, STEK_AUDIT_INFO, "succeeds, too");
}

static void without_a_control_arm_nothing_is_called_a_flaw(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);

    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_SHARED_KEYS, STEK_AUDIT_INFO,
                 "no full handshake under that name");
}

static void a_ticket_that_is_refused_shares_nothing(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);
    struct stek_audit_cell *cells;

    (void)control(scene, false);
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, false);
    scene_expect_none(scene, STEK_AUDIT_SHARED_KEYS);
    assert_int_equal(stek_audit_find_matrix(&scene->obs, &cells), STEK_OK);
    assert_int_equal(cells[0 * 2 + 1].verdict, STEK_AUDIT_CELL_REFUSED);
    assert_int_equal(cells[1 * 2 + 0].verdict, STEK_AUDIT_CELL_NOT_TRIED);
    free(cells);
}

static void a_shared_key_name_is_told_even_when_tickets_are_refused(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);

    (void)scene_offer(scene, 0, STEK_AUDIT_TLS13, 'k');
    (void)scene_offer(scene, 1, STEK_AUDIT_TLS13, 'k');
    (void)scene_offer(scene, 1, STEK_AUDIT_TLS13, 'k');
    (void)control(scene, false);
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, false);
    scene_expect(scene, STEK_AUDIT_SHARED_KEYS, STEK_AUDIT_INFO,
                 "the same key name, but 0 of 1 resumed");
}

static void finds_a_ticket_that_serves_under_another_name(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);

    (void)scene_full(scene, STEK_AUDIT_CONTROL, 1, STEK_AUDIT_TLS13);
    (void)scene_try_at(scene, STEK_AUDIT_OTHER_NAME, 1, ticket, false);
    scene_expect_none(scene, STEK_AUDIT_CROSS_NAME);
    (void)scene_try_at(scene, STEK_AUDIT_OTHER_NAME, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_CROSS_NAME, STEK_AUDIT_MEDIUM, "different certificates");
    const char *seen = scene_found(scene, STEK_AUDIT_CROSS_NAME)->observed;
    assert_null(strstr(seen, "issued for")); /* the label of the target names it already */
    scene->obs.tickets[ticket].sni[0] = '\0';
    scene_expect(scene, STEK_AUDIT_CROSS_NAME, STEK_AUDIT_LOW, ", issued for no name, resumed");
}

static void under_one_certificate_that_matters_less(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);
    struct stek_audit_handshake *h = scene_full(scene, STEK_AUDIT_CONTROL, 1, STEK_AUDIT_TLS13);

    memset(h->cert_sha256, 1, sizeof h->cert_sha256); /* that of the first target */
    (void)scene_try_at(scene, STEK_AUDIT_OTHER_NAME, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_CROSS_NAME, STEK_AUDIT_LOW, "the same certificate");
}

static void finds_a_ticket_in_place_of_a_client_certificate(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);
    struct stek_audit_handshake *h = control(scene, true);

    h->cert_requested = true;
    h->outcome = STEK_AUDIT_ALERT;
    h->alert = 116;
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, false);
    scene_expect_none(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS);
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS, STEK_AUDIT_HIGH,
                 "got without a client certificate");
}

/* nginx finishes the handshake, and answers 400 to a client without a certificate. */
static void believes_the_answer_where_the_handshake_succeeds_for_all(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);
    struct stek_audit_handshake *h = control(scene, true);

    h->cert_requested = true;
    SCENE_SET(h->answer, "HTTP/1.1 400 Bad Request");
    h = scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    SCENE_SET(h->answer, "HTTP/1.1 400 Bad Request");
    scene_expect_none(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS);
    SCENE_SET(scene->obs.handshakes[scene->obs.handshakes_len - 1].answer, "HTTP/1.1 200 OK");
    scene_expect(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS, STEK_AUDIT_HIGH, "HTTP/1.1 400 Bad Request");
}

static void a_server_that_asks_and_does_not_demand_is_not_bypassed(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);

    control(scene, true)->cert_requested = true;
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect_none(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS);
}

/* A ticket that carries a certificate serves rightly where that certificate is welcome. */
static void a_ticket_with_a_certificate_bypasses_only_who_refuses_it(void **state)
{
    struct scene *scene = *state;
    const uint32_t ticket = two_targets(scene);
    struct stek_audit_handshake *h = control(scene, true);

    h->cert_requested = true;
    h->outcome = STEK_AUDIT_ALERT;
    scene->obs.tickets[ticket].cert_sent = true;
    (void)scene_try_at(scene, STEK_AUDIT_MATRIX, 1, ticket, true);
    scene_expect_none(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS);
    h = scene_full(scene, STEK_AUDIT_OFFER, 1, STEK_AUDIT_TLS13);
    SCENE_SET(h->sni, "a.example");
    h->cert_requested = h->cert_sent = true;
    h->outcome = STEK_AUDIT_ALERT;
    scene_expect(scene, STEK_AUDIT_CLIENT_AUTH_BYPASS, STEK_AUDIT_HIGH,
                 "with a client certificate that this target");
}

static void tells_early_data_and_a_guard_that_holds_for_one_process(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_expect_none(scene, STEK_AUDIT_EARLY_DATA);
    scene->obs.tickets[1].max_early_data = 16384;
    scene_try(scene, STEK_AUDIT_EARLY_FIRST, 1, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    scene_try(scene, STEK_AUDIT_EARLY_REPLAY, 1, true)->early = STEK_AUDIT_EARLY_REFUSED;
    scene_expect(scene, STEK_AUDIT_EARLY_DATA, STEK_AUDIT_INFO,
                 "up to 16384 bytes; accepted in 1 of 1 try");
    scene_expect(scene, STEK_AUDIT_EARLY_DATA, STEK_AUDIT_INFO, "0 of 1 exact copy was accepted");
    scene_expect_none(scene, STEK_AUDIT_EARLY_DATA_REPLAY);
    scene_expect_none(scene, STEK_AUDIT_EARLY_DATA_PARTLY);
    scene_try(scene, STEK_AUDIT_EARLY_REPLAY, 1, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    scene_expect(scene, STEK_AUDIT_EARLY_DATA_PARTLY, STEK_AUDIT_HIGH,
                 "1 of 2 exact copies of accepted early data was accepted");
    scene_expect_none(scene, STEK_AUDIT_EARLY_DATA_REPLAY);
}

static void early_data_of_which_every_copy_is_accepted_has_no_guard(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_try(scene, STEK_AUDIT_EARLY_FIRST, 1, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    for (int i = 0; i < 2; i++)
        scene_try(scene, STEK_AUDIT_EARLY_REPLAY, 1, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    scene_expect(scene, STEK_AUDIT_EARLY_DATA_REPLAY, STEK_AUDIT_HIGH, "2 of 2 exact copies");
    scene_expect_none(scene, STEK_AUDIT_EARLY_DATA_PARTLY);
}

static void early_data_that_was_first_refused_is_no_replay(void **state)
{
    struct scene *scene = *state;

    (void)scene_sound(scene);
    scene_try(scene, STEK_AUDIT_EARLY_FIRST, 1, true)->early = STEK_AUDIT_EARLY_REFUSED;
    scene_try(scene, STEK_AUDIT_EARLY_REPLAY, 1, true)->early = STEK_AUDIT_EARLY_ACCEPTED;
    scene_expect_none(scene, STEK_AUDIT_EARLY_DATA_REPLAY);
}

/* One ticket every `every_s` for `samples` times, the key changing after each `per_key`. */
static void sample(struct scene *scene, int samples, int per_key, int64_t every_s)
{
    const uint32_t target = scene_target(scene, "a", "a");

    scene->obs.plan.watch_s = samples * every_s;
    scene->obs.plan.sample_s = every_s;
    for (int i = 0; i < samples; i++) {
        (void)scene_full(scene, STEK_AUDIT_SAMPLE, target, STEK_AUDIT_TLS12);
        (void)scene_ticket(scene, (uint8_t)('a' + i / per_key));
        scene->now += every_s - 1;
    }
}

static void measures_the_rotation_interval(void **state)
{
    struct scene *scene = *state;

    sample(scene, 30, 6, 600);
    scene_expect(scene, STEK_AUDIT_KEY_ROTATION, STEK_AUDIT_INFO,
                 "4 changes in 4.8 h, 60 min to 60 min apart");
    scene_expect_none(scene, STEK_AUDIT_ROTATION_SLOW);
}

static void finds_a_key_that_serves_for_over_a_day(void **state)
{
    struct scene *scene = *state;

    sample(scene, 26, 100, 3600);
    scene_expect(scene, STEK_AUDIT_ROTATION_SLOW, STEK_AUDIT_MEDIUM, "for 25 h");
    scene_expect(scene, STEK_AUDIT_KEY_ROTATION, STEK_AUDIT_INFO, "no change in 25 h");
}

static void a_key_that_is_seen_for_a_day_is_not_slow(void **state)
{
    struct scene *scene = *state;

    sample(scene, 25, 100, 3600);
    scene_expect_none(scene, STEK_AUDIT_ROTATION_SLOW);
}

static void finds_a_ticket_that_outlives_its_lifetime(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    const uint32_t ticket = scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');

    scene->now += 7100;
    (void)scene_try(scene, STEK_AUDIT_LIFE, ticket, true);
    scene_expect_none(scene, STEK_AUDIT_LIVES_BEYOND_HINT);
    scene_expect(scene, STEK_AUDIT_TICKET_LIFE, STEK_AUDIT_INFO,
                 "1 of 1 ticket that had waited resumed");
    scene->now += 7100;
    (void)scene_try(scene, STEK_AUDIT_LIFE, ticket, true);
    scene_expect(scene, STEK_AUDIT_LIVES_BEYOND_HINT, STEK_AUDIT_MEDIUM, "one of 7200 s (2 h)");
}

static void a_ticket_that_dies_in_time_is_told_only(void **state)
{
    struct scene *scene = *state;
    const uint32_t target = scene_target(scene, "a", "a");
    const uint32_t ticket = scene_offer(scene, target, STEK_AUDIT_TLS12, 'k');

    scene->now += 7201;
    (void)scene_try(scene, STEK_AUDIT_LIFE, ticket, false);
    scene_expect(scene, STEK_AUDIT_TICKET_LIFE, STEK_AUDIT_INFO, "the youngest that was refused");
    scene_expect_none(scene, STEK_AUDIT_LIVES_BEYOND_HINT);
}

/* A chain: each resumption brings the ticket of the next. */
static void chain(struct scene *scene, int links, int64_t every_s)
{
    uint32_t ticket = scene_offer(scene, scene_target(scene, "a", "a"), STEK_AUDIT_TLS13, 'k');

    for (int i = 0; i < links; i++) {
        scene->now += every_s;
        scene_try(scene, STEK_AUDIT_CHAIN, ticket, true)->tickets = 0;
        (void)scene_ticket(scene, 'k');
        ticket = (uint32_t)scene->obs.tickets_len - 1;
    }
}

static void finds_a_chain_that_goes_on_beyond_its_first_lifetime(void **state)
{
    struct scene *scene = *state;

    chain(scene, 5, 1800);
    scene_expect(scene, STEK_AUDIT_CHAIN_UNBOUNDED, STEK_AUDIT_MEDIUM,
                 "the first ticket's lifetime was 2 h");
    scene_expect_none(
        scene, STEK_AUDIT_LIVES_BEYOND_HINT); /* no ticket of it was older than that itself */
}

static void a_chain_within_its_first_lifetime_is_fine(void **state)
{
    struct scene *scene = *state;

    chain(scene, 3, 1800);
    scene_expect_none(scene, STEK_AUDIT_CHAIN_UNBOUNDED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_SCENE(finds_a_target_that_answers_in_a_name_that_is_not_its_own),
        WITH_SCENE(finds_it_also_where_the_full_handshake_ends_with_an_alert),
        WITH_SCENE(what_a_full_handshake_would_give_anyway_is_no_flaw),
        WITH_SCENE(without_a_control_arm_nothing_is_called_a_flaw),
        WITH_SCENE(a_ticket_that_is_refused_shares_nothing),
        WITH_SCENE(a_shared_key_name_is_told_even_when_tickets_are_refused),
        WITH_SCENE(finds_a_ticket_that_serves_under_another_name),
        WITH_SCENE(under_one_certificate_that_matters_less),
        WITH_SCENE(finds_a_ticket_in_place_of_a_client_certificate),
        WITH_SCENE(believes_the_answer_where_the_handshake_succeeds_for_all),
        WITH_SCENE(a_server_that_asks_and_does_not_demand_is_not_bypassed),
        WITH_SCENE(a_ticket_with_a_certificate_bypasses_only_who_refuses_it),
        WITH_SCENE(tells_early_data_and_a_guard_that_holds_for_one_process),
        WITH_SCENE(early_data_of_which_every_copy_is_accepted_has_no_guard),
        WITH_SCENE(early_data_that_was_first_refused_is_no_replay),
        WITH_SCENE(measures_the_rotation_interval),
        WITH_SCENE(finds_a_key_that_serves_for_over_a_day),
        WITH_SCENE(a_key_that_is_seen_for_a_day_is_not_slow),
        WITH_SCENE(finds_a_ticket_that_outlives_its_lifetime),
        WITH_SCENE(a_ticket_that_dies_in_time_is_told_only),
        WITH_SCENE(finds_a_chain_that_goes_on_beyond_its_first_lifetime),
        WITH_SCENE(a_chain_within_its_first_lifetime_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
