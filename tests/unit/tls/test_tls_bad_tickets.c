/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever a client presents as a ticket, there is a full handshake, no alert and a new ticket.
 * Every bit and every length is tried; STEK_TEST_STRIDE=N tries one in N only, for runs under tools
 * that are slow.
 */
#include "tls_spy.h"
#include "tls_tickets.h"

#include <stdlib.h>
#include <string.h>

enum {
    LONGEST = 62000 /* 65535 for all extensions of a ClientHello, and key shares have grown */,
    TICKET_MAX = 4096,
    IV_LEN = 16
};

static size_t stride(void)
{
    const char *text = getenv("STEK_TEST_STRIDE");
    const long value = text != NULL ? strtol(text, NULL, 10) : 1;

    return value > 1 ? (size_t)value : 1;
}

/* Presents these bytes in the place of the session's own ticket. */
static void assert_refused(struct tls_test *test, SSL_SESSION *session, const uint8_t *ticket,
                           size_t len)
{
    const struct tls_visit visit = tls_come_back(test, tls_with_ticket(test, session, ticket, len));

    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_true(tls_same_key(visit.session, session));
    tls_forget(test, 2);
}

/* Copies a good ticket. It comes with the spy, which sees that nothing is ever answered with an
 * error. */
static SSL_SESSION *get_ticket_copy(struct tls_test *test, uint8_t ret_ticket[TICKET_MAX],
                                    size_t *ret_len)
{
    SSL_SESSION *session = tls_get_ticket(test);
    const uint8_t *ticket = tls_ticket_bytes(session, ret_len);

    assert_between(*ret_len, 1, TICKET_MAX);
    memcpy(ret_ticket, ticket, *ret_len);
    tls_spy_place(test, test->server);
    return session;
}

static void with_any_one_bit_changed(void **state)
{
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    size_t len;
    SSL_SESSION *session = get_ticket_copy(test, ticket, &len);

    for (size_t bit = 0; bit < 8 * len; bit += stride()) {
        ticket[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_refused(test, session, ticket, len);
        ticket[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_resumed(tls_come_back(test, tls_with_ticket(test, session, ticket, len)));
    assert_true(tls_spy.opens > 8 * len / stride());
    assert_int_equal(tls_spy.negatives, 0);
}

static void with_the_end_cut_off_at_any_length(void **state)
{
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    size_t len;
    SSL_SESSION *session = get_ticket_copy(test, ticket, &len);

    for (size_t shorter = 1; shorter < len; shorter += stride())
        assert_refused(test, session, ticket, shorter);
    assert_refused(test, session, ticket, len - 1);
    assert_int_equal(tls_spy.negatives, 0);
}

static void with_bytes_added(void **state)
{
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX] = {0};
    size_t len;
    SSL_SESSION *session = get_ticket_copy(test, ticket, &len);

    for (size_t more = 1; more <= 64; more += stride())
        assert_refused(test, session, ticket, len + more);
}

static void of_no_bytes(void **state)
{
    struct tls_test *test = *state;

    assert_refused(test, tls_get_ticket(test), (const uint8_t *)"", 0);
}

static void of_one_byte(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    for (unsigned byte = 0; byte < 256; byte += 51)
        assert_refused(test, session, &(uint8_t){(uint8_t)byte}, 1);
}

static void of_64_kib(void **state)
{
    static uint8_t bytes[LONGEST];
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    size_t len;
    SSL_SESSION *session = get_ticket_copy(test, ticket, &len);

    memset(bytes, 0, sizeof bytes);
    assert_refused(test, session, bytes, sizeof bytes);
    memcpy(bytes, ticket, len);
    assert_refused(test, session, bytes, sizeof bytes);
    assert_true(tls_spy.opens >= 2);
    assert_int_equal(tls_spy.negatives, 0);
}

static void with_the_right_name_and_the_mac_of_another_key(void **state)
{
    static const uint8_t iv[IV_LEN];
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    struct tls_state sealed;
    SSL_SESSION *session = tls_get_ticket(test);
    struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    tls_ticket_open(session, &key, &sealed);
    key.hmac_key[0] ^= 1;
    assert_refused(test, session, ticket, tls_ticket_seal(&sealed, &key, iv, ticket));
}

static void with_the_name_of_one_key_and_the_bytes_of_another(void **state)
{
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    size_t len;

    (void)get_ticket_copy(test, ticket, &len);
    tls_clock_pass(3600);
    SSL_SESSION *newer = tls_get_ticket(test);
    memcpy(ticket, tls_ticket_bytes(newer, &(size_t){0}), STEK_NAME_LEN);
    assert_refused(test, newer, ticket, len);
}

/* Only a holder of the keys can make these. */
static void with_nonsense_under_a_good_seal(void **state)
{
    static const uint8_t iv[IV_LEN];
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    struct tls_state nonsense;
    SSL_SESSION *session = tls_get_ticket(test);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    tls_ticket_open(session, &key, &nonsense);
    for (size_t byte = 0; byte < 8; byte += stride()) {
        nonsense.bytes[byte] ^= 0x55;
        assert_refused(test, session, ticket, tls_ticket_seal(&nonsense, &key, iv, ticket));
        nonsense.bytes[byte] ^= 0x55;
    }
    for (nonsense.len = 0; nonsense.len < 64; nonsense.len += stride())
        assert_refused(test, session, ticket, tls_ticket_seal(&nonsense, &key, iv, ticket));
}

static void with_the_right_key_and_no_padding(void **state)
{
    struct tls_test *test = *state;
    uint8_t ticket[TICKET_MAX];
    size_t len;
    SSL_SESSION *session = get_ticket_copy(test, ticket, &len);
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);

    /* Without its last block of ciphertext, and with a MAC that is right for the rest. */
    assert_refused(test, session, ticket, tls_ticket_cut(ticket, len, 16, &key));
}

int main(void)
{
    static const struct tls_behaviour a_ticket_is_refused_and_replaced[] = {
        TLS_BEHAVIOUR(with_any_one_bit_changed, TLS_ALL),
        TLS_BEHAVIOUR(with_the_end_cut_off_at_any_length, TLS_ALL),
        TLS_BEHAVIOUR(with_bytes_added, TLS_ALL),
        TLS_BEHAVIOUR(of_no_bytes, TLS_BEFORE_13), /* in TLS 1.3 an identity has one at least */
        TLS_BEHAVIOUR(of_one_byte, TLS_ALL),
        TLS_BEHAVIOUR(of_64_kib, TLS_ALL),
        TLS_BEHAVIOUR(with_the_right_name_and_the_mac_of_another_key, TLS_ALL),
        TLS_BEHAVIOUR(with_the_name_of_one_key_and_the_bytes_of_another, TLS_ALL),
        TLS_BEHAVIOUR(with_nonsense_under_a_good_seal, TLS_ALL),
        TLS_BEHAVIOUR(with_the_right_key_and_no_padding, TLS_ALL),
    };

    return TLS_RUN(a_ticket_is_refused_and_replaced);
}
