/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator may want beyond `auto`: any server name, any session-id context, and sharing
 * where peers are verified in the same way. */
#include "tls_tickets.h"

#include "tls/context/configuration.h"

#include <openssl/x509_vfy.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DEMAND = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };

static void attach(struct tls_test *test, SSL_CTX *server, struct stek_attach_options options)
{
    options.override = 1;
    assert_int_equal(stek_attach(server, test->ring, &options), STEK_OK);
}

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "client"});
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.cert = cert});
    const struct tls_visit visit =
        tls_visit(test, to, &(struct tls_call){.session = session, .cert = cert});

    X509_free(cert);
    return visit;
}

/* An FTP client names the host on the control connection, and nothing on the data connection. */
static void with_any_name_a_ticket_serves_whatever_name_is_sent(void **state)
{
    static const char *const names[] = {"a.example", NULL, "b.example"};
    struct tls_test *test = *state;

    attach(test, test->server, (struct stek_attach_options){.any_name = 1});
    for (int from = 0; from < 3; from++)
        for (int to = 0; to < 3; to++) {
            SSL_SESSION *session = tls_get_ticket_from(
                test, test->server, &(struct tls_call){.server_name = names[from]});
            assert_resumed(
                tls_visit(test, test->server,
                          &(struct tls_call){.server_name = names[to], .session = session}));
        }
}

static SSL_CTX *server_of_process(struct tls_test *test, const char *id_context, int any)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    tls_server_id_context(server, id_context);
    attach(test, server, (struct stek_attach_options){.any_id_context = any});
    return server;
}

static void with_any_session_id_context_tickets_outlive_the_programs(void **state)
{
    struct tls_test *test = *state;

    assert_resumed(carry(test, server_of_process(test, "process 1", 1),
                         server_of_process(test, "process 2", 1)));
    assert_full(carry(test, server_of_process(test, "process 1", 0),
                      server_of_process(test, "process 2", 0)));
}

/* Clients that resume by session id are the program's own affair. */
static void with_any_session_id_context_a_renewed_ticket_still_resumes(void **state)
{
    struct tls_test *test = *state;
    struct tls_visit visit = carry(test, server_of_process(test, "process 1", 1),
                                   server_of_process(test, "process 2", 1));

    assert_resumed(visit);
    if (visit.ticket_count > 0)
        assert_resumed(tls_visit(test, server_of_process(test, "process 3", 1),
                                 &(struct tls_call){.session = visit.session}));
}

/* How a server verifies its peers. */
struct manner {
    unsigned long flags;
    int depth;
    int level;
    X509 *authority;
    X509 *announced;
    X509_CRL *crl;
    const char *name;
    int (*callback)(int, X509_STORE_CTX *);
    int mode;
};

static int take_any(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

static int take_any_else(int ok, X509_STORE_CTX *store)
{
    (void)store;
    return ok >= 0;
}

static SSL_CTX *program(struct tls_test *test, const struct manner *manner)
{
    SSL_CTX *server = tls_server_for(test, manner->name);
    X509_STORE *store = SSL_CTX_get_cert_store(server);

    SSL_CTX_set_verify(server, manner->mode, manner->callback);
    SSL_CTX_set_verify_depth(server, manner->depth);
    SSL_CTX_set_security_level(server, manner->level);
    assert_int_equal(X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(server), manner->flags), 1);
    tls_server_id_context(server, "one for all");
    if (manner->authority != NULL)
        assert_int_equal(X509_STORE_add_cert(store, manner->authority), 1);
    if (manner->crl != NULL)
        assert_int_equal(X509_STORE_add_crl(store, manner->crl), 1);
    if (manner->announced != NULL)
        assert_int_equal(SSL_CTX_add_client_CA(server, manner->announced), 1);
    attach(test, server, (struct stek_attach_options){.same_configuration = 1});
    return server;
}

/* The SSL_CTX that was made last is gone, as its program is. */
static void end_of_program(struct tls_test *test)
{
    SSL_CTX_free(test->servers[--test->server_count]);
}

/* One program gives a ticket and ends; another one, later, gets it. */
static struct tls_visit after_a_restart(struct tls_test *test, const struct manner *before,
                                        const struct manner *after)
{
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "client"});
    SSL_SESSION *session =
        tls_get_ticket_from(test, program(test, before), &(struct tls_call){.cert = cert});

    end_of_program(test);
    const struct tls_visit visit =
        tls_visit(test, program(test, after), &(struct tls_call){.session = session, .cert = cert});
    end_of_program(test);
    X509_free(cert);
    return visit;
}

