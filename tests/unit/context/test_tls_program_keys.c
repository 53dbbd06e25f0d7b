/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket keys that a program sets for several SSL_CTXs, where it verifies peers: names count, too.
 */
#include "tls_tickets.h"

#include <string.h>

#define CERT(...) (&(struct tls_cert_wish){__VA_ARGS__})

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.server_name = NULL});

    return tls_visit(test, to, &(struct tls_call){.session = session});
}

static void set_same_keys(SSL_CTX *ctx)
{
    uint8_t keys[80];

    memset(keys, 0x5a, sizeof keys);
    assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(ctx, keys, sizeof keys), 1);
}

static SSL_CTX *server_with(struct tls_test *test, const struct tls_cert_wish *wish)
{
    SSL_CTX *made = tls_server_with(test, wish);

    tls_server_id_context(made, "one for all");
    tls_server_verify(made, SSL_VERIFY_PEER);
    tls_attach(test, made, NULL);
    set_same_keys(made);
    return made;
}

static void they_do_not_join_other_names_of_certificates_without_alternatives(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server_with(test, CERT(.common_name = "a.example"));

    assert_full(carry(test, one, server_with(test, CERT(.common_name = "b.example"))));
    assert_full(carry(test, one, server_with(test, CERT(.common_name = NULL))));
    assert_resumed(carry(test, one, server_with(test, CERT(.common_name = "a.example"))));
}

static void they_do_not_join_other_certificates_without_a_name(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server_with(test, CERT(.common_name = NULL));

    assert_full(carry(test, one, server_with(test, CERT(.kind = TLS_KEY_RSA))));
    assert_resumed(carry(test, one, server_with(test, CERT(.kind = TLS_KEY_EC))));
}

static int ssls_made;

static void count_ssl(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl,
                      void *argp)
{
    (void)parent, (void)ptr, (void)data, (void)index, (void)argl, (void)argp;
    ssls_made++;
}

/* Programs that make an SSL_CTX for every connection would pay for it each time. */
static void no_ssl_is_made_for_the_names_of_an_ssl_ctx_that_verifies(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = server_with(test, CERT(.alternatives = "DNS:a.example"));

    const int index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, NULL, count_ssl, NULL, NULL);
    assert_true(index >= 0);
    ssls_made = 0;
    (void)tls_get_ticket_from(test, one, &(struct tls_call){.server_name = NULL});
    assert_int_equal(CRYPTO_free_ex_index(CRYPTO_EX_INDEX_SSL, index), 1);
    assert_int_equal(ssls_made, 2);
}

int main(void)
{
    static const struct tls_behaviour keys[] = {
        TLS_BEHAVIOUR(they_do_not_join_other_names_of_certificates_without_alternatives, TLS_ANY),
        TLS_BEHAVIOUR(they_do_not_join_other_certificates_without_a_name, TLS_ANY),
        TLS_BEHAVIOUR(no_ssl_is_made_for_the_names_of_an_ssl_ctx_that_verifies, TLS_ANY),
    };

    return TLS_RUN(keys);
}
