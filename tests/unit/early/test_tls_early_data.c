/* SPDX-License-Identifier: Apache-2.0 */
/* Early data is accepted of each ticket at most once, by the program that sealed it. */
#include "tls_counts.h"
#include "tls_early.h"
#include "tls_tickets.h"

#include "early/register.h"

#include <string.h>

static struct tls_flight flight;

/* A ticket of this server, and a recorded flight that brings it back. */
static void record(struct tls_test *test, SSL_CTX *server)
{
    tls_early_flight(test, tls_get_early_ticket(test, server), &flight);
}

static void a_recorded_flight_is_accepted_once(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    tls_counts_begin(test);
    record(test, server);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    tls_assert_early_counted(STEK_COUNT_EARLY_ACCEPTED, 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    assert_int_equal(stats_sum_of(STEK_COUNT_EARLY_ACCEPTED), 1);
    assert_int_equal(stats_sum_of(STEK_COUNT_EARLY_REPLAYED), 10);
    tls_counts_end(test);
}

/* The control: this is what a program without stek does. */
static void as_is_a_recorded_flight_is_accepted_again_and_again(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_AS_IS);

    tls_counts_begin(test);
    record(test, server);
    for (int i = 0; i < 10; i++)
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    tls_assert_early_counted(STEK_COUNT_EARLY_ACCEPTED, 0);
    tls_counts_end(test);
}

static void never_refuses_the_first_one_too(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_NEVER);

    record(test, server);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
}

static void attaching_again_changes_the_setting(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    tls_attach_early(test, server, STEK_EARLY_DATA_AS_IS);
    record(test, server);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
}

static void a_setting_that_there_is_not_is_refused(void **state)
{
    struct tls_test *test = *state;

    for (int wrong = -1; wrong <= 3; wrong += 4)
        assert_int_equal(stek_attach(test->server, test->ring,
                                     &(struct stek_attach_options){.early_data = wrong}),
                         STEK_ERR_ARGUMENT);
}

static void every_ticket_may_bring_early_data_once(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);

    for (int i = 0; i < 5; i++) {
        tls_early_flight(test, session, &flight);
        const struct tls_visit next = tls_visit(
            test, server, &(struct tls_call){.server_name = "a.example", .session = session});
        assert_resumed(next);
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
        session = next.session;
    }
}

static void a_spent_ticket_resumes_without_early_data(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);
    const struct tls_call call = {.server_name = "a.example", .session = session};

    tls_early_flight(test, session, &flight);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    assert_resumed(tls_visit(test, server, &call));
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
}

/* It shares tickets by name with one that does. */
static void an_ssl_ctx_that_accepts_no_early_data_spends_no_ticket(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_CTX *other = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    assert_int_equal(SSL_CTX_set_max_early_data(other, 0), 1);
    record(test, server);
    assert_int_equal(tls_early_replay(other, &flight), TLS_EARLY_RESUMED);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    assert_int_equal(tls_early_replay(other, &flight), TLS_EARLY_RESUMED);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
}

/* They share tickets by name. */
static void another_ssl_ctx_of_the_program_counts_along(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_CTX *other = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    record(test, one);
    assert_int_equal(tls_early_replay(other, &flight), TLS_EARLY_ACCEPTED);
    assert_int_equal(tls_early_replay(one, &flight), TLS_EARLY_RESUMED);
    assert_int_equal(tls_early_replay(other, &flight), TLS_EARLY_RESUMED);
}

/* After a restart, or on another host with the same ring. */
static void at_another_program_a_ticket_resumes_without_early_data(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    struct stek_register *reg = stek_register_get0();

    tls_counts_begin(test);
    record(test, server);
    (void)atomic_fetch_xor(&reg->instance[0], 1);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    tls_assert_early_counted(STEK_COUNT_EARLY_FOREIGN, 1);
    (void)atomic_fetch_xor(&reg->instance[0], 1);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    tls_counts_end(test);
}

static void a_ticket_from_a_server_that_accepts_none_brings_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_CTX *as_is = tls_early_server(test, STEK_EARLY_DATA_AS_IS);

    tls_counts_begin(test);
    record(test, as_is);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    tls_assert_early_counted(STEK_COUNT_EARLY_FOREIGN, 1);
    tls_counts_end(test);
}

static void a_ticket_that_has_left_the_window_brings_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    tls_counts_begin(test);
    record(test, server);
    (void)atomic_fetch_add(&stek_register_get0()->issued, STEK_REGISTER_WINDOW);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    tls_assert_early_counted(STEK_COUNT_EARLY_TOO_OLD, 1);
    tls_counts_end(test);
}

/* The same session with another serial in its ticket, sealed by somebody who has the key. */
static SSL_SESSION *with_serial(struct tls_test *test, SSL_CTX *server, SSL_SESSION *session,
                                uint64_t serial)
{
    static const uint8_t magic[] = {'s', 't', 'k', 2};
    const struct stek_ticket_key key = tls_active_key(test->ring, server);
    const uint8_t iv[16] = {7};
    struct stek_appdata appdata;
    struct tls_state sealed;
    uint8_t ticket[4096];

    tls_ticket_open(session, &key, &sealed);
    uint8_t *at = memmem(sealed.bytes, sealed.len, magic, sizeof magic);
    assert_non_null(at);
    assert_true(stek_appdata_decode(at, STEK_APPDATA_LEN, &appdata));
    appdata.serial = serial;
    stek_appdata_encode(&appdata, at);
    return tls_with_ticket(test, session, ticket, tls_ticket_seal(&sealed, &key, iv, ticket));
}

