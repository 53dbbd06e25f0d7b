/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of the real mbedTLS with the keys of a ring, visited by OpenSSL's client. */
#include "unit.h"

#include "mbedtls_server.h"
#include "ring_fixture.h"
#include "sealed_ticket.h"
#include "tls_certs.h"
#include "tls_talk.h"

#include <string.h>
#include <time.h>

time_t adapter_time(time_t *at);

/* The clock of the adapter is that of the ring. */
time_t adapter_time(time_t *at)
{
    const time_t now = (time_t)ring_time();

    if (at != NULL)
        *at = now;
    return now;
}

/* What each test finds: two servers that know nothing of each other but the ring and the label. */
struct scene {
    struct stek_ring *ring;
    struct stek_label *label;
    struct stek_label *same;
    struct mbedtls_server one;
    struct mbedtls_server two;
    SSL_CTX *client;
};

/* mbedTLS itself goes by the real time, so the clock begins there. */
static int start(void **state)
{
    static struct scene scene;

    scene.ring = ring_start_empty(&ring_policy);
    ring_set_time(time(NULL));
    CHECK(stek_ring_maintain(scene.ring) == STEK_OK);
    CHECK(stek_label_new(scene.ring, "shop", &scene.label) == STEK_OK);
    CHECK(stek_label_new(scene.ring, "shop", &scene.same) == STEK_OK);
    mbedtls_server_start(&scene.one, scene.label);
    mbedtls_server_start(&scene.two, scene.same);
    scene.client = SSL_CTX_new(TLS_client_method());
    CHECK(SSL_CTX_set_max_proto_version(scene.client, TLS1_2_VERSION) == 1);
    *state = &scene;
    return 0;
}

static int stop_all(void **state)
{
    struct scene *scene = *state;

    mbedtls_server_stop(&scene->one);
    mbedtls_server_stop(&scene->two);
    stek_label_free(scene->label);
    stek_label_free(scene->same);
    stek_ring_free(scene->ring);
    SSL_CTX_free(scene->client);
    return 0;
}

/* A first visit: a full handshake that brings a ticket. */
static SSL_SESSION *get_ticket(struct scene *scene)
{
    const struct mbedtls_visit visit = mbedtls_server_visit(&scene->one, scene->client, NULL);

    assert_true(visit.done);
    assert_false(visit.resumed);
    assert_true(SSL_SESSION_has_ticket(visit.session));
    return visit.session;
}

static void comes_back(struct scene *scene, struct mbedtls_server *server, SSL_SESSION *session,
                       bool resumed)
{
    const struct mbedtls_visit visit = mbedtls_server_visit(server, scene->client, session);

    assert_true(visit.done);
    assert_int_equal(visit.resumed, resumed);
    SSL_SESSION_free(visit.session);
}

static void a_ticket_of_one_server_resumes_at_the_other(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);

    comes_back(scene, &scene->one, session, true);
    comes_back(scene, &scene->two, session, true);
    SSL_SESSION_free(session);
}

static void a_ticket_resumes_over_rotations_until_its_key_retires(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    const int64_t until = ring_time() + (int64_t)SSL_SESSION_get_ticket_lifetime_hint(session);

    assert_int_equal(until, ring_time() + RING_ROTATE_S + RING_ACCEPT_S);
    for (; ring_time() < until; ring_set_time(ring_time() + RING_ROTATE_S / 2))
        comes_back(scene, &scene->two, session, true);
    comes_back(scene, &scene->two, session, false);
    SSL_SESSION_free(session);
}

static void a_session_ends_when_it_is_too_old(void **state)
{
    struct scene *scene = *state;

    scene->one.tickets.max_session_age_s = 50;
    scene->two.tickets.max_session_age_s = 50;
    SSL_SESSION *session = get_ticket(scene);
    assert_between(SSL_SESSION_get_ticket_lifetime_hint(session), 1, 50);
    comes_back(scene, &scene->two, session, true);
    ring_set_time(ring_time() + RING_ACCEPT_S);
    comes_back(scene, &scene->two, session, false);
    scene->two.tickets.max_session_age_s = 0; /* its key still opens */
    comes_back(scene, &scene->two, session, true);
    SSL_SESSION_free(session);
}

