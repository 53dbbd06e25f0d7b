/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket ends with the first certificate of the chain that its client was verified with. */
#include "tls_tickets.h"

enum { HOUR_S = 3600, DEMAND = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };

struct chain {
    X509 *root;
    X509 *intermediate;
    X509 *leaf;
};

static X509 *issue(X509 *issuer, const char *name, int64_t not_after)
{
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = name, .not_after = not_after});

    if (issuer != NULL) {
        assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(issuer)), 1);
        assert_int_not_equal(X509_sign(cert, tls_key(TLS_KEY_EC), EVP_sha256()), 0);
    }
    return cert;
}

static struct chain chain_new(int64_t root_ends, int64_t intermediate_ends, int64_t leaf_ends)
{
    struct chain chain = {.root = issue(NULL, "root", root_ends)};

    chain.intermediate = issue(chain.root, "intermediate", intermediate_ends);
    chain.leaf = issue(chain.intermediate, "client", leaf_ends);
    return chain;
}

static void chain_free(struct chain *chain)
{
    X509_free(chain->root);
    X509_free(chain->intermediate);
    X509_free(chain->leaf);
}

static int take_unseen(X509_STORE_CTX *store, void *arg)
{
    (void)store, (void)arg;
    return 1;
}

/* Knows the chain by its store, or, `unseen`, verifies in a way that libssl does not see. */
static SSL_CTX *server_for(struct tls_test *test, const struct chain *chain, bool unseen)
{
    SSL_CTX *server = tls_server_for(test, "a.example");
    X509_STORE *store = SSL_CTX_get_cert_store(server);

    tls_server_verify(server, DEMAND);
    tls_server_id_context(server, "clients");
    if (unseen)
        SSL_CTX_set_cert_verify_callback(server, take_unseen, NULL);
    else
        assert_int_equal(X509_STORE_add_cert(store, chain->root) +
                             X509_STORE_add_cert(store, chain->intermediate),
                         2);
    tls_attach(test, server, NULL);
    return server;
}

static struct tls_visit visit_at(struct tls_test *test, SSL_CTX *server, struct chain *chain,
                                 SSL_SESSION *session, int64_t time)
{
    tls_clock_set(time);
    return tls_visit(test, server, &(struct tls_call){.session = session, .cert = chain->leaf});
}

/* Two tickets from a chain of which something ends at `end`: one is brought back in that second,
 * the other one later. */
static void assert_ends_at(struct tls_test *test, SSL_CTX *server, struct chain *chain, int64_t end)
{
    const int64_t start = tls_clock_now();
    const struct tls_call call = {.cert = chain->leaf};
    SSL_SESSION *one = tls_get_ticket_from(test, server, &call);
    SSL_SESSION *other = tls_get_ticket_from(test, server, &call);

    assert_resumed(visit_at(test, server, chain, one, end));
    assert_full(visit_at(test, server, chain, other, end + 1));
    tls_clock_set(start);
}

static void a_session_ends_with_whatever_ends_first(void **state)
{
    struct tls_test *test = *state;
    const int64_t end = tls_clock_now() + HOUR_S;

    for (int which = 0; which < 3; which++) {
        struct chain chain =
            chain_new(which == 0 ? end : 0, which == 1 ? end : 0, which == 2 ? end : 0);
        assert_ends_at(test, server_for(test, &chain, false), &chain, end);
        chain_free(&chain);
    }
}

/* Where the program verifies by itself, what the client sent counts. */
static void a_session_ends_with_the_chain_that_the_client_sent(void **state)
{
    struct tls_test *test = *state;
    const int64_t end = tls_clock_now() + HOUR_S;
    struct chain chain = chain_new(0, end, 0);

    assert_int_equal(X509_up_ref(chain.intermediate), 1);
    assert_int_equal(SSL_CTX_add_extra_chain_cert(test->client, chain.intermediate), 1);
    assert_ends_at(test, server_for(test, &chain, true), &chain, end);
    chain_free(&chain);
}

/* What had ended before was no reason for letting the client in, so it is none for turning it
 * away. */
static void what_had_ended_at_the_full_handshake_does_not_count(void **state)
{
    struct tls_test *test = *state;
    const int64_t end = tls_clock_now() + HOUR_S;
    struct chain chain = chain_new(0, tls_clock_now() - HOUR_S, end);

    assert_ends_at(test, server_for(test, &chain, false), &chain, end);
    chain_free(&chain);
}

static void the_end_stays_through_renewals(void **state)
{
    struct tls_test *test = *state;
    const int64_t start = tls_clock_now();
    struct chain chain = chain_new(0, start + 4 * HOUR_S, 0);
    SSL_CTX *server = server_for(test, &chain, false);
    SSL_SESSION *session =
        tls_get_ticket_from(test, server, &(struct tls_call){.cert = chain.leaf});

    for (int hour = 1; hour <= 4; hour++) {
        struct tls_visit visit = visit_at(test, server, &chain, session, start + hour * HOUR_S);
        assert_resumed(visit);
        if (visit.session != NULL)
            session = visit.session;
    }
    assert_full(visit_at(test, server, &chain, session, start + 4 * HOUR_S + 1));
    chain_free(&chain);
}

static void a_ticket_is_promised_no_longer_than_the_chain_lives(void **state)
{
    struct tls_test *test = *state;
    struct chain chain = chain_new(0, tls_clock_now() + HOUR_S, 0);
    struct tls_visit visit =
        visit_at(test, server_for(test, &chain, false), &chain, NULL, tls_clock_now());

    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_int_equal(visit.tickets[0].lifetime_s, HOUR_S);
    chain_free(&chain);
}

int main(void)
{
    static const struct tls_behaviour client_chains[] = {
        TLS_BEHAVIOUR(a_session_ends_with_whatever_ends_first, TLS_ANY),
        TLS_BEHAVIOUR(a_session_ends_with_the_chain_that_the_client_sent, TLS_ANY),
        TLS_BEHAVIOUR(what_had_ended_at_the_full_handshake_does_not_count, TLS_ANY),
        TLS_BEHAVIOUR(the_end_stays_through_renewals, TLS_ANY),
        TLS_BEHAVIOUR(a_ticket_is_promised_no_longer_than_the_chain_lives, TLS_ANY),
    };

    return TLS_RUN(client_chains);
}
