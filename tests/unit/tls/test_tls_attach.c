/* SPDX-License-Identifier: Apache-2.0 */
/* stek_attach(): which callback wins, and what is held for how long. */
#include "tls_tickets.h"

#include "tls/callbacks.h"
#include "tls/ossl.h"

#include <string.h>

enum app_kind { APP_EVP, APP_HMAC };

static const struct tls_call as_a = {.server_name = "a.example"};
static const unsigned char app_name[16] = "application key";
static unsigned char app_secret[32] = "a secret of the application";

static int app_evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      EVP_MAC_CTX *mac, int enc)
{
    (void)ssl;
    if (enc != 0) {
        memcpy(name, app_name, sizeof app_name);
        memset(iv, 7, 16);
    }
    return stek_ossl_mac_init((struct stek_ossl_mac){.evp = mac}, app_secret, EVP_sha256()) &&
           EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, app_secret, iv, enc != 0) == 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static int app_hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                       HMAC_CTX *mac, int enc)
{
    (void)ssl;
    if (enc != 0) {
        memcpy(name, app_name, sizeof app_name);
        memset(iv, 7, 16);
    }
    return HMAC_Init_ex(mac, app_secret, sizeof app_secret, EVP_sha256(), NULL) == 1 &&
           EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, app_secret, iv, enc != 0) == 1;
}

static void set_application_callback(SSL_CTX *server, enum app_kind kind)
{
    if (kind == APP_EVP)
        (void)SSL_CTX_set_tlsext_ticket_key_evp_cb(server, app_evp_cb);
    else
        (void)SSL_CTX_set_tlsext_ticket_key_cb(server, app_hmac_cb);
}

#pragma GCC diagnostic pop

static bool application_seals(struct tls_test *test, SSL_CTX *server)
{
    const struct tls_visit visit = tls_visit(test, server, &as_a);

    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    return memcmp(visit.tickets[0].name, app_name, sizeof app_name) == 0;
}

static SSL_CTX *attach_and_then_set(struct tls_test *test,
                                    const struct stek_attach_options *options, enum app_kind kind)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    assert_int_equal(stek_attach(server, test->ring, options), STEK_OK);
    set_application_callback(server, kind);
    return server;
}

static SSL_CTX *set_and_then_attach(struct tls_test *test,
                                    const struct stek_attach_options *options, enum app_kind kind)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    set_application_callback(server, kind);
    assert_int_equal(stek_attach(server, test->ring, options), STEK_OK);
    return server;
}

static const struct stek_attach_options overriding = {.override = 1};

static void a_callback_of_either_kind_that_the_program_sets_later_wins(void **state)
{
    struct tls_test *test = *state;

    assert_true(application_seals(test, attach_and_then_set(test, NULL, APP_EVP)));
    assert_true(application_seals(test, attach_and_then_set(test, NULL, APP_HMAC)));
}

static void a_program_whose_callback_wins_resumes_with_it(void **state)
{
    struct tls_test *test = *state;

    for (enum app_kind kind = APP_EVP; kind <= APP_HMAC; kind++) {
        SSL_CTX *server = attach_and_then_set(test, NULL, kind);
        SSL_SESSION *session = tls_get_ticket_from(test, server, &as_a);
        assert_resumed(tls_visit(
            test, server, &(struct tls_call){.server_name = "a.example", .session = session}));
    }
}

static void a_callback_of_either_kind_that_the_program_set_before_loses(void **state)
{
    struct tls_test *test = *state;

    assert_false(application_seals(test, set_and_then_attach(test, NULL, APP_EVP)));
    assert_false(application_seals(test, set_and_then_attach(test, NULL, APP_HMAC)));
}

static void with_override_a_callback_of_either_kind_loses_whenever_it_is_set(void **state)
{
    struct tls_test *test = *state;

    for (enum app_kind kind = APP_EVP; kind <= APP_HMAC; kind++) {
        assert_false(application_seals(test, set_and_then_attach(test, &overriding, kind)));
        assert_false(application_seals(test, attach_and_then_set(test, &overriding, kind)));
    }
}

static void both_kinds_of_callback_open_each_others_tickets(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *servers[2] = {tls_server_for(test, "a.example"), tls_server_for(test, "a.example")};

    assert_int_equal(stek_attach(servers[0], test->ring, NULL), STEK_OK);
    assert_int_equal(stek_attach(servers[1], test->ring, NULL), STEK_OK);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_key_evp_cb(servers[1], stek_ticket_key_evp_cb), 1);
    for (size_t i = 0; i < 2; i++) {
        SSL_SESSION *session = tls_get_ticket_from(test, servers[i], &as_a);
        const struct tls_call again = {.server_name = "a.example", .session = session};
        assert_resumed(tls_visit(test, servers[1 - i], &again));
    }
}

static void attached_again_the_second_ring_counts_and_the_first_is_given_back(void **state)
{
    struct tls_test *test = *state;
    struct stek_ring *second = tls_ring_new(NULL);
    size_t len;

    (void)tls_get_ticket(test);
    tls_attach_to(test, test->server, second, NULL);
    assert_int_equal(atomic_load(&test->ring->holds), 1);
    assert_int_equal(atomic_load(&second->holds), 2);
    const SSL_SESSION *session = tls_get_ticket(test);
    const struct stek_ticket_key key = tls_active_key(second, test->server);
    assert_memory_equal(tls_ticket_bytes(session, &len), key.name, sizeof key.name);
    stek_ring_free(second);
}

static void attached_again_without_override_the_programs_callback_wins_again(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = attach_and_then_set(test, &overriding, APP_HMAC);

    assert_int_equal(stek_attach(server, test->ring, NULL), STEK_OK);
    set_application_callback(server, APP_HMAC);
    assert_true(application_seals(test, server));
}