static X509_CRL *crl_of(X509 *authority)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)tls_clock_now());

    assert_non_null(crl);
    assert_int_equal(X509_CRL_set_version(crl, 1), 1);
    assert_int_equal(X509_CRL_set_issuer_name(crl, X509_get_subject_name(authority)), 1);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, now), 1);
    assert_int_not_equal(X509_CRL_sign(crl, tls_key(TLS_KEY_EC), EVP_sha256()), 0);
    ASN1_TIME_free(now);
    return crl;
}

static void programs_that_verify_in_the_same_way_share_over_a_restart(void **state)
{
    struct tls_test *test = *state;
    X509 *authority = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
    const struct manner same = {.depth = 3,
                                .level = 1,
                                .authority = authority,
                                .name = "a.example",
                                .callback = take_any,
                                .mode = DEMAND};

    assert_resumed(after_a_restart(test, &same, &same));
    X509_free(authority);
}

static void whatever_differs_in_how_peers_are_verified_keeps_programs_apart(void **state)
{
    struct tls_test *test = *state;
    X509 *authority = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
    X509 *same_name = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
    X509_CRL *crl = crl_of(authority);
    const struct manner before = {.depth = 3,
                                  .level = 1,
                                  .authority = authority,
                                  .name = "a.example",
                                  .callback = take_any,
                                  .mode = DEMAND};
    struct manner after[9];

    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        after[i] = before;
    after[0].depth = 2;
    after[1].flags = X509_V_FLAG_X509_STRICT;
    after[2].level = 0;
    after[3].authority = same_name; /* of the same name, another certificate */
    after[4].authority = NULL;
    after[5].announced = authority;
    after[6].crl = crl;
    after[7].callback = take_any_else;
    after[8].mode = SSL_VERIFY_PEER;
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        assert_full(after_a_restart(test, &before, &after[i]));
        assert_full(after_a_restart(test, &after[i], &before));
        assert_resumed(after_a_restart(test, &after[i], &after[i]));
    }
    X509_CRL_free(crl);
    X509_free(same_name);
    X509_free(authority);
}

/* What a host behind the one that opens tickets trusts counts, too. */
static void the_other_ssl_ctxs_of_a_program_count(void **state)
{
    struct tls_test *test = *state;
    X509 *one = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
    X509 *other = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
    const struct manner front = {
        .depth = 3, .level = 1, .name = "a.example", .callback = take_any, .mode = SSL_VERIFY_NONE};
    struct manner behind = front;
    SSL_SESSION *sessions[2];

    behind.name = "b.example";
    behind.mode = DEMAND;
    behind.authority = one;
    (void)program(test, &behind);
    for (int i = 0; i < 2; i++)
        sessions[i] = tls_get_ticket_from(test, program(test, &front),
                                          &(struct tls_call){.server_name = NULL});
    for (int i = 0; i < 3; i++)
        end_of_program(test);
    (void)program(test, &behind);
    assert_resumed(
        tls_visit(test, program(test, &front), &(struct tls_call){.session = sessions[0]}));
    end_of_program(test);
    end_of_program(test);
    behind.authority = other;
    (void)program(test, &behind);
    assert_full(tls_visit(test, program(test, &front), &(struct tls_call){.session = sessions[1]}));
    X509_free(other);
    X509_free(one);
}

/* What changes in an SSL_CTX while it serves. */
enum change {
    ANOTHER_CERTIFICATE,
    A_CRL,
    A_FLAG,
    A_DEPTH,
    A_MODE,
    A_LEVEL,
    A_HOST,
    A_STORE,
    A_STORE_THAT_VERIFIES,
    CHANGES
};

static void change(SSL_CTX *server, enum change what, X509 *other, X509_CRL *crl)
{
    X509_STORE *store = SSL_CTX_get_cert_store(server);
    long done = 1;

    if (what == ANOTHER_CERTIFICATE)
        done = X509_STORE_add_cert(store, other);
    else if (what == A_CRL)
        done = X509_STORE_add_crl(store, crl);
    else if (what == A_FLAG)
        done = X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
    else if (what == A_DEPTH)
        SSL_CTX_set_verify_depth(server, 1);
    else if (what == A_MODE)
        SSL_CTX_set_verify(server, SSL_VERIFY_PEER, take_any);
    else if (what == A_LEVEL)
        SSL_CTX_set_security_level(server, 0);
    else if (what == A_HOST)
        done = X509_VERIFY_PARAM_set1_host(SSL_CTX_get0_param(server), "client", 0);
    else if (what == A_STORE)
        SSL_CTX_set_cert_store(server, X509_STORE_new());
    else
        done = SSL_CTX_set0_verify_cert_store(server, X509_STORE_new());
    assert_int_equal(done, 1);
}