static void another_label_or_ring_knows_no_ticket(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    struct stek_label *other;

    assert_int_equal(stek_label_new(scene->ring, "mail", &other), STEK_OK);
    struct stek_label *before = scene->two.tickets.label;
    scene->two.tickets.label = other;
    comes_back(scene, &scene->two, session, false);
    scene->two.tickets.label = before;
    stek_label_free(other);
    SSL_SESSION_free(session);
}

/* One changed byte at each place: a full handshake, never an alert. */
static void a_changed_ticket_means_a_full_handshake(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    const struct sealed_ticket ticket = sealed_ticket_of(session);

    for (size_t i = 0; i < ticket.len; i += 7) {
        struct sealed_ticket changed = ticket;
        changed.at[i] ^= 1;
        SSL_SESSION *with = sealed_ticket_put(session, &changed);
        comes_back(scene, &scene->two, with, false);
        SSL_SESSION_free(with);
    }
    SSL_SESSION_free(session);
}

static bool holds_master_key(const struct sealed_ticket *state, const SSL_SESSION *session)
{
    unsigned char master[SSL_MAX_MASTER_KEY_LENGTH];
    const size_t len = SSL_SESSION_get_master_key(session, master, sizeof master);

    assert_int_equal(len, sizeof master);
    return memmem(state->at, state->len, master, len) != NULL;
}

static void tickets_are_laid_out_as_openssl_does(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    const struct sealed_ticket ticket = sealed_ticket_of(session);
    struct sealed_ticket inside;

    assert_true(sealed_ticket_open(&ticket, scene->label, &inside));
    assert_true(holds_master_key(&inside, session));

    ring_set_time(ring_time() + RING_ROTATE_S);
    const struct sealed_ticket again = sealed_ticket_seal(&inside, scene->label);
    assert_memory_not_equal(again.at, ticket.at, STEK_KEY_NAME_LEN);
    SSL_SESSION *with = sealed_ticket_put(session, &again);
    comes_back(scene, &scene->two, with, true);
    SSL_SESSION_free(with);
    SSL_SESSION_free(session);
}

static SSL_CTX *openssl_server(struct scene *scene)
{
    const struct stek_attach_options options = {.context = "shop", .size = sizeof options};
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "a.example"});

    assert_int_equal(SSL_CTX_use_certificate(server, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server, tls_key(TLS_KEY_EC)), 1);
    assert_int_equal(stek_attach(server, scene->ring, &options), STEK_OK);
    X509_free(cert);
    return server;
}

/* What the two keep in a ticket differs, so neither resumes the other's, under the same key. */
static void a_ticket_of_openssl_means_a_full_handshake_and_the_other_way_round(void **state)
{
    struct scene *scene = *state;
    SSL_CTX *openssl = openssl_server(scene);
    SSL_SESSION *session = get_ticket(scene);
    struct sealed_ticket inside;
    struct tls_visit visit;

    tls_talk(scene->client, openssl, &(struct tls_call){.session = session}, &visit);
    assert_true(visit.done);
    assert_false(visit.resumed);
    assert_int_equal(visit.alerts, 0);

    const struct sealed_ticket theirs = sealed_ticket_of(visit.session);
    assert_true(sealed_ticket_open(&theirs, scene->label, &inside));
    comes_back(scene, &scene->two, visit.session, false);
    SSL_SESSION_free(visit.session);
    SSL_SESSION_free(session);
    SSL_CTX_free(openssl);
}

static void refuses_a_bad_argument(void **state)
{
    struct scene *scene = *state;
    const struct stek_mbedtls nothing = {0}, negative = {scene->label, -1};

    assert_int_equal(stek_mbedtls_attach(NULL, &scene->one.tickets), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_mbedtls_attach(&scene->one.conf, NULL), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_mbedtls_attach(&scene->one.conf, &nothing), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_mbedtls_attach(&scene->one.conf, &negative), STEK_ERR_ARGUMENT);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, start, stop_all)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_SCENE(a_ticket_of_one_server_resumes_at_the_other),
        IN_SCENE(a_ticket_resumes_over_rotations_until_its_key_retires),
        IN_SCENE(a_session_ends_when_it_is_too_old),
        IN_SCENE(another_label_or_ring_knows_no_ticket),
        IN_SCENE(a_changed_ticket_means_a_full_handshake),
        IN_SCENE(tickets_are_laid_out_as_openssl_does),
        IN_SCENE(a_ticket_of_openssl_means_a_full_handshake_and_the_other_way_round),
        IN_SCENE(refuses_a_bad_argument),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
