/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_fixture.h"

#include "tls/callbacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

enum { MODE_COUNT = 6, LONG_TIMEOUT_S = 7 * 86400 };

static const int64_t start = 1767225600;

static struct tls_mode modes[MODE_COUNT] = {
    {"TLS 1.2, evp", TLS1_2_VERSION, 0},   {"TLS 1.2, hmac", TLS1_2_VERSION, 1},
    {"TLS 1.3, evp", TLS1_3_VERSION, 0},   {"TLS 1.3, hmac", TLS1_3_VERSION, 1},
    {"DTLS 1.2, evp", DTLS1_2_VERSION, 0}, {"DTLS 1.2, hmac", DTLS1_2_VERSION, 1},
};

static SSL_CTX *new_context(const struct tls_mode *mode)
{
    const bool datagrams = mode->version == DTLS1_2_VERSION;
    SSL_CTX *ctx = SSL_CTX_new(datagrams ? DTLS_method() : TLS_method());

    assert_non_null(ctx);
    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, mode->version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(ctx, mode->version), 1);
    return ctx;
}

SSL_CTX *tls_server_bare(struct tls_test *test)
{
    SSL_CTX *server = new_context(test->mode);

    assert_true(test->server_count < TLS_SERVERS_MAX);
    test->servers[test->server_count++] = server;
    /* Longer than keys and chains live: they are what ends sessions here. */
    (void)SSL_CTX_set_timeout(server, LONG_TIMEOUT_S);
    return server;
}

void tls_server_add_cert(SSL_CTX *server, const struct tls_cert_wish *wish)
{
    X509 *cert = tls_cert_new(wish);

    assert_int_equal(SSL_CTX_use_certificate(server, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server, tls_key(wish->kind)), 1);
    X509_free(cert);
}

SSL_CTX *tls_server_with(struct tls_test *test, const struct tls_cert_wish *wish)
{
    SSL_CTX *server = tls_server_bare(test);

    tls_server_add_cert(server, wish);
    return server;
}

SSL_CTX *tls_server_for(struct tls_test *test, const char *dns_name)
{
    char alternatives[256];

    (void)snprintf(alternatives, sizeof alternatives, "DNS:%s", dns_name);
    return tls_server_with(test, &(struct tls_cert_wish){.alternatives = alternatives});
}

