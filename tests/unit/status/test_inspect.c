/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator hears of a ticket. */
#include "tls_tickets.h"

#include "status/ticketfile.h"
#include "tls/context/context.h"

#include <openssl/pem.h>

#include <string.h>

enum { HOUR_S = 3600 };

static struct stek_ring_state state_of(const struct tls_test *test)
{
    struct stek_ring_state state;
    uint64_t generation;

    assert_int_equal(stek_image_read(test->ring->image, &state, &generation), STEK_OK);
    return state;
}

static struct stek_inspection inspect(struct tls_test *test, const uint8_t *ticket, size_t len)
{
    const struct stek_ring_state state = state_of(test);
    struct stek_context contexts[2] = {{5, "other"}, {0}};
    struct stek_inspection found;
    enum stek_sharing sharing;

    assert_int_equal(
        stek_context_auto(test->server, STEK_SHARING_NAMES, NULL, false, &sharing, &contexts[1]),
        STEK_OK);
    assert_int_equal(
        stek_inspect_ticket(&state.records, contexts, 2, ticket, len, tls_clock_now(), &found),
        STEK_OK);
    return found;
}

static struct stek_inspection inspect_session(struct tls_test *test, const SSL_SESSION *session)
{
    size_t len;
    const uint8_t *ticket = tls_ticket_bytes(session, &len);

    return inspect(test, ticket, len);
}

static void a_ticket_is_found_under_its_key(void **state)
{
    struct tls_test *test = *state;
    const struct stek_inspection found = inspect_session(test, tls_get_ticket(test));
    const struct stek_ring_state ring = state_of(test);

    assert_int_equal(found.verdict, STEK_INSPECT_SOUND);
    assert_int_equal(found.seq, ring.records.at[0].seq);
    assert_memory_equal(&found.fingerprint, &ring.records.at[0].fingerprint,
                        sizeof found.fingerprint);
    assert_int_equal(found.state, STEK_STATE_ACTIVE);
    assert_int_equal(found.accept_until, ring.records.at[0].accept_until);
}

static void it_tells_when_ticket_and_handshake_were(void **state)
{
    struct tls_test *test = *state;
    const int64_t began = tls_clock_now();
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(HOUR_S + 100); /* a newer key: it is renewed in every protocol */
    const struct tls_visit visit = tls_come_back(test, session);
    assert_resumed(visit);
    const struct stek_inspection found = inspect_session(test, visit.session);
    assert_int_equal(found.sealed_at,
                     test->mode->version == TLS1_3_VERSION ? began + HOUR_S + 100 : 0);
    assert_true(found.has_origin);
    assert_int_equal(found.origin, began);
    assert_true(found.timeout_s > 0);
    assert_int_equal(found.tls_version, test->mode->version);
    assert_false(found.has_cert);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int take_any_name(SSL *ssl, int *alert, void *arg)
{
    (void)ssl, (void)alert, (void)arg;
    return SSL_TLSEXT_ERR_OK;
}

/* libssl keeps the name in the session only when the program took it. */
static void it_tells_the_server_name_that_the_program_took(void **state)
{
    struct tls_test *test = *state;

    assert_string_equal(inspect_session(test, tls_get_ticket(test)).server_name, "");
    (void)SSL_CTX_set_tlsext_servername_callback(test->server, take_any_name);
    assert_string_equal(inspect_session(test, tls_get_ticket(test)).server_name, "a.example");
}

static void the_state_is_that_of_now(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_clock_pass(2 * HOUR_S);
    (void)tls_get_ticket(test); /* so that the ring is brought up to date */
    assert_int_equal(inspect_session(test, session).state, STEK_STATE_DRAINING);
}

static void a_ticket_of_another_ring_is_unknown(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    tls_use_policy(test, NULL);
    (void)tls_get_ticket(test);
    assert_int_equal(inspect_session(test, session).verdict, STEK_INSPECT_UNKNOWN);
}

/* The MAC is looked at before anything is decrypted: each byte is under it. */
static void any_changed_byte_is_damage_or_another_name(void **state)
{
    struct tls_test *test = *state;
    uint8_t copy[4096];
    size_t len;
    const uint8_t *ticket = tls_ticket_bytes(tls_get_ticket(test), &len);

    memcpy(copy, ticket, len);
    for (size_t i = 0; i < len; i += i < 40 ? 1 : 17) {
        copy[i] ^= 0x20;
        assert_int_equal(inspect(test, copy, len).verdict,
                         i < 16 ? STEK_INSPECT_UNKNOWN : STEK_INSPECT_DAMAGED);
        copy[i] ^= 0x20;
    }
}

static void what_has_not_the_form_of_a_ticket_is_none(void **state)
{
    struct tls_test *test = *state;
    size_t len;
    const uint8_t *ticket = tls_ticket_bytes(tls_get_ticket(test), &len);

    assert_int_equal(inspect(test, ticket, 0).verdict, STEK_INSPECT_TOO_SHORT);
    assert_int_equal(inspect(test, ticket, 79).verdict, STEK_INSPECT_TOO_SHORT);
    assert_int_equal(inspect(test, ticket, len - 1).verdict, STEK_INSPECT_TOO_SHORT);
    assert_int_equal(inspect(test, ticket, len - 16).verdict, STEK_INSPECT_DAMAGED);
}

static void what_is_sealed_but_no_session_is_unreadable(void **state)
{
    struct tls_test *test = *state;
    static const struct tls_state nonsense = {.len = 40, .bytes = "no session"};
    static const uint8_t iv[16] = {1};
    uint8_t ticket[4096];

    (void)tls_get_ticket(test);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);
    const size_t len = tls_ticket_seal(&nonsense, &key, iv, ticket);
    assert_int_equal(inspect(test, ticket, len).verdict, STEK_INSPECT_UNREADABLE);
}

