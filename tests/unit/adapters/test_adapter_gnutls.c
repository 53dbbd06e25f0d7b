/* SPDX-License-Identifier: Apache-2.0 */
/* A server and a client of the real GnuTLS in memory, with the keys of a ring, on the tests' clock:
 * what no server on a socket shows. tests/e2e/adapters has the rest. */
#include "unit.h"

#include "keyless.h"
#include "ring_fixture.h"

#include <stek-gnutls.h>

#include <gnutls/dtls.h>
#include <gnutls/x509.h>

#include <errno.h>
#include <string.h>
#include <time.h>

enum { LIFETIME_S = 6 * 3600, PERIOD_S = 3 * LIFETIME_S, MESSAGES = 64, MESSAGE_LEN = 4096 };

time_t adapter_time(time_t *at);

/* The clock of the adapter and of GnuTLS is that of the ring. */
time_t adapter_time(time_t *at)
{
    const time_t now = (time_t)ring_time();

    if (at != NULL)
        *at = now;
    return now;
}

/* What one side has sent and the other has not read. */
struct wire {
    size_t first, count;
    struct {
        size_t at, len;
        unsigned char bytes[MESSAGE_LEN];
    } messages[MESSAGES];
};

struct side {
    gnutls_session_t session;
    struct wire *out, *in;
};

struct scene {
    struct stek_ring *ring;
    struct stek_gnutls tickets;
    gnutls_certificate_credentials_t identity, anybody;
};

/* How a client visits. */
struct visit {
    unsigned flags;               /* of gnutls_init(), for both sides */
    const char *client, *server;  /* priorities */
    const gnutls_datum_t *resume; /* or NULL */
    bool resumed, ticket;         /* what came of it */
    unsigned hellos;              /* that the server read */
    gnutls_datum_t session;       /* to resume: gnutls_free() its data */
};

/* ---- the wire ---- */

static ssize_t push(gnutls_transport_ptr_t to, const void *bytes, size_t len)
{
    struct wire *wire = ((struct side *)to)->out;

    assert_true(wire->first + wire->count < MESSAGES && len <= MESSAGE_LEN);
    const size_t i = wire->first + wire->count++;
    memcpy(wire->messages[i].bytes, bytes, len);
    wire->messages[i].at = 0;
    wire->messages[i].len = len;
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t from, void *bytes, size_t len)
{
    struct side *side = from;
    struct wire *wire = side->in;

    if (wire->count == 0) {
        gnutls_transport_set_errno(side->session, EAGAIN);
        return -1;
    }
    const size_t i = wire->first;
    const size_t left = wire->messages[i].len - wire->messages[i].at;
    const size_t got = left < len ? left : len;
    memcpy(bytes, wire->messages[i].bytes + wire->messages[i].at, got);
    wire->messages[i].at += got;
    if (wire->messages[i].at == wire->messages[i].len) {
        wire->first++;
        wire->count--;
    }
    return (ssize_t)got;
}

static int pull_timeout(gnutls_transport_ptr_t from, unsigned ms)
{
    (void)ms;
    return ((struct side *)from)->in->count > 0;
}

/* ---- a visit ---- */

static void begin(struct side *side, unsigned flags, const char *priorities,
                  gnutls_certificate_credentials_t credentials)
{
    assert_int_equal(gnutls_init(&side->session, flags | GNUTLS_NONBLOCK), 0);
    assert_int_equal(gnutls_priority_set_direct(side->session, priorities, NULL), 0);
    assert_int_equal(gnutls_credentials_set(side->session, GNUTLS_CRD_CERTIFICATE, credentials), 0);
    gnutls_transport_set_ptr(side->session, side);
    gnutls_transport_set_push_function(side->session, push);
    gnutls_transport_set_pull_function(side->session, pull);
    gnutls_transport_set_pull_timeout_function(side->session, pull_timeout);
}

static unsigned hellos;

/* The program's own hook, as stek-gnutls(3) has it. */
static int count_hellos(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                        const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    if (incoming != 0) {
        hellos++;
        stek_gnutls_client_hello(session, message);
    }
    return 0;
}

static void shake_hands(struct side *client, struct side *server)
{
    int left = GNUTLS_E_AGAIN, right = GNUTLS_E_AGAIN;

    for (int turns = 0; turns < 20 && (left != 0 || right != 0); turns++) {
        if (left != 0)
            left = gnutls_handshake(client->session);
        if (right != 0)
            right = gnutls_handshake(server->session);
        assert_true(left == 0 || gnutls_error_is_fatal(left) == 0);
        assert_true(right == 0 || gnutls_error_is_fatal(right) == 0);
    }
    assert_int_equal(left, 0);
    assert_int_equal(right, 0);
}

static void pay(struct scene *scene, struct visit *visit)
{
    static struct wire wires[2];
    struct side client = {.out = &wires[0], .in = &wires[1]};
    struct side server = {.out = &wires[1], .in = &wires[0]};
    char none[16];

    memset(wires, 0, sizeof wires);
    hellos = 0;
    begin(&client, GNUTLS_CLIENT | visit->flags, visit->client, scene->anybody);
    begin(&server, GNUTLS_SERVER | visit->flags, visit->server, scene->identity);
    assert_int_equal(stek_gnutls_attach(server.session, &scene->tickets), STEK_OK);
    gnutls_handshake_set_hook_function(server.session, GNUTLS_HANDSHAKE_CLIENT_HELLO,
                                       GNUTLS_HOOK_PRE, count_hellos);
    if (visit->resume != NULL)
        assert_int_equal(
            gnutls_session_set_data(client.session, visit->resume->data, visit->resume->size), 0);
    shake_hands(&client, &server);
    (void)gnutls_record_recv(client.session, none, sizeof none); /* the ticket of TLS 1.3 */
    visit->hellos = hellos;
    visit->resumed = gnutls_session_is_resumed(server.session) != 0;
    visit->ticket = (gnutls_session_get_flags(client.session) & GNUTLS_SFLAGS_SESSION_TICKET) != 0;
    assert_int_equal(gnutls_session_get_data2(client.session, &visit->session), 0);
    gnutls_deinit(client.session);
    gnutls_deinit(server.session);
}

