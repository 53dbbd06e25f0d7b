/* SPDX-License-Identifier: Apache-2.0 */
/* How long a chain of resumptions may live since its full handshake. The time is that of libssl,
 * too. */
#include "tls_tickets.h"

#include "tls/ossl.h"

#include <string.h>

enum { ROTATE_S = 3600, MAX_SESSION_AGE_S = 24 * 3600, SKEW_S = 3600 };

/* Comes back after each rotation, so that every resumption gets a ticket under a newer key. Returns
 * the last one. */
static SSL_SESSION *renew_until(struct tls_test *test, SSL_SESSION *session, int64_t end)
{
    while (tls_clock_now() + ROTATE_S <= end) {
        tls_clock_pass(ROTATE_S);
        const struct tls_visit visit = tls_come_back(test, session);
        assert_resumed(visit);
        assert_int_equal(visit.ticket_count, 1);
        assert_false(tls_same_key(visit.session, session));
        session = visit.session;
    }
    return session;
}

static void a_chain_of_renewed_tickets_lives_up_to_the_last_second_of_the_cap(void **state)
{
    struct tls_test *test = *state;
    const int64_t end = tls_clock_now() + MAX_SESSION_AGE_S;
    SSL_SESSION *session = renew_until(test, tls_get_ticket(test), end - 1);

    tls_clock_set(end - 1);
    assert_resumed(tls_come_back(test, session));
}

static void a_chain_of_renewed_tickets_ends_at_the_cap(void **state)
{
    struct tls_test *test = *state;
    const int64_t end = tls_clock_now() + MAX_SESSION_AGE_S;
    SSL_SESSION *session = renew_until(test, tls_get_ticket(test), end - 1);

    tls_clock_set(end);
    assert_full(tls_come_back(test, session));
}

static void the_full_handshake_at_the_end_begins_a_new_chain(void **state)
{
    struct tls_test *test = *state;
    int64_t end = tls_clock_now() + MAX_SESSION_AGE_S;
    SSL_SESSION *session = renew_until(test, tls_get_ticket(test), end - 1);

    tls_clock_set(end);
    const struct tls_visit visit = tls_come_back(test, session);
    assert_full(visit);
    end = tls_clock_now() + MAX_SESSION_AGE_S;
    session = renew_until(test, visit.session, end - 1);
    tls_clock_set(end - 1);
    assert_resumed(tls_come_back(test, session));
}

/* A ticket from a host whose clock is ahead, as seen by one that is behind. */
static struct tls_visit come_back_earlier(struct tls_test *test, int64_t seconds)
{
    SSL_SESSION *session;

    (void)tls_get_ticket(test);
    tls_clock_pass(seconds);
    session = tls_get_ticket(test);
    tls_clock_pass(-seconds);
    stek_ossl_session_set_time(session, (int64_t)tls_clock_now());
    return tls_come_back(test, session);
}

static void a_chain_that_begins_within_an_hour_from_now_is_believed(void **state)
{
    assert_resumed(come_back_earlier(*state, SKEW_S));
}

static void a_chain_that_begins_later_than_in_an_hour_is_not_believed(void **state)
{
    assert_full(come_back_earlier(*state, SKEW_S + 1));
}

/* What a server with the same 80 bytes in a key file does. */
static struct stek_ticket_key shared_key;

static int foreign_seal(unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                        struct stek_ossl_mac mac, int enc)
{
    if (enc == 0)
        return 0;
    memcpy(name, shared_key.name, sizeof shared_key.name);
    memset(iv, 1, 16);
    return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, shared_key.aes_key, iv) == 1 &&
           stek_ossl_mac_init(mac, shared_key.hmac_key, EVP_sha256());
}

static int foreign_evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                          EVP_MAC_CTX *mac, int enc)
{
    (void)ssl;
    return foreign_seal(name, iv, cipher, (struct stek_ossl_mac){.evp = mac}, enc);
}

static int foreign_hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                           HMAC_CTX *mac, int enc)
{
    (void)ssl;
    return foreign_seal(name, iv, cipher, (struct stek_ossl_mac){.hmac = mac}, enc);
}

/* A ticket of a server without this library, for a client that names no server. */
static SSL_SESSION *get_foreign_ticket(struct tls_test *test)
{
    SSL_CTX *foreign = tls_server_for(test, "a.example");

    (void)tls_get_ticket(test);
    shared_key = tls_active_key(test->ring, test->server);
    stek_ossl_install(foreign, foreign_evp_cb, foreign_hmac_cb);
    SSL_SESSION *session =
        tls_get_ticket_from(test, foreign, &(struct tls_call){.server_name = NULL});
    return session;
}

static struct tls_visit come_back_unnamed(struct tls_test *test, SSL_SESSION *session)
{
    return tls_visit(test, test->server, &(struct tls_call){.session = session});
}

static void a_ticket_without_a_chain_opens_and_begins_one(void **state)
{
    struct tls_test *test = *state;
    const int64_t end = tls_clock_now() + MAX_SESSION_AGE_S;
    SSL_SESSION *session = get_foreign_ticket(test);

    while (tls_clock_now() + ROTATE_S < end) {
        tls_clock_pass(ROTATE_S);
        const struct tls_visit visit = come_back_unnamed(test, session);
        assert_resumed(visit);
        session = visit.session;
    }
    tls_clock_set(end);
    assert_full(come_back_unnamed(test, session));
}

int main(void)
{
    static const struct tls_behaviour session_age[] = {
        TLS_BEHAVIOUR(a_chain_of_renewed_tickets_lives_up_to_the_last_second_of_the_cap, TLS_ALL),
        TLS_BEHAVIOUR(a_chain_of_renewed_tickets_ends_at_the_cap, TLS_ALL),
        TLS_BEHAVIOUR(the_full_handshake_at_the_end_begins_a_new_chain, TLS_ALL),
        TLS_BEHAVIOUR(a_chain_that_begins_within_an_hour_from_now_is_believed, TLS_ALL),
        TLS_BEHAVIOUR(a_chain_that_begins_later_than_in_an_hour_is_not_believed, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_without_a_chain_opens_and_begins_one, TLS_ALL),
    };

    return TLS_RUN(session_age);
}