static size_t write_pem(SSL_SESSION *session, uint8_t *ret_bytes, size_t max)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *data = NULL;

    assert_int_equal(PEM_write_bio_SSL_SESSION(memory, session), 1);
    const size_t len = (size_t)BIO_get_mem_data(memory, &data);
    assert_true(len <= max);
    memcpy(ret_bytes, data, len);
    BIO_free(memory);
    return len;
}

static void a_ticket_is_read_from_pem_and_as_bytes(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);
    uint8_t file[16384];
    uint8_t ticket[STEK_INSPECT_TICKET_MAX];
    size_t expected_len;
    const uint8_t *expected = tls_ticket_bytes(session, &expected_len);
    size_t len = 0;

    assert_null(stek_ticket_from_file(file, write_pem(session, file, sizeof file), ticket, &len));
    assert_int_equal(len, expected_len);
    assert_memory_equal(ticket, expected, len);
    assert_null(stek_ticket_from_file(expected, expected_len, ticket, &len));
    assert_memory_equal(ticket, expected, len);
}

static void base64_and_back_is_the_same(void **state)
{
    static char text[STEK_TICKET_BASE64_MAX];
    uint8_t ticket[STEK_INSPECT_TICKET_MAX];
    const uint8_t bytes[5] = {0, 255, 1, 254, 2};
    size_t len = 0;

    (void)state;
    for (size_t of = 1; of <= sizeof bytes; of++) {
        stek_ticket_encode(bytes, of, text);
        assert_true(stek_ticket_decode(text, ticket, &len));
        assert_int_equal(len, of);
        assert_memory_equal(ticket, bytes, of);
    }
    len = 7;
    assert_false(stek_ticket_decode("", ticket, &len));
    assert_false(stek_ticket_decode("abc", ticket, &len));
    assert_false(stek_ticket_decode("ab\x01=", ticket, &len));
    assert_int_equal(len, 7);
}

int main(void)
{
    static const struct tls_behaviour tickets[] = {
        TLS_BEHAVIOUR(a_ticket_is_found_under_its_key, TLS_ANY),
        TLS_BEHAVIOUR(it_tells_when_ticket_and_handshake_were, TLS_ALL),
        TLS_BEHAVIOUR(it_tells_the_server_name_that_the_program_took, TLS_ALL),
        TLS_BEHAVIOUR(the_state_is_that_of_now, TLS_ONCE),
        TLS_BEHAVIOUR(a_ticket_of_another_ring_is_unknown, TLS_ONCE),
        TLS_BEHAVIOUR(any_changed_byte_is_damage_or_another_name, TLS_ONCE),
        TLS_BEHAVIOUR(what_has_not_the_form_of_a_ticket_is_none, TLS_ONCE),
        TLS_BEHAVIOUR(what_is_sealed_but_no_session_is_unreadable, TLS_ONCE),
        TLS_BEHAVIOUR(a_ticket_is_read_from_pem_and_as_bytes, TLS_ALL),
        TLS_BEHAVIOUR(base64_and_back_is_the_same, TLS_ONCE),
    };

    return TLS_RUN(tickets);
}
