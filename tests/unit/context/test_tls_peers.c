/* SPDX-License-Identifier: Apache-2.0 */
/* A program that verifies peers shares tickets as far as libssl's own keys do, and no further. */
#include "tls_tickets.h"

#include "tls/context/peers.h"

#ifndef OPENSSL_NO_SRP
#include <openssl/srp.h>
#endif

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CERT(...) (&(struct tls_cert_wish){__VA_ARGS__})

enum { DEMAND = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };

static SSL_CTX *server(struct tls_test *test, int verify_mode)
{
    SSL_CTX *made = tls_server_for(test, "a.example");

    tls_server_id_context(made, "one for all");
    tls_server_verify(made, verify_mode);
    tls_attach(test, made, NULL);
    return made;
}

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to, X509 *cert)
{
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.cert = cert});

    return tls_visit(test, to, &(struct tls_call){.session = session, .cert = cert});
}

static void set_own_keys(SSL_CTX *ctx, uint8_t first)
{
    uint8_t keys[80];

    memset(keys, 0x5a, sizeof keys);
    keys[0] = first;
    assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(ctx, keys, sizeof keys), 1);
}

static void two_ssl_ctxs_that_verify_do_not_share(void **state)
{
    static const int modes[] = {SSL_VERIFY_PEER, DEMAND};
    struct tls_test *test = *state;
    X509 *cert = tls_cert_new(CERT(.common_name = "client"));

    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *one = server(test, modes[i]);
        assert_full(carry(test, one, server(test, modes[i]), cert));
        assert_resumed(carry(test, one, one, cert));
    }
    X509_free(cert);
}

/* One SSL_CTX that verifies is enough: those that do not are kept apart, too. */
static void where_one_verifies_all_others_are_kept_apart(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);

    assert_resumed(carry(test, one, other, NULL));
    (void)server(test, SSL_VERIFY_PEER);
    assert_full(carry(test, one, other, NULL));
    assert_resumed(carry(test, one, one, NULL));
}

/* Verifying begins later, by SSL_CTX_set_verify(): it is noticed within a second. */
static void a_verify_mode_that_is_set_later_is_noticed(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);
    SSL_CTX *third = server(test, SSL_VERIFY_NONE);

    assert_resumed(carry(test, one, other, NULL));
    tls_server_verify(third, SSL_VERIFY_PEER);
    tls_clock_set(tls_clock_now() + 1);
    assert_full(carry(test, one, other, NULL));
}

/* A ticket from before the program verified clients does not open afterwards. */
static void a_ticket_from_before_anybody_was_verified_does_not_open_afterwards(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_SESSION *session = tls_get_ticket_from(test, one, &(struct tls_call){.server_name = NULL});

    (void)server(test, SSL_VERIFY_PEER);
    assert_full(tls_visit(test, one, &(struct tls_call){.session = session}));
}

/* It was freed, and what it let in goes on living in tickets. */
static void it_holds_after_the_ssl_ctx_is_gone(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);

    (void)tls_get_ticket_from(test, server(test, SSL_VERIFY_PEER),
                              &(struct tls_call){.server_name = NULL});
    SSL_CTX_free(test->servers[--test->server_count]);
    assert_full(carry(test, one, other, NULL));
}

/* A connection that verifies, of an SSL_CTX that does not: by SSL_set_verify(), as in a servername
 * callback. */
static void a_connection_that_verifies_is_enough(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);
    SSL *ssl = SSL_new(one);

    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_SESSION *session = tls_get_ticket_from(test, one, &(struct tls_call){.server = ssl});
    assert_full(tls_visit(test, other, &(struct tls_call){.session = session}));
    assert_resumed(tls_visit(test, one, &(struct tls_call){.session = session}));
}

/* libssl keeps its session, and stek's key callback is never called for it. */
static void also_where_its_session_is_stateful(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);
    SSL_CTX *stateful = server(test, SSL_VERIFY_NONE);

    (void)SSL_CTX_set_options(stateful, SSL_OP_NO_TICKET);
    assert_resumed(carry(test, one, other, NULL));
    SSL *ssl = SSL_new(stateful);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    (void)tls_get_ticket_from(test, stateful, &(struct tls_call){.server = ssl});
    assert_full(carry(test, one, other, NULL));
}

static void a_stateful_session_that_resumes_is_nobodys_identity(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);
    SSL_CTX *stateful = server(test, SSL_VERIFY_NONE);

    (void)SSL_CTX_set_options(stateful, SSL_OP_NO_TICKET);
    assert_resumed(carry(test, stateful, stateful, NULL));
    assert_resumed(carry(test, one, other, NULL));
}

