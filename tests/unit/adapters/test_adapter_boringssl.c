/* SPDX-License-Identifier: Apache-2.0 */
/* Servers of the real BoringSSL with the keys of a ring, visited by BoringSSL's client. */
#include "unit.h"

#include "keyless.h"

#include "ring_fixture.h"

#include <stek-boringssl.h>

#include <openssl/ec_key.h>
#include <openssl/nid.h>
#include <openssl/x509.h>

#include <string.h>
#include <time.h>

enum { TURNS = 10, DAY_S = 86400 };

/* What each test finds: two servers that know nothing of each other but the ring and the label. */
struct scene {
    struct stek_ring *ring;
    struct stek_label *label, *same;
    SSL_CTX *one, *two, *client;
};

static SSL_SESSION *received; /* the last one that the client was given */

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(received);
    received = session;
    return 1;
}

static EVP_PKEY *new_key(void)
{
    EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *key = EVP_PKEY_new();

    CHECK(EC_KEY_generate_key(ec) == 1 && EVP_PKEY_assign_EC_KEY(key, ec) == 1);
    return key;
}

static void take_cert(SSL_CTX *server)
{
    EVP_PKEY *key = new_key();
    X509 *cert = X509_new();

    CHECK(X509_gmtime_adj(X509_get_notBefore(cert), 0) != NULL &&
          X509_gmtime_adj(X509_get_notAfter(cert), DAY_S) != NULL);
    CHECK(X509_set_pubkey(cert, key) == 1 && X509_sign(cert, key, EVP_sha256()) != 0);
    CHECK(SSL_CTX_use_certificate(server, cert) == 1 && SSL_CTX_use_PrivateKey(server, key) == 1);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* Without a label: with keys of its own. */
static SSL_CTX *server_with(struct stek_label *label)
{
    SSL_CTX *server = SSL_CTX_new(TLS_method());

    take_cert(server);
    CHECK(label == NULL || stek_boringssl_attach(server, label) == STEK_OK);
    return server;
}

/* BoringSSL itself goes by the real time, so the clock begins there. */
static void start(struct scene *scene, uint16_t version)
{
    scene->ring = ring_start_empty(&ring_policy);
    ring_set_time(time(NULL));
    CHECK(stek_ring_maintain(scene->ring) == STEK_OK);
    CHECK(stek_label_new(scene->ring, "shop", &scene->label) == STEK_OK);
    CHECK(stek_label_new(scene->ring, "shop", &scene->same) == STEK_OK);
    scene->one = server_with(scene->label);
    scene->two = server_with(scene->same);
    scene->client = SSL_CTX_new(TLS_method());
    (void)SSL_CTX_set_session_cache_mode(scene->client, SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(scene->client, on_session);
    CHECK(SSL_CTX_set_max_proto_version(scene->client, version) == 1);
}

static struct scene the_scene;

static int start12(void **state)
{
    start(*state = &the_scene, TLS1_2_VERSION);
    return 0;
}

static int start13(void **state)
{
    start(*state = &the_scene, TLS1_3_VERSION);
    return 0;
}

static int stop_all(void **state)
{
    struct scene *scene = *state;

    SSL_CTX_free(scene->one);
    SSL_CTX_free(scene->two);
    SSL_CTX_free(scene->client);
    stek_label_free(scene->label);
    stek_label_free(scene->same);
    stek_ring_free(scene->ring);
    SSL_SESSION_free(received);
    received = NULL;
    return 0;
}

/* Both sides in turns; the last byte brings what the server sends after the handshake. */
static void shake_hands(SSL *server, SSL *client)
{
    char byte = 0;

    for (int i = 0; i < TURNS; i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
    }
    assert_false(SSL_in_init(client) || SSL_in_init(server));
    assert_int_equal(SSL_write(server, &byte, 1), 1);
    assert_int_equal(SSL_read(client, &byte, 1), 1);
}

/* Visits a server with a session, or without; the handshake is done in any case. */
static bool resumes(struct scene *scene, SSL_CTX *at, SSL_SESSION *session)
{
    SSL *client = SSL_new(scene->client), *server = SSL_new(at);
    BIO *near, *far;

    CHECK(BIO_new_bio_pair(&near, 65536, &far, 65536) == 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    CHECK(session == NULL || SSL_set_session(client, session) == 1);
    shake_hands(server, client);
    const bool resumed = SSL_session_reused(client) == 1;
    SSL_free(client);
    SSL_free(server);
    return resumed;
}

static SSL_SESSION *session_of(struct scene *scene, SSL_CTX *server)
{
    assert_false(resumes(scene, server, NULL));
    assert_non_null(received);
    SSL_SESSION *session = received;
    received = NULL;
    return session;
}

static bool has_name_of(const SSL_SESSION *session, struct stek_label *label)
{
    const uint8_t *ticket;
    size_t len;
    struct stek_key key;

    SSL_SESSION_get0_ticket(session, &ticket, &len);
    assert_int_equal(stek_key_current(label, &key, NULL), STEK_OK);
    return len > sizeof key.name && memcmp(ticket, key.name, sizeof key.name) == 0;
}

static void a_ticket_of_one_server_resumes_at_the_other(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = session_of(scene, scene->one);

    assert_true(has_name_of(session, scene->label));
    assert_true(resumes(scene, scene->two, session));
    SSL_SESSION_free(session);
}

static void a_ticket_resumes_over_rotations_until_its_key_retires(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = session_of(scene, scene->one);
    struct stek_key key;
    int64_t until;

    assert_int_equal(stek_key_current(scene->label, &key, &until), STEK_OK);
    ring_set_time(until - 1);
    assert_true(resumes(scene, scene->two, session));
    ring_set_time(until);
    assert_false(resumes(scene, scene->two, session));
    SSL_SESSION_free(session);
}

static void an_older_ticket_is_replaced_by_one_of_the_key_that_seals(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = session_of(scene, scene->one);

    ring_set_time(ring_time() + RING_ROTATE_S);
    assert_false(has_name_of(session, scene->label));
    assert_true(resumes(scene, scene->two, session));
    assert_non_null(received);
    assert_true(has_name_of(received, scene->label));
    SSL_SESSION_free(session);
}

static void another_label_knows_no_ticket(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = session_of(scene, scene->one);
    struct stek_label *label;

    assert_int_equal(stek_label_new(scene->ring, "other", &label), STEK_OK);
    SSL_CTX *other = server_with(label);
    assert_false(resumes(scene, other, session));
    SSL_CTX_free(other);
    stek_label_free(label);
    SSL_SESSION_free(session);
}

static void a_changed_ticket_means_a_full_handshake(void **state)
{
    struct scene *scene = *state;
    SSL_SESSION *session = session_of(scene, scene->one);
    uint8_t changed[4096];
    const uint8_t *ticket;
    size_t len;

    SSL_SESSION_get0_ticket(session, &ticket, &len);
    assert_true(len <= sizeof changed);
    memcpy(changed, ticket, len);
    for (size_t i = 0; i < len; i += 7) {
        changed[i] ^= 1;
        assert_int_equal(SSL_SESSION_set_ticket(session, changed, len), 1);
        assert_false(resumes(scene, scene->two, session));
        changed[i] ^= 1;
    }
    assert_int_equal(SSL_SESSION_set_ticket(session, changed, len), 1);
    assert_true(resumes(scene, scene->two, session)); /* the control */
    SSL_SESSION_free(session);
}

static void without_a_key_the_handshake_goes_on(void **state)
{
    struct scene *scene = *state;
    struct keyless keyless;

    keyless_start(&keyless);
    SSL_CTX *server = server_with(keyless.label);
    SSL_SESSION *session = session_of(scene, server);
    assert_false(resumes(scene, server, session));
    SSL_SESSION_free(session);
    SSL_CTX_free(server);
    keyless_stop(&keyless);
}

static void nothing_to_attach_is_refused(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(stek_boringssl_attach(NULL, scene->label), STEK_ERR_ARGUMENT);
    assert_int_equal(stek_boringssl_attach(scene->one, NULL), STEK_ERR_ARGUMENT);
}

#define IN_12(test)                                                                                \
    {                                                                                              \
#test " in TLS 1.2", test, start12, stop_all, &the_scene                                   \
    }
#define IN_13(test)                                                                                \
    {                                                                                              \
#test " in TLS 1.3", test, start13, stop_all, &the_scene                                   \
    }
#define IN_BOTH(test) IN_12(test), IN_13(test)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        IN_BOTH(a_ticket_of_one_server_resumes_at_the_other),
        IN_BOTH(a_ticket_resumes_over_rotations_until_its_key_retires),
        IN_BOTH(an_older_ticket_is_replaced_by_one_of_the_key_that_seals),
        IN_BOTH(another_label_knows_no_ticket),
        IN_BOTH(a_changed_ticket_means_a_full_handshake),
        IN_BOTH(without_a_key_the_handshake_goes_on),
        IN_12(nothing_to_attach_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