static void an_ssl_from_before_has_the_second_ring_too(void **state)
{
    struct tls_test *test = *state;
    struct stek_ring *second = tls_ring_new(NULL);
    SSL *server = SSL_new(test->server);

    tls_attach_to(test, test->server, second, NULL);
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server = server});
    assert_full(visit);
    const struct stek_ticket_key key = tls_active_key(second, test->server);
    assert_memory_equal(visit.tickets[0].name, key.name, sizeof key.name);
    stek_ring_free(second);
}

static void a_ring_may_be_given_back_right_after_it_was_attached(void **state)
{
    struct tls_test *test = *state;

    stek_ring_free(test->ring);
    test->ring = NULL;
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

static void an_ssl_may_outlive_the_programs_hold_on_its_context(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *brief =
        SSL_CTX_new(test->mode->version == DTLS1_2_VERSION ? DTLS_method() : TLS_method());

    tls_server_add_cert(brief, &(struct tls_cert_wish){.alternatives = "DNS:a.example"});
    tls_attach(test, brief, NULL);
    SSL *server = SSL_new(brief);
    SSL_CTX_free(brief);
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server = server});
    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_int_equal(atomic_load(&test->ring->holds), 2);
}

/* Before its first handshake; afterwards SSL_dup(3) gives the same SSL once more. */
static void a_duplicate_of_an_ssl_has_the_ring_too(void **state)
{
    struct tls_test *test = *state;
    SSL *server = SSL_new(test->server);
    SSL *duplicate = SSL_dup(server);

    assert_non_null(duplicate);
    assert_ptr_not_equal(duplicate, server);
    SSL_free(server);
    const struct tls_visit visit =
        tls_visit(test, test->server, &(struct tls_call){.server = duplicate});
    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
}

/* It is made from the SSL_CTX that the SSL has by then, and the ring is that one's. */
static void
a_duplicate_made_after_a_switch_of_contexts_has_the_ring_of_its_own_context(void **state)
{
    struct tls_test *test = *state;
    struct stek_ring *others = tls_ring_new(NULL);
    SSL_CTX *other = tls_server_for(test, "b.example");
    SSL *server = SSL_new(test->server);

    assert_int_equal(stek_attach(other, others, NULL), STEK_OK);
    assert_ptr_equal(SSL_set_SSL_CTX(server, other), other);
    SSL *duplicate = SSL_dup(server);
    SSL_free(server);
    const struct tls_visit visit = tls_visit(test, other, &(struct tls_call){.server = duplicate});
    assert_full(visit);
    const struct stek_ticket_key key = tls_active_key(others, other);
    assert_memory_equal(visit.tickets[0].name, key.name, sizeof key.name);
    assert_int_equal(atomic_load(&others->holds), 2);
    stek_ring_free(others);
}

static void without_a_context_or_a_ring_it_says_so(void **state)
{
    struct tls_test *test = *state;

    assert_int_equal(stek_attach(NULL, test->ring, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_attach(test->server, NULL, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_attach(NULL, NULL, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(atomic_load(&test->ring->holds), 2);
}

static void a_refused_call_leaves_what_was_attached(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = tls_get_ticket(test);

    assert_int_equal(
        stek_attach(test->server, test->ring, &(struct stek_attach_options){.context = ""}),
        STEK_ERR_ARGUMENT);
    assert_resumed(tls_come_back(test, session));
}

/* A program may use one SSL_CTX both ways; stek leaves its client's side alone. */
static void a_client_with_a_ring_is_a_client_like_any_other(void **state)
{
    struct tls_test *test = *state;

    tls_attach(test, test->client, NULL);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

int main(void)
{
    static const struct tls_behaviour attaching[] = {
        TLS_BEHAVIOUR(a_callback_of_either_kind_that_the_program_sets_later_wins, TLS_ANY),
        TLS_BEHAVIOUR(a_program_whose_callback_wins_resumes_with_it, TLS_ANY),
        TLS_BEHAVIOUR(a_callback_of_either_kind_that_the_program_set_before_loses, TLS_ANY),
        TLS_BEHAVIOUR(with_override_a_callback_of_either_kind_loses_whenever_it_is_set, TLS_ANY),
        TLS_BEHAVIOUR(both_kinds_of_callback_open_each_others_tickets, TLS_ANY),
        TLS_BEHAVIOUR(attached_again_the_second_ring_counts_and_the_first_is_given_back, TLS_ALL),
        TLS_BEHAVIOUR(attached_again_without_override_the_programs_callback_wins_again, TLS_ANY),
        TLS_BEHAVIOUR(an_ssl_from_before_has_the_second_ring_too, TLS_ALL),
        TLS_BEHAVIOUR(a_ring_may_be_given_back_right_after_it_was_attached, TLS_ALL),
        TLS_BEHAVIOUR(an_ssl_may_outlive_the_programs_hold_on_its_context, TLS_ANY),
        TLS_BEHAVIOUR(a_duplicate_of_an_ssl_has_the_ring_too, TLS_ANY),
        TLS_BEHAVIOUR(a_duplicate_made_after_a_switch_of_contexts_has_the_ring_of_its_own_context,
                      TLS_ANY),
        TLS_BEHAVIOUR(without_a_context_or_a_ring_it_says_so, TLS_ONCE),
        TLS_BEHAVIOUR(a_refused_call_leaves_what_was_attached, TLS_ANY),
        TLS_BEHAVIOUR(a_client_with_a_ring_is_a_client_like_any_other, TLS_ALL),
    };

    return TLS_RUN(attaching);
}