/* A client's SSL_CTX: it verifies servers, and has no certificate. */
static void an_ssl_ctx_that_cannot_serve_counts_for_nothing(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *bare = tls_server_bare(test);
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);

    tls_server_verify(bare, SSL_VERIFY_PEER);
    tls_attach(test, bare, NULL);
    assert_resumed(carry(test, one, server(test, SSL_VERIFY_NONE), NULL));
    assert_false(stek_peers_are_verified());
}

/* Keys that the program set say how far it wants its tickets to go. */
static void ssl_ctxs_with_the_same_keys_of_their_own_share(void **state)
{
    struct tls_test *test = *state;
    X509 *cert = tls_cert_new(CERT(.common_name = "client"));
    SSL_CTX *one = server(test, SSL_VERIFY_PEER);
    SSL_CTX *other = server(test, SSL_VERIFY_PEER);

    set_own_keys(one, 1);
    set_own_keys(other, 1);
    assert_resumed(carry(test, one, other, cert));
    set_own_keys(other, 2);
    assert_full(carry(test, one, other, cert));
    X509_free(cert);
}

static void the_same_keys_of_their_own_do_not_join_other_names(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_PEER);
    SSL_CTX *other = tls_server_for(test, "b.example");

    tls_server_id_context(other, "one for all");
    tls_attach(test, other, NULL);
    set_own_keys(one, 1);
    set_own_keys(other, 1);
    assert_full(carry(test, one, other, NULL));
}

static void a_label_joins_what_peers_keep_apart(void **state)
{
    struct tls_test *test = *state;
    X509 *cert = tls_cert_new(CERT(.common_name = "client"));
    SSL_CTX *one = server(test, SSL_VERIFY_PEER);
    SSL_CTX *other = server(test, SSL_VERIFY_PEER);

    tls_attach(test, one, "label");
    tls_attach(test, other, "label");
    assert_resumed(carry(test, one, other, cert));
    X509_free(cert);
}

static unsigned take_psk(SSL *ssl, const char *identity, unsigned char *psk, unsigned room)
{
    (void)ssl, (void)identity, (void)room;
    memset(psk, 0x42, 32);
    return 32;
}

static unsigned give_psk(SSL *ssl, const char *hint, char *identity, unsigned room,
                         unsigned char *psk, unsigned psk_room)
{
    (void)ssl, (void)hint, (void)psk_room;
    (void)snprintf(identity, room, "alice");
    memset(psk, 0x42, 32);
    return 32;
}

static SSL_CTX *psk_server(struct tls_test *test, const char *dns_name)
{
    SSL_CTX *made = dns_name != NULL ? tls_server_for(test, dns_name) : tls_server_bare(test);

    tls_server_id_context(made, "one for all");
    SSL_CTX_set_psk_server_callback(made, take_psk);
    assert_int_equal(SSL_CTX_set_cipher_list(made, "PSK-AES128-GCM-SHA256"), 1);
    tls_attach(test, made, NULL);
    return made;
}

static void be_alice(struct tls_test *test)
{
    SSL_CTX_set_psk_client_callback(test->client, give_psk);
    assert_int_equal(SSL_CTX_set_ciphersuites(test->client, "TLS_AES_128_GCM_SHA256"), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(test->client, "PSK-AES128-GCM-SHA256"), 1);
}

static void servers_without_a_certificate_do_not_share(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = psk_server(test, NULL);

    be_alice(test);
    assert_full(carry(test, one, psk_server(test, NULL), NULL));
    assert_resumed(carry(test, one, one, NULL));
}

/* A pre-shared key says who the client is as a certificate does. */
static void servers_that_know_their_clients_by_a_psk_do_not_share(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = psk_server(test, "a.example");

    be_alice(test);
    assert_full(carry(test, one, psk_server(test, "a.example"), NULL));
    assert_true(stek_peers_are_verified());
}

/* In TLS 1.3 libssl takes it for a resumption. */
#ifndef OPENSSL_NO_SRP
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static char alice[] = "alice";
static char password[] = "password";