/* The ticket is from another process, which verified as this one did before it changed; it comes to
 * an SSL_CTX that has opened another such ticket already. */
static void what_changes_in_an_ssl_ctx_that_serves_counts_at_the_next_ticket(void **state)
{
    struct tls_test *test = *state;
    X509 *authority = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "client"});
    X509_CRL *crl = crl_of(authority);
    const struct manner manner = {.depth = 3,
                                  .level = 1,
                                  .authority = authority,
                                  .name = "a.example",
                                  .callback = take_any,
                                  .mode = DEMAND};

    for (int behind = 0; behind <= 1; behind++)
        for (enum change what = 0; what < CHANGES; what++) {
            if (what == A_HOST && OPENSSL_VERSION_NUMBER < 0x30000000L)
                continue; /* it cannot be read there (openssl11.h) */
            SSL_SESSION *sessions[2];
            struct manner hidden = manner;
            struct tls_call call = {.cert = cert};
            hidden.name = "b.example";
            for (int i = 0; i < 2; i++) {
                (void)program(test, &hidden);
                sessions[i] = tls_get_ticket_from(test, program(test, &manner), &call);
                end_of_program(test);
                end_of_program(test);
            }
            SSL_CTX *other = program(test, &hidden);
            SSL_CTX *server = program(test, &manner);
            call.session = sessions[0];
            assert_resumed(tls_visit(test, server, &call));
            change(behind ? other : server, what, cert, crl);
            call.session = sessions[1];
            assert_full(tls_visit(test, server, &call));
            end_of_program(test);
            end_of_program(test);
        }
    X509_CRL_free(crl);
    X509_free(cert);
    X509_free(authority);
}

static double microseconds_each(void (*work)(void), int rounds)
{
    struct timespec began, ended;

    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &began), 0);
    for (int i = 0; i < rounds; i++)
        work();
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ended), 0);
    return ((double)(ended.tv_sec - began.tv_sec) * 1e6 +
            (double)(ended.tv_nsec - began.tv_nsec) / 1e3) /
           rounds;
}

static void read_digest(void)
{
    uint8_t digest[STEK_DIGEST_LEN];

    assert_true(stek_configuration_digest(digest));
}

static void read_mark(void)
{
    (void)stek_configuration_mark();
}

/* As many as a system's bundle has. */
static void a_store_of_150_authorities_can_be_read_at_every_ticket(void **state)
{
    enum { AUTHORITIES = 150 };
    struct tls_test *test = *state;
    const struct manner manner = {
        .depth = 3, .level = 1, .name = "a.example", .callback = take_any, .mode = DEMAND};
    X509_STORE *store = SSL_CTX_get_cert_store(program(test, &manner));

    for (int i = 0; i < AUTHORITIES; i++) {
        X509 *authority = tls_cert_new(&(struct tls_cert_wish){.common_name = "authority"});
        assert_int_equal(X509_STORE_add_cert(store, authority), 1);
        X509_free(authority);
    }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* since 4.0 */
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), AUTHORITIES);
#pragma GCC diagnostic pop
    printf("figure: configuration with a store of 150 authorities: digest %.0f us, mark %.1f us\n",
           microseconds_each(read_digest, 20), microseconds_each(read_mark, 200));
}

int main(void)
{
    static const struct tls_behaviour options[] = {
        TLS_BEHAVIOUR(with_any_name_a_ticket_serves_whatever_name_is_sent, TLS_ANY),
        TLS_BEHAVIOUR(with_any_session_id_context_tickets_outlive_the_programs, TLS_ANY),
        TLS_BEHAVIOUR(with_any_session_id_context_a_renewed_ticket_still_resumes, TLS_ANY),
        TLS_BEHAVIOUR(programs_that_verify_in_the_same_way_share_over_a_restart, TLS_ANY),
        TLS_BEHAVIOUR(whatever_differs_in_how_peers_are_verified_keeps_programs_apart, TLS_ANY),
        TLS_BEHAVIOUR(the_other_ssl_ctxs_of_a_program_count, TLS_ANY),
        TLS_BEHAVIOUR(what_changes_in_an_ssl_ctx_that_serves_counts_at_the_next_ticket,
                      TLS_ONE_CALLBACK | TLS12 | TLS13),
        TLS_BEHAVIOUR(a_store_of_150_authorities_can_be_read_at_every_ticket, TLS_ONCE),
    };

    return TLS_RUN(options);
}
