/* SPDX-License-Identifier: Apache-2.0 */
/* Early data in programs that have callbacks, ticket keys or pre-shared keys of their own. */
#include "tls_counts.h"
#include "tls_early.h"

#include "tls/attachment.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static struct tls_flight flight;

/* A ticket of this server, and a recorded flight that brings it back. */
static void record(struct tls_test *test, SSL_CTX *server)
{
    tls_early_flight(test, tls_get_early_ticket(test, server), &flight);
}

static unsigned told;

static void tell(enum stek_event event)
{
    told += event == STEK_EVENT_UNCHECKED_EARLY_DATA;
}

static int allow(SSL *ssl, void *arg)
{
    (void)ssl, (void)arg;
    return 1;
}

static void early_data_that_the_program_accepts_by_itself_is_seen(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);

    told = 0;
    stek_attachment_watch(tell);
    tls_counts_begin(test);
    SSL_CTX_set_allow_early_data_cb(server, allow, NULL);
    assert_int_equal(tls_early_visit(test, server, session), TLS_EARLY_ACCEPTED);
    tls_assert_early_counted(STEK_COUNT_EARLY_UNCHECKED, 1);
    assert_int_equal(tls_early_visit(test, server, session), TLS_EARLY_ACCEPTED);
    tls_assert_early_counted(STEK_COUNT_EARLY_UNCHECKED, 2);
    assert_int_equal(told, 2);
    stek_attachment_watch(NULL);
    tls_counts_end(test);
}

static void early_data_that_stek_let_pass_is_not_taken_for_that(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);
    SSL_SESSION *session = tls_get_early_ticket(test, server);

    tls_counts_begin(test);
    assert_int_equal(tls_early_visit(test, server, session), TLS_EARLY_ACCEPTED);
    tls_assert_early_counted(STEK_COUNT_EARLY_ACCEPTED, 1);
    tls_counts_end(test);
}

static int generate(SSL *ssl, void *arg)
{
    (void)ssl, (void)arg;
    return 1;
}

static SSL_TICKET_RETURN use(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                             size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    (void)ssl, (void)session, (void)name, (void)name_len, (void)arg;
    return status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW
               ? SSL_TICKET_RETURN_USE_RENEW
               : SSL_TICKET_RETURN_IGNORE_RENEW;
}

static void tickets_of_the_programs_session_ticket_callbacks_bring_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    assert_int_equal(SSL_CTX_set_session_ticket_cb(server, generate, use, NULL), 1);
    tls_counts_begin(test);
    record(test, server);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    tls_assert_early_counted(STEK_COUNT_EARLY_FOREIGN, 1);
    tls_counts_end(test);
}

/* The program's ticket keys; stek's session-ticket callbacks are still there. */
static int programs_keys(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                         HMAC_CTX *mac, int seal)
{
    const unsigned char key[32] = {1};

    (void)ssl;
    if (seal) {
        memset(name, 'n', 16);
        memset(iv, 'i', 16);
    }
    return HMAC_Init_ex(mac, key, sizeof key, EVP_sha256(), NULL) == 1 &&
                   EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv, seal) == 1
               ? 2 - seal
               : -1;
}

static void under_the_programs_own_keys_early_data_is_accepted_once_too(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");

    tls_server_accepts_early_data(server);
    assert_int_equal(stek_attach(server, test->ring, NULL), STEK_OK);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_key_cb(server, programs_keys), 1);
    for (int i = 0; i < 3; i++) {
        record(test, server);
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
        assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    }
}

/* Sealed by a server without stek that has the same keys. */
static void under_such_keys_a_ticket_from_elsewhere_brings_none(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_server_for(test, "a.example");
    SSL_CTX *plain = tls_server_for(test, "a.example");

    tls_server_accepts_early_data(server);
    tls_server_accepts_early_data(plain);
    assert_int_equal(stek_attach(server, test->ring, NULL), STEK_OK);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_key_cb(server, programs_keys), 1);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_key_cb(plain, programs_keys), 1);
    record(test, plain);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_RESUMED);
    assert_int_equal(tls_early_replay(plain, &flight), TLS_EARLY_ACCEPTED);
}