static void a_serial_that_nobody_gave_brings_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);
    const uint64_t issued = atomic_load(&stek_register_get0()->issued);
    const uint64_t forged[] = {issued + 1, issued + STEK_REGISTER_WINDOW, UINT64_MAX, 0};

    tls_counts_begin(test);
    for (size_t i = 0; i < 4; i++) {
        tls_early_flight(test, with_serial(test, server, session, forged[i]), &flight);
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    }
    tls_assert_early_counted(STEK_COUNT_EARLY_FOREIGN, 4);
    tls_early_flight(test, with_serial(test, server, session, issued), &flight);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    tls_counts_end(test);
}

/* Each bit of a ticket is authenticated. */
static void who_changes_a_ticket_gets_a_full_handshake(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);
    uint8_t ticket[4096];
    size_t len;

    memcpy(ticket, tls_ticket_bytes(session, &len), sizeof ticket < len ? sizeof ticket : len);
    for (size_t at = 16; at < len; at += 16) {
        ticket[at] ^= 1;
        tls_early_flight(test, tls_with_ticket(test, session, ticket, len), &flight);
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_FULL);
        ticket[at] ^= 1;
    }
    tls_early_flight(test, session, &flight);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
}

/* What the sealed appdata says. */
static struct stek_appdata appdata_of(struct tls_test *test, SSL_CTX *server,
                                      const SSL_SESSION *session)
{
    static const uint8_t magic[] = {'s', 't', 'k', 2};
    const struct stek_ticket_key key = tls_active_key(test->ring, server);
    struct stek_appdata appdata;
    struct tls_state sealed;

    tls_ticket_open(session, &key, &sealed);
    const uint8_t *at = memmem(sealed.bytes, sealed.len, magic, sizeof magic);
    assert_non_null(at);
    assert_true(stek_appdata_decode(at, STEK_APPDATA_LEN, &appdata));
    return appdata;
}

static void where_no_early_data_is_accepted_tickets_have_no_serial(void **state)
{
    struct tls_test *test = *state;
    const uint64_t issued = atomic_load(&stek_register_get0()->issued);
    const struct stek_appdata appdata = appdata_of(test, test->server, tls_get_ticket(test));
    const uint8_t nobody[STEK_INSTANCE_LEN] = {0};

    assert_int_equal(appdata.serial, 0);
    assert_memory_equal(appdata.instance, nobody, sizeof nobody);
    assert_int_equal(atomic_load(&stek_register_get0()->issued), issued);
}

/* It came from a server that does, and goes on at one that does not. */
static void a_renewed_ticket_does_not_keep_the_serial_of_the_former(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);
    const struct tls_visit visit = tls_come_back(test, session);

    assert_resumed(visit);
    assert_int_not_equal(appdata_of(test, server, session).serial, 0);
    assert_int_equal(appdata_of(test, server, visit.session).serial, 0);
}

int main(void)
{
    static const struct tls_behaviour early_data[] = {
        TLS_BEHAVIOUR(a_recorded_flight_is_accepted_once, TLS_ONCE),
        TLS_BEHAVIOUR(as_is_a_recorded_flight_is_accepted_again_and_again, TLS_ONCE),
        TLS_BEHAVIOUR(never_refuses_the_first_one_too, TLS_ONCE),
        TLS_BEHAVIOUR(attaching_again_changes_the_setting, TLS_ONCE),
        TLS_BEHAVIOUR(a_setting_that_there_is_not_is_refused, TLS_ONCE),
        TLS_BEHAVIOUR(every_ticket_may_bring_early_data_once, TLS_ONCE),
        TLS_BEHAVIOUR(a_spent_ticket_resumes_without_early_data, TLS_ONCE),
        TLS_BEHAVIOUR(an_ssl_ctx_that_accepts_no_early_data_spends_no_ticket, TLS_ONCE),
        TLS_BEHAVIOUR(another_ssl_ctx_of_the_program_counts_along, TLS_ONCE),
        TLS_BEHAVIOUR(at_another_program_a_ticket_resumes_without_early_data, TLS_ONCE),
        TLS_BEHAVIOUR(a_ticket_from_a_server_that_accepts_none_brings_none, TLS_ONCE),
        TLS_BEHAVIOUR(a_ticket_that_has_left_the_window_brings_none, TLS_ONCE),
        TLS_BEHAVIOUR(a_serial_that_nobody_gave_brings_none, TLS_ONCE),
        TLS_BEHAVIOUR(who_changes_a_ticket_gets_a_full_handshake, TLS_ONCE),
        TLS_BEHAVIOUR(where_no_early_data_is_accepted_tickets_have_no_serial, TLS_ALL),
        TLS_BEHAVIOUR(a_renewed_ticket_does_not_keep_the_serial_of_the_former, TLS_ONCE),
    };

    return TLS_RUN(early_data);
}
