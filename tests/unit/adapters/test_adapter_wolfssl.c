/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of the real wolfSSL with the keys of a ring, visited by OpenSSL's client. */
#include "unit.h"

#include "keyless.h"

#include "ring_fixture.h"
#include "sealed_ticket.h"
#include "tls_certs.h"
#include "tls_talk.h"
#include "wolfssl_server.h"

#include <string.h>

enum { TURNS_MAX = 50 };

/* What each test finds: two servers that know nothing of each other but the ring and the label. */
struct scene {
    struct stek_ring *ring;
    struct stek_label *label;
    struct wolfssl_server *one;
    struct wolfssl_server *two;
    SSL_CTX *client;
    int version;
};

static struct wolfssl_server *server_with(struct stek_label *label)
{
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "a.example"});
    struct wolfssl_der der = {0}, key = {0};

    der.len = i2d_X509(cert, &der.at);
    key.len = i2d_PrivateKey(tls_key(TLS_KEY_EC), &key.at);
    CHECK(der.len > 0 && key.len > 0);
    struct wolfssl_server *server = wolfssl_server_new(label, der, key);
    CHECK(server != NULL);
    OPENSSL_free(der.at);
    OPENSSL_free(key.at);
    X509_free(cert);
    return server;
}

static int start(void **state, int version)
{
    static struct scene scene;

    scene.version = version;
    scene.ring = ring_start(&ring_policy);
    CHECK(stek_label_new(scene.ring, "shop", &scene.label) == STEK_OK);
    scene.one = server_with(scene.label);
    scene.two = server_with(scene.label);
    scene.client = SSL_CTX_new(TLS_client_method());
    CHECK(SSL_CTX_set_min_proto_version(scene.client, version) == 1);
    CHECK(SSL_CTX_set_max_proto_version(scene.client, version) == 1);
    *state = &scene;
    return 0;
}

static int start12(void **state)
{
    return start(state, TLS1_2_VERSION);
}

static int start13(void **state)
{
    return start(state, TLS1_3_VERSION);
}

static int stop_all(void **state)
{
    struct scene *scene = *state;

    wolfssl_server_free(scene->one);
    wolfssl_server_free(scene->two);
    stek_label_free(scene->label);
    stek_ring_free(scene->ring);
    SSL_CTX_free(scene->client);
    return 0;
}

static int send_bytes(void *bio, const char *at, int len)
{
    return BIO_write(bio, at, len);
}

static int receive_bytes(void *bio, char *at, int len)
{
    return BIO_read(bio, at, len);
}

/* Both sides in turns, until both are done or one has failed. */
static bool shake_hands(struct wolfssl_side *server, SSL *client)
{
    char byte;

    for (int i = 0; i < TURNS_MAX; i++) {
        const int theirs = SSL_do_handshake(client);
        const int ours = wolfssl_side_turn(server);
        if (theirs == 1 && ours == 1) {
            (void)SSL_read(client, &byte, 1); /* TLS 1.3 sends tickets after the handshake */
            return true;
        }
        if ((theirs != 1 && SSL_get_error(client, theirs) != SSL_ERROR_WANT_READ) || ours < 0)
            return false;
    }
    return false;
}

struct outcome {
    bool done;
    bool resumed;         /* both sides say so */
    SSL_SESSION *session; /* that the client has afterwards, for the caller to free */
};

/* `session`: to resume, or NULL. */
static struct outcome try_visit(struct scene *scene, struct wolfssl_server *server,
                                SSL_SESSION *session)
{
    struct outcome outcome;
    SSL *client = SSL_new(scene->client);
    BIO *near, *far;

    assert_int_equal(BIO_new_bio_pair(&near, 65536, &far, 65536), 1);
    SSL_set_bio(client, far, far);
    SSL_set_connect_state(client);
    if (session != NULL)
        assert_int_equal(SSL_set_session(client, session), 1);
    struct wolfssl_wire wire = {send_bytes, receive_bytes, near};
    struct wolfssl_side *side = wolfssl_side_new(server, &wire);
    assert_non_null(side);
    outcome.done = shake_hands(side, client);
    outcome.resumed = SSL_session_reused(client) == 1;
    if (outcome.done)
        assert_int_equal(wolfssl_side_resumed(side), outcome.resumed);
    outcome.session = SSL_get1_session(client);
    SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* or it is not resumed */
    wolfssl_side_free(side);
    SSL_free(client);
    BIO_free(near);
    return outcome;
}

/* The session that the client has afterwards, for the caller to free. */
static SSL_SESSION *visit(struct scene *scene, struct wolfssl_server *server, SSL_SESSION *session,
                          bool resumes)
{
    const struct outcome outcome = try_visit(scene, server, session);

    assert_true(outcome.done);
    assert_int_equal(outcome.resumed, resumes);
    return outcome.session;
}

static SSL_SESSION *get_ticket(struct scene *scene)
{
    SSL_SESSION *session = visit(scene, scene->one, NULL, false);

    assert_true(SSL_SESSION_has_ticket(session));
    return session;
}

static void comes_back(struct scene *scene, struct wolfssl_server *server, SSL_SESSION *session,
                       bool resumes)
{
    SSL_SESSION_free(visit(scene, server, session, resumes));
}

static bool has_name_of(const SSL_SESSION *session, struct stek_label *label)
{
    const struct sealed_ticket ticket = sealed_ticket_of(session);
    struct stek_key key;

    assert_int_equal(stek_key_current(label, &key, NULL), STEK_OK);
    return memcmp(ticket.at, key.name, sizeof key.name) == 0;
}

