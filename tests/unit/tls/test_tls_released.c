/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that make certificates on demand: an SSL_CTX for each name, which is freed again. The
 * number of names is 3,000, or what STEK_TEST_CONTEXTS says.
 */
#include "tls_tickets.h"

#include "ring_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CONTEXTS = 3000,
    WARM = 500, /* so many first: libcrypto and malloc have what they need then */
    GROWTH_MAX = 2 * 1024 * 1024,
    THREADS = 4,
    NAMES = 3 * STEK_CONTEXTS_UNUSED_MAX,
    TURNS = RING_SANITIZED ? 100 : 400,
    OTHERS = 2 * STEK_CONTEXTS_UNUSED_MAX
};

static X509 *cert_for(const char *kind, size_t number)
{
    char alternatives[64];

    (void)snprintf(alternatives, sizeof alternatives, "DNS:%s%zu.example", kind, number);
    return tls_cert_new(&(struct tls_cert_wish){.alternatives = alternatives});
}

/* A server that is attached to the test's ring, for the caller to free. NULL: it could not be. */
static SSL_CTX *server_with(const struct tls_test *test, X509 *cert)
{
    const struct stek_attach_options options = {.override = test->mode->override};
    SSL_CTX *server = SSL_CTX_new(TLS_method());

    if (server == NULL || SSL_CTX_use_certificate(server, cert) != 1 ||
        SSL_CTX_use_PrivateKey(server, tls_key(TLS_KEY_EC)) != 1 ||
        stek_attach(server, test->ring, &options) != STEK_OK) {
        SSL_CTX_free(server);
        return NULL;
    }
    return server;
}

/* A full handshake at a new SSL_CTX and a resumption at another one. Returns whether both went
 * well. */
static bool get_ticket_and_come_back(const struct tls_test *test, X509 *cert)
{
    SSL_CTX *first = server_with(test, cert);
    SSL_CTX *second = server_with(test, cert);
    struct tls_call call = {.server_name = NULL};
    struct tls_visit visit = {0};
    bool well = first != NULL && second != NULL;

    if (well) {
        tls_talk(test->client, first, &call, &visit);
        call.session = visit.session;
        well = visit.done && visit.session != NULL;
    }
    SSL_CTX_free(first);
    if (well) {
        tls_talk(test->client, second, &call, &visit);
        well = visit.done && visit.resumed && visit.alerts == 0;
        SSL_SESSION_free(visit.session);
    }
    SSL_CTX_free(second);
    SSL_SESSION_free(call.session);
    return well;
}

static void serve(const struct tls_test *test, const char *kind, size_t from, size_t until)
{
    for (size_t i = from; i < until; i++) {
        X509 *cert = cert_for(kind, i);
        assert_true(get_ticket_and_come_back(test, cert));
        X509_free(cert);
    }
}

/* Resident pages of this process, as bytes. */
static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[128];

    if (file == NULL)
        abort();
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    const char *resident_pages = strchr(line, ' ');
    assert_non_null(resident_pages);
    return strtoul(resident_pages, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t chunks(const struct stek_ring *ring)
{
    size_t count = 0;

    for (const struct stek_chunk *chunk = ring->arena.chunks; chunk; chunk = chunk->next)
        count++;
    return count;
}

static size_t contexts_wanted(void)
{
    const char *wanted = getenv("STEK_TEST_CONTEXTS");

    return wanted != NULL ? strtoul(wanted, NULL, 10) : CONTEXTS;
}

static void memory_stays_flat_where_certificates_are_made_on_demand(void **state)
{
    const struct tls_test *test = *state;
    const size_t wanted = contexts_wanted();

    serve(test, "n", 0, WARM);
    const size_t locked = chunks(test->ring);
    const size_t before = resident();
    serve(test, "n", WARM, wanted);
    assert_int_equal(chunks(test->ring), locked);
    const size_t after = resident();
    print_message("%zu names: %zu chunks of locked memory, %zu kB resident, %zu kB before\n",
                  wanted, locked, after / 1024, before / 1024);
    if (!RING_SANITIZED) /* sanitizers keep for a while what was freed */
        assert_true(after < before + GROWTH_MAX);
}

/* The SSL holds its SSL_CTX, and that the context. */
static void a_connection_keeps_its_context_whatever_comes_and_goes(void **state)
{
    struct tls_test *test = *state;
    X509 *cert = cert_for("waiting", 0);
    SSL_CTX *server = server_with(test, cert);
    SSL_SESSION *session =
        tls_get_ticket_from(test, server, &(struct tls_call){.server_name = "a.example"});
    SSL *waiting = SSL_new(server);
    const struct tls_call call = {
        .server_name = "a.example", .session = session, .server = waiting};

    assert_non_null(waiting);
    SSL_CTX_free(server);
    X509_free(cert);
    serve(test, "other", 0, OTHERS);
    assert_resumed(tls_visit(test, test->server, &call));
}

/* Failures are counted, since a thread cannot fail a test. */
struct crowd {
    const struct tls_test *test;
    X509 *cert[NAMES];
    atomic_size_t entered;
    atomic_uint failed;
};

static void *serve_names(void *arg)
{
    struct crowd *crowd = arg;
    const size_t self = crowd->entered++;

    for (size_t i = 0; i < TURNS; i++)
        crowd->failed +=
            !get_ticket_and_come_back(crowd->test, crowd->cert[(self + 7 * i) % NAMES]);
    return NULL;
}

static void threads_that_make_and_free_contexts_resume_what_they_sealed(void **state)
{
    static struct crowd crowd;
    pthread_t threads[THREADS];

    crowd = (struct crowd){.test = *state};
    /* While one thread makes a ring's first keys, the others give no tickets. */
    assert_int_equal(stek_ring_maintain(crowd.test->ring), STEK_OK);
    for (size_t i = 0; i < NAMES; i++)
        crowd.cert[i] = cert_for("n", i);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, serve_names, &crowd), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < NAMES; i++)
        X509_free(crowd.cert[i]);
    assert_int_equal(crowd.failed, 0);
}

int main(void)
{
    static const struct tls_behaviour released[] = {
        TLS_BEHAVIOUR(memory_stays_flat_where_certificates_are_made_on_demand, TLS_ONCE),
        TLS_BEHAVIOUR(a_connection_keeps_its_context_whatever_comes_and_goes, TLS12),
        TLS_BEHAVIOUR(threads_that_make_and_free_contexts_resume_what_they_sealed, TLS_ONCE),
    };

    return TLS_RUN(released);
}