/* libssl's own protection: sessions in its cache. */
static void libssls_own_protection_is_left_alone(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    (void)SSL_CTX_clear_options(server, SSL_OP_NO_ANTI_REPLAY);
    tls_counts_begin(test);
    record(test, server);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_FULL);
    tls_assert_early_counted(STEK_COUNT_EARLY_ACCEPTED, 0);
    tls_counts_end(test);
}

/* ---- external pre-shared keys ---- */

static SSL_SESSION *external;

static int find_external(SSL *ssl, const unsigned char *identity, size_t len, SSL_SESSION **found)
{
    (void)ssl;
    *found = NULL;
    if (len == 8 && memcmp(identity, "external", 8) == 0 && SSL_SESSION_up_ref(external) == 1)
        *found = external;
    return 1;
}

static int use_external(SSL *ssl, const EVP_MD *md, const unsigned char **identity, size_t *len,
                        SSL_SESSION **session)
{
    (void)ssl, (void)md;
    *identity = (const unsigned char *)"external";
    *len = 8;
    *session = SSL_SESSION_up_ref(external) == 1 ? external : NULL;
    return *session != NULL;
}

/* In TLS 1.3 a suite is known by two bytes. */
static SSL_SESSION *external_session(struct tls_test *test)
{
    const unsigned char key[32] = {3};
    const unsigned char suite[] = {0x13, 0x02}; /* TLS_AES_256_GCM_SHA384 */
    SSL *ssl = SSL_new(test->client);
    SSL_SESSION *session = SSL_SESSION_new();

    assert_non_null(ssl);
    assert_non_null(session);
    assert_int_equal(SSL_SESSION_set1_master_key(session, key, sizeof key), 1);
    assert_int_equal(SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, suite)), 1);
    assert_int_equal(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION), 1);
    assert_int_equal(SSL_SESSION_set_max_early_data(session, TLS_EARLY_MAX), 1);
    assert_int_equal(SSL_SESSION_set1_hostname(session, "a.example"), 1);
    SSL_free(ssl);
    return session;
}

static void external_pre_shared_keys_are_the_programs_business(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = tls_early_server(test, STEK_EARLY_DATA_ONCE);

    external = external_session(test);
    (void)tls_get_early_ticket(test, server);
    tls_counts_begin(test);
    SSL_CTX_set_psk_find_session_callback(server, find_external);
    SSL_CTX_set_psk_use_session_callback(test->client, use_external);
    tls_early_flight(test, NULL, &flight);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    assert_int_equal(tls_early_replay(server, &flight), TLS_EARLY_ACCEPTED);
    tls_assert_early_counted(STEK_COUNT_EARLY_ACCEPTED, 0);
    tls_counts_end(test);
    SSL_SESSION_free(external);
}

int main(void)
{
    static const struct tls_behaviour early_programs[] = {
        TLS_BEHAVIOUR(early_data_that_the_program_accepts_by_itself_is_seen, TLS_ONCE),
        TLS_BEHAVIOUR(early_data_that_stek_let_pass_is_not_taken_for_that, TLS_ONCE),
        TLS_BEHAVIOUR(tickets_of_the_programs_session_ticket_callbacks_bring_none, TLS_ONCE),
        TLS_BEHAVIOUR(under_the_programs_own_keys_early_data_is_accepted_once_too, TLS_ONCE),
        TLS_BEHAVIOUR(under_such_keys_a_ticket_from_elsewhere_brings_none, TLS_ONCE),
        TLS_BEHAVIOUR(libssls_own_protection_is_left_alone, TLS_ONCE),
        TLS_BEHAVIOUR(external_pre_shared_keys_are_the_programs_business, TLS_ONCE),
    };

    return TLS_RUN(early_programs);
}