/* SSL_CTX_set_srp_username_callback(3): everybody has the password that one server knows. */
static int know_password(SSL *ssl, int *alert, void *arg)
{
    const SRP_gN *group = SRP_get_default_gN("2048");
    BIGNUM *salt = NULL;
    BIGNUM *verifier = NULL;

    (void)arg;
    *alert = SSL_AD_UNKNOWN_PSK_IDENTITY;
    const int known =
        SSL_get_srp_username(ssl) != NULL &&
        SRP_create_verifier_BN(alice, password, &salt, &verifier, group->N, group->g) == 1 &&
        SSL_set_srp_server_param(ssl, group->N, group->g, salt, verifier, NULL) == 1;
    BN_clear_free(verifier);
    BN_free(salt);
    return known ? SSL_ERROR_NONE : SSL3_AL_FATAL;
}

static SSL_CTX *password_server(struct tls_test *test)
{
    SSL_CTX *made = server(test, SSL_VERIFY_NONE);

    (void)SSL_CTX_set_srp_username_callback(made, know_password);
    assert_int_equal(SSL_CTX_set_cipher_list(made, "SRP:ECDHE-ECDSA-AES128-GCM-SHA256"), 1);
    return made;
}

static void servers_that_know_their_clients_by_a_password_do_not_share(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = password_server(test);
    SSL_CTX *other = password_server(test);

    /* A name alone is nobody's, and shares. */
    assert_int_equal(SSL_CTX_set_srp_username(test->client, alice), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(test->client, "ECDHE-ECDSA-AES128-GCM-SHA256"), 1);
    assert_resumed(carry(test, one, other, NULL));
    assert_int_equal(SSL_CTX_set_srp_password(test->client, password), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(test->client, "SRP"), 1);
    assert_full(carry(test, one, other, NULL));
    assert_resumed(carry(test, one, one, NULL));
}
#endif

static void a_psk_of_the_programs_own_is_noticed(void **state)
{
    struct tls_test *test = *state;

    be_alice(test);
    assert_resumed(
        tls_visit(test, psk_server(test, "a.example"), &(struct tls_call){.server_name = NULL}));
    assert_true(stek_peers_are_verified());
}

/* In a child that was forked before: the memory is shared. */
static void what_a_child_sees_holds_for_its_parent(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server(test, SSL_VERIFY_NONE);
    SSL_CTX *other = server(test, SSL_VERIFY_NONE);
    int status = -1;

    assert_resumed(carry(test, one, other, NULL));
    const pid_t child = fork();
    if (child == 0) {
        stek_peers_note();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_full(carry(test, one, other, NULL));
}

int main(void)
{
    static const struct tls_behaviour peers[] = {
        TLS_BEHAVIOUR(two_ssl_ctxs_that_verify_do_not_share, TLS_ANY),
        TLS_BEHAVIOUR(where_one_verifies_all_others_are_kept_apart, TLS_ANY),
        TLS_BEHAVIOUR(a_verify_mode_that_is_set_later_is_noticed, TLS_ANY),
        TLS_BEHAVIOUR(a_ticket_from_before_anybody_was_verified_does_not_open_afterwards, TLS_ANY),
        TLS_BEHAVIOUR(it_holds_after_the_ssl_ctx_is_gone, TLS_ANY),
        TLS_BEHAVIOUR(a_connection_that_verifies_is_enough, TLS_ANY),
        TLS_BEHAVIOUR(also_where_its_session_is_stateful, TLS13),
        TLS_BEHAVIOUR(a_stateful_session_that_resumes_is_nobodys_identity, TLS13),
        TLS_BEHAVIOUR(an_ssl_ctx_that_cannot_serve_counts_for_nothing, TLS_ANY),
        TLS_BEHAVIOUR(ssl_ctxs_with_the_same_keys_of_their_own_share, TLS_ANY),
        TLS_BEHAVIOUR(the_same_keys_of_their_own_do_not_join_other_names, TLS_ANY),
        TLS_BEHAVIOUR(a_label_joins_what_peers_keep_apart, TLS_ANY),
        TLS_BEHAVIOUR(servers_without_a_certificate_do_not_share, TLS12),
        TLS_BEHAVIOUR(servers_that_know_their_clients_by_a_psk_do_not_share, TLS12),
#ifndef OPENSSL_NO_SRP
        TLS_BEHAVIOUR(servers_that_know_their_clients_by_a_password_do_not_share, TLS12),
#endif
        TLS_BEHAVIOUR(a_psk_of_the_programs_own_is_noticed, TLS13),
        TLS_BEHAVIOUR(what_a_child_sees_holds_for_its_parent, TLS_ANY),
    };

    return TLS_RUN(peers);
}