static void a_ticket_of_one_server_resumes_at_the_other(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);

    assert_true(has_name_of(session, scene->label));
    comes_back(scene, scene->two, session, true);
    SSL_SESSION_free(session);
}

static void a_ticket_resumes_over_rotations_until_its_key_retires(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    const int64_t until = ring_time() + RING_ROTATE_S + RING_ACCEPT_S;

    for (; ring_time() < until; ring_set_time(ring_time() + RING_ROTATE_S / 2))
        comes_back(scene, scene->two, session, true);
    comes_back(scene, scene->two, session, false);
    SSL_SESSION_free(session);
}

static void an_older_ticket_is_replaced_by_one_of_the_key_that_seals(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);

    ring_set_time(ring_time() + RING_ROTATE_S);
    assert_false(has_name_of(session, scene->label));
    SSL_SESSION *again = visit(scene, scene->two, session, true);
    assert_true(has_name_of(again, scene->label));
    comes_back(scene, scene->one, again, true);
    SSL_SESSION_free(again);
    SSL_SESSION_free(session);
}

static void another_label_knows_no_ticket(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    struct stek_label *other;

    assert_int_equal(stek_label_new(scene->ring, "mail", &other), STEK_OK);
    struct wolfssl_server *server = server_with(other);
    comes_back(scene, server, session, false);
    wolfssl_server_free(server);
    stek_label_free(other);
    SSL_SESSION_free(session);
}

/* One changed byte at each place but those of the length, which wolfSSL itself reads. */
static void a_changed_ticket_means_a_full_handshake(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = get_ticket(scene);
    const struct sealed_ticket ticket = sealed_ticket_of(session);

    for (size_t i = 0; i < ticket.len; i += 7) {
        struct sealed_ticket changed = ticket;
        if (i == 32 || i == 33)
            continue;
        changed.at[i] ^= 1;
        SSL_SESSION *with = sealed_ticket_put(session, &changed);
        comes_back(scene, scene->two, with, false);
        SSL_SESSION_free(with);
    }
    SSL_SESSION_free(session);
}

static void without_a_key_the_handshake_goes_on(void **state)
{
    struct scene *scene = *state;
    struct keyless keyless;

    keyless_start(&keyless);
    struct wolfssl_server *server = server_with(keyless.label);
    SSL_SESSION *session = visit(scene, server, NULL, false);
    comes_back(scene, server, session, false);
    SSL_SESSION_free(session);
    wolfssl_server_free(server);
    keyless_stop(&keyless);
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

/* Under the same key: the layouts differ. The session that OpenSSL's server gives instead. */
static SSL_SESSION *come_to_openssl(struct scene *scene, SSL_CTX *openssl, SSL_SESSION *session)
{
    struct tls_visit visit;

    tls_talk(scene->client, openssl, &(struct tls_call){.session = session}, &visit);
    assert_true(visit.done);
    assert_false(visit.resumed);
    assert_int_equal(visit.alerts, 0);
    assert_true(has_name_of(visit.session, scene->label));
    return visit.session;
}

static void a_ticket_means_a_full_handshake_at_openssl(void **state)
{
    struct scene *scene = *state;
    SSL_CTX *openssl = openssl_server(scene);
    SSL_SESSION *session = get_ticket(scene);

    SSL_SESSION_free(come_to_openssl(scene, openssl, session));
    SSL_SESSION_free(session);
    SSL_CTX_free(openssl);
}

/*
 * In TLS 1.3 a full handshake. In TLS 1.2 wolfSSL ends the handshake when a ticket has a length
 * that its own never have, with and without stek.
 */
static void a_ticket_of_openssl_is_treated_as_without_stek(void **state)
{
    struct scene *scene = *state;
    SSL_CTX *openssl = openssl_server(scene);
    struct wolfssl_server *plain = server_with(NULL);
    SSL_SESSION *theirs = come_to_openssl(scene, openssl, NULL);
    const struct outcome without = try_visit(scene, plain, theirs);
    SSL_SESSION *again = come_to_openssl(scene, openssl, NULL);
    const struct outcome with = try_visit(scene, scene->one, again);

    assert_false(with.resumed);
    assert_int_equal(with.done, without.done);
    if (scene->version == TLS1_3_VERSION)
        assert_true(with.done);
    SSL_SESSION_free(without.session);
    SSL_SESSION_free(with.session);
    SSL_SESSION_free(theirs);
    SSL_SESSION_free(again);
    wolfssl_server_free(plain);
    SSL_CTX_free(openssl);
}

#define IN_12(test)                                                                                \
    {                                                                                              \
#test " in TLS 1.2", test, start12, stop_all, NULL                                         \
    }
#define IN_13(test)                                                                                \
    {                                                                                              \
#test " in TLS 1.3", test, start13, stop_all, NULL                                         \
    }
#define IN_BOTH(test) IN_12(test), IN_13(test)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_BOTH(a_ticket_of_one_server_resumes_at_the_other),
        IN_BOTH(a_ticket_resumes_over_rotations_until_its_key_retires),
        IN_13(an_older_ticket_is_replaced_by_one_of_the_key_that_seals),
        IN_BOTH(another_label_knows_no_ticket),
        IN_BOTH(a_changed_ticket_means_a_full_handshake),
        IN_BOTH(without_a_key_the_handshake_goes_on),
        IN_BOTH(a_ticket_means_a_full_handshake_at_openssl),
        IN_BOTH(a_ticket_of_openssl_is_treated_as_without_stek),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