/* ---- scenes ---- */

#define TLS_1_3 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define DTLS_1_2 "NORMAL:-VERS-ALL:+VERS-DTLS1.2"

static void make_identity(gnutls_certificate_credentials_t credentials)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;

    CHECK(gnutls_x509_privkey_init(&key) == 0 && gnutls_x509_crt_init(&crt) == 0);
    CHECK(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0) == 0);
    CHECK(gnutls_x509_crt_set_version(crt, 3) == 0 && gnutls_x509_crt_set_key(crt, key) == 0);
    CHECK(gnutls_x509_crt_set_serial(crt, "\1", 1) == 0);
    CHECK(gnutls_x509_crt_set_activation_time(crt, 0) == 0);
    CHECK(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 86400) == 0);
    CHECK(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) == 0);
    CHECK(gnutls_certificate_set_x509_key(credentials, &crt, 1, key) >= 0);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

/* A ring without a key yet, at the second period of GnuTLS's clock. */
static int start(void **state)
{
    static struct scene scene;

    scene.ring = ring_start_empty(&ring_policy);
    ring_set_time(PERIOD_S + 10);
    gnutls_global_set_time_function(adapter_time);
    CHECK(stek_label_new(scene.ring, "gnutls", &scene.tickets.label) == STEK_OK);
    CHECK(gnutls_certificate_allocate_credentials(&scene.identity) == 0);
    CHECK(gnutls_certificate_allocate_credentials(&scene.anybody) == 0);
    make_identity(scene.identity);
    *state = &scene;
    return 0;
}

static int end(void **state)
{
    struct scene *scene = *state;

    gnutls_certificate_free_credentials(scene->identity);
    gnutls_certificate_free_credentials(scene->anybody);
    stek_label_free(scene->tickets.label);
    stek_ring_free(scene->ring);
    return 0;
}

static void has_keys(struct scene *scene)
{
    CHECK(stek_ring_maintain(scene->ring) == STEK_OK);
}

/* A first visit and another with what it brought. */
static void comes_back(struct scene *scene, struct visit first, bool resumed, unsigned both)
{
    struct visit again = first;

    pay(scene, &first);
    assert_false(first.resumed);
    assert_int_equal(first.ticket, resumed);
    assert_int_equal(first.hellos, both);
    again.resume = &first.session;
    pay(scene, &again);
    assert_int_equal(again.resumed, resumed);
    assert_int_equal(again.hellos, both);
    gnutls_free(first.session.data);
    gnutls_free(again.session.data);
}

static const char *const versions[] = {TLS_1_2, TLS_1_3};

static void a_ticket_resumes(void **state)
{
    has_keys(*state);
    for (size_t i = 0; i < 2; i++)
        comes_back(*state, (struct visit){.client = versions[i], .server = versions[i]}, true, 1);
}

/* GnuTLS would seal with zeros (CVE-2020-13777). */
static void there_is_no_ticket_while_gnutls_derives_nothing(void **state)
{
    ring_set_time(PERIOD_S - 10);
    has_keys(*state);
    for (size_t i = 0; i < 2; i++)
        comes_back(*state, (struct visit){.client = versions[i], .server = versions[i]}, false, 1);
    ring_set_time(PERIOD_S);
    for (size_t i = 0; i < 2; i++)
        comes_back(*state, (struct visit){.client = versions[i], .server = versions[i]}, true, 1);
}

static void without_a_key_there_is_no_ticket_and_the_handshake_is_done(void **state)
{
    struct scene *scene = *state;
    struct stek_label *const label = scene->tickets.label;
    struct keyless keyless;

    has_keys(scene);
    keyless_start(&keyless);
    scene->tickets.label = keyless.label;
    for (size_t i = 0; i < 2; i++)
        comes_back(scene, (struct visit){.client = versions[i], .server = versions[i]}, false, 1);
    scene->tickets.label = label;
    for (size_t i = 0; i < 2; i++)
        comes_back(scene, (struct visit){.client = versions[i], .server = versions[i]}, true, 1);
    keyless_stop(&keyless);
}

/* The client's first share is of a group that the server does not take. */
static void a_ticket_resumes_after_a_hello_retry_request(void **state)
{
    has_keys(*state);
    comes_back(*state,
               (struct visit){.client = TLS_1_3 ":-GROUP-ALL:+GROUP-SECP384R1:+GROUP-SECP256R1",
                              .server = TLS_1_3 ":-GROUP-ALL:+GROUP-SECP256R1"},
               true, 2);
}

static void a_ticket_resumes_in_dtls(void **state)
{
    has_keys(*state);
    comes_back(*state,
               (struct visit){.flags = GNUTLS_DATAGRAM, .client = DTLS_1_2, .server = DTLS_1_2},
               true, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_ticket_resumes, start, end),
        cmocka_unit_test_setup_teardown(there_is_no_ticket_while_gnutls_derives_nothing, start,
                                        end),
        cmocka_unit_test_setup_teardown(without_a_key_there_is_no_ticket_and_the_handshake_is_done,
                                        start, end),
        cmocka_unit_test_setup_teardown(a_ticket_resumes_after_a_hello_retry_request, start, end),
        cmocka_unit_test_setup_teardown(a_ticket_resumes_in_dtls, start, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
