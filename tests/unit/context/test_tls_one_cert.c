/* SPDX-License-Identifier: Apache-2.0 */
/* SSL_CTXs whose certificates were seen from first to last, as the module sees them: the names of
 * one are read without an SSL, and no other certificate is overlooked. */
#include "tls_tickets.h"

#include "tls/attach.h"

#define CERT(...) (&(struct tls_cert_wish){__VA_ARGS__})

static const struct tls_cert_wish rsa_a = {.alternatives = "DNS:a.example", .kind = TLS_KEY_RSA};
static const struct tls_cert_wish ec_a = {.alternatives = "DNS:a.example"};
static const struct tls_cert_wish ec_b = {.alternatives = "DNS:b.example"};

/* As SSL_CTX_new(3) leaves it with the module. */
static SSL_CTX *new_server(struct tls_test *test)
{
    const struct stek_attach_options options = {.override = 1};
    SSL_CTX *server = tls_server_bare(test);

    assert_int_equal(stek_attach_new(server, test->ring, &options), STEK_OK);
    tls_server_id_context(server, "one for all"); /* so that contexts alone tell servers apart */
    return server;
}

static SSL_CTX *new_server_with(struct tls_test *test, const struct tls_cert_wish *wish)
{
    SSL_CTX *server = new_server(test);

    tls_server_add_cert(server, wish);
    return server;
}

/* One that was attached when it had its certificate. */
static SSL_CTX *known_server(struct tls_test *test, const struct tls_cert_wish *wish)
{
    SSL_CTX *server = tls_server_with(test, wish);

    tls_server_id_context(server, "one for all");
    tls_attach(test, server, NULL);
    return server;
}

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.server_name = NULL});

    return tls_visit(test, to, &(struct tls_call){.session = session});
}

static unsigned made;

static void count_ssl(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                      void *argp)
{
    (void)parent, (void)ptr, (void)data, (void)index, (void)argl, (void)argp;
    made++;
}

/* How many SSLs a first ticket makes, the two of the connection included. */
static unsigned ssls_of_first_ticket(struct tls_test *test, SSL_CTX *server)
{
    static int index = -1;

    if (index < 0)
        index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, count_ssl, NULL, NULL);
    assert_true(index >= 0);
    made = 0;
    (void)tls_get_ticket_from(test, server, &(struct tls_call){.server_name = NULL});
    return made;
}

static void the_names_of_one_certificate_are_read_without_an_ssl(void **state)
{
    struct tls_test *test = *state;

    assert_int_equal(ssls_of_first_ticket(test, known_server(test, &ec_a)), 3);
    assert_int_equal(ssls_of_first_ticket(test, new_server_with(test, &ec_a)), 2);
}

static void they_are_the_same_names(void **state)
{
    struct tls_test *test = *state;

    assert_resumed(carry(test, new_server_with(test, &ec_a), known_server(test, &rsa_a)));
    assert_resumed(carry(test, known_server(test, &ec_a), new_server_with(test, &rsa_a)));
    assert_full(carry(test, new_server_with(test, &ec_a), known_server(test, &ec_b)));
}

static void a_second_certificate_counts(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *pair = new_server_with(test, &rsa_a);

    tls_server_add_cert(pair, &ec_b);
    assert_full(carry(test, pair, known_server(test, &ec_b)));
    assert_resumed(
        carry(test, pair, known_server(test, CERT(.alternatives = "DNS:a.example,DNS:b.example"))));
}

static void a_second_certificate_that_comes_with_its_key_counts(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *pair = new_server_with(test, &rsa_a);
    X509 *cert = tls_cert_new(&ec_b);

    assert_int_equal(SSL_CTX_use_cert_and_key(pair, cert, tls_key(TLS_KEY_EC), NULL, 1), 1);
    X509_free(cert);
    assert_full(carry(test, pair, known_server(test, &ec_b)));
}

static int let_all_pass(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                        void *ex)
{
    (void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
    return 1;
}

static void a_second_certificate_counts_where_the_program_has_a_security_callback(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *pair = new_server_with(test, &rsa_a);

    SSL_CTX_set_security_callback(pair, let_all_pass);
    tls_server_add_cert(pair, &ec_b);
    assert_full(carry(test, pair, known_server(test, &ec_b)));
}

static void a_certificate_in_the_place_of_the_first_gives_its_names(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = new_server_with(test, &ec_a);

    tls_server_add_cert(server, &ec_b);
    assert_full(carry(test, server, known_server(test, &ec_a)));
    assert_resumed(carry(test, server, known_server(test, &ec_b)));
}

/* libssl counts the key as the current one then, and that has no certificate. */
static void a_key_without_a_certificate_hides_no_name(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = new_server_with(test, &rsa_a);

    assert_int_equal(SSL_CTX_use_PrivateKey(server, tls_key(TLS_KEY_EC)), 1);
    assert_null(SSL_CTX_get0_certificate(server));
    assert_resumed(carry(test, server, known_server(test, &ec_a)));
}

static void attaching_again_takes_nothing_for_granted(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *pair = new_server_with(test, &rsa_a);

    tls_attach(test, pair, NULL);
    tls_server_add_cert(pair, &ec_b);
    assert_full(carry(test, pair, known_server(test, &ec_b)));
}

int main(void)
{
    enum { MODES = TLS12 | TLS13 | TLS_ONE_CALLBACK };
    static const struct tls_behaviour one_cert[] = {
        TLS_BEHAVIOUR(the_names_of_one_certificate_are_read_without_an_ssl, MODES),
        TLS_BEHAVIOUR(they_are_the_same_names, MODES),
        TLS_BEHAVIOUR(a_second_certificate_counts, MODES),
        TLS_BEHAVIOUR(a_second_certificate_that_comes_with_its_key_counts, MODES),
        TLS_BEHAVIOUR(a_second_certificate_counts_where_the_program_has_a_security_callback, MODES),
        TLS_BEHAVIOUR(a_certificate_in_the_place_of_the_first_gives_its_names, MODES),
        TLS_BEHAVIOUR(a_key_without_a_certificate_hides_no_name, MODES),
        TLS_BEHAVIOUR(attaching_again_takes_nothing_for_granted, MODES),
    };

    return TLS_RUN(one_cert);
}