static int take_any(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

void tls_server_verify(SSL_CTX *server, int verify_mode)
{
    SSL_CTX_set_verify(server, verify_mode, take_any);
}

void tls_server_id_context(SSL_CTX *server, const char *id_context)
{
    assert_int_equal(SSL_CTX_set_session_id_context(server, (const unsigned char *)id_context,
                                                    (unsigned int)strlen(id_context)),
                     1);
}

void tls_attach_to(const struct tls_test *test, SSL_CTX *server, struct stek_ring *ring,
                   const char *label)
{
    const struct stek_attach_options options = {label, test->mode->override};

    assert_int_equal(stek_attach(server, ring, &options), STEK_OK);
    if (!test->mode->override) /* set later, it wins over the older one */
        assert_int_equal(SSL_CTX_set_tlsext_ticket_key_evp_cb(server, stek_ticket_key_evp_cb), 1);
}

void tls_attach(const struct tls_test *test, SSL_CTX *server, const char *label)
{
    tls_attach_to(test, server, test->ring, label);
}

struct stek_ring *tls_ring_new(const struct stek_policy *policy)
{
    struct stek_ring *ring = NULL;

    assert_int_equal(stek_ring_new_empty(policy, &ring), STEK_OK);
    stek_ring_set_clock(ring, tls_clock_read, NULL);
    return ring;
}

void tls_use_policy(struct tls_test *test, const struct stek_policy *policy)
{
    stek_ring_free(test->ring);
    test->ring = tls_ring_new(policy);
    tls_attach(test, test->server, NULL);
}

SSL_SESSION *tls_keep(struct tls_test *test, SSL_SESSION *session)
{
    SSL_SESSION **grown =
        realloc(test->sessions, (test->session_count + 1) * sizeof(SSL_SESSION *));

    assert_non_null(grown);
    test->sessions = grown;
    test->sessions[test->session_count++] = session;
    return session;
}

void tls_forget(struct tls_test *test, size_t count)
{
    for (; count > 0; count--)
        SSL_SESSION_free(test->sessions[--test->session_count]);
}

struct tls_visit tls_visit(struct tls_test *test, SSL_CTX *server, const struct tls_call *call)
{
    struct tls_visit visit;

    tls_talk(test->client, server, call, &visit);
    if (visit.session != NULL)
        (void)tls_keep(test, visit.session);
    return visit;
}

SSL_SESSION *tls_get_ticket_from(struct tls_test *test, SSL_CTX *server,
                                 const struct tls_call *call)
{
    struct tls_visit visit = tls_visit(test, server, call);

    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_non_null(visit.session);
    return visit.session;
}

SSL_SESSION *tls_get_ticket(struct tls_test *test)
{
    return tls_get_ticket_from(test, test->server, &(struct tls_call){.server_name = "a.example"});
}

struct tls_visit tls_come_back(struct tls_test *test, SSL_SESSION *session)
{
    return tls_visit(test, test->server,
                     &(struct tls_call){.server_name = "a.example", .session = session});
}

void tls_assert_visit(struct tls_visit visit, bool resumed, const char *file, int line)
{
    if (visit.alerts > 0)
        print_error("the last of %u alerts was %s\n", visit.alerts,
                    SSL_alert_desc_string_long(visit.alert));
    if (visit.error != 0)
        print_error("left in the error queue: %s\n", ERR_error_string(visit.error, NULL));
    _assert_int_equal(visit.alerts, 0, file, line);
    _assert_int_equal(visit.error, 0, file, line);
    _assert_true(visit.done, "the handshake is done", file, line);
    if (resumed)
        _assert_true(visit.resumed, "the session is resumed", file, line);
    else
        _assert_true(!visit.resumed, "the handshake is a full one", file, line);
}

static int set_up(void **state)
{
    struct tls_test *test = calloc(1, sizeof *test);

    assert_non_null(test);
    ERR_clear_error();
    tls_clock_set(start);
    test->mode = *state;
    test->ring = tls_ring_new(NULL);
    test->client = new_context(test->mode);
    test->server = tls_server_for(test, "a.example");
    tls_attach(test, test->server, NULL);
    *state = test;
    return 0;
}

/* Only the test's own hold on the ring is left in the end: whoever had another one has given it
 * back. */
static int tear_down(void **state)
{
    struct tls_test *test = *state;

    for (size_t i = 0; i < test->session_count; i++)
        SSL_SESSION_free(test->sessions[i]);
    free(test->sessions);
    SSL_CTX_free(test->client);
    for (size_t i = 0; i < test->server_count; i++)
        SSL_CTX_free(test->servers[i]);
    const unsigned holds = test->ring != NULL ? atomic_load(&test->ring->holds) : 1;
    stek_ring_free(test->ring);
    free(test);
    if (holds != 1)
        print_error("%u holds on the ring are left, not 1\n", holds);
    return holds == 1 ? 0 : -1;
}

static bool runs_in(const struct tls_behaviour *behaviour, const struct tls_mode *mode)
{
    const unsigned version = mode->version == TLS1_2_VERSION   ? TLS12
                             : mode->version == TLS1_3_VERSION ? TLS13
                                                               : DTLS12;

    if (behaviour->modes == TLS_ONCE)
        return version == TLS13 && mode->override == 1;
    return (behaviour->modes & version) != 0 &&
           ((behaviour->modes & TLS_ONE_CALLBACK) == 0 || mode->override == 1);
}

static void add_test(const struct tls_behaviour *behaviour, struct tls_mode *mode,
                     struct CMUnitTest *ret_test)
{
    char *name = NULL;

    if (asprintf(&name, behaviour->modes == TLS_ONCE ? "%s" : "%s (%s)", behaviour->name,
                 mode->name) < 0)
        abort();
    *ret_test = (struct CMUnitTest){name, behaviour->test, set_up, tear_down, mode};
}

int tls_run(const char *group, const struct tls_behaviour *behaviours, size_t count)
{
    struct CMUnitTest *tests = calloc(count * MODE_COUNT, sizeof *tests);
    size_t test_count = 0;

    if (tests == NULL)
        abort();
    for (size_t i = 0; i < count * MODE_COUNT; i++)
        if (runs_in(&behaviours[i / MODE_COUNT], &modes[i % MODE_COUNT]))
            add_test(&behaviours[i / MODE_COUNT], &modes[i % MODE_COUNT], &tests[test_count++]);
    const int failed = _cmocka_run_group_tests(group, tests, test_count, NULL, NULL);
    for (size_t i = 0; i < test_count; i++)
        free((void *)(uintptr_t)tests[i].name);
    free(tests);
    return failed;
}
