/* SPDX-License-Identifier: Apache-2.0 */
/* What tickets cross and what they do not: the auto context of an SSL_CTX, and explicit labels. */
#include "tls_tickets.h"

#include <string.h>

#define CERT(...) (&(struct tls_cert_wish){__VA_ARGS__})

static SSL_CTX *attached(struct tls_test *test, SSL_CTX *server, const char *label)
{
    tls_server_id_context(server,
                          "one for all"); /* so that stek's contexts alone tell servers apart */
    tls_attach(test, server, label);
    return server;
}

static SSL_CTX *server_with(struct tls_test *test, const struct tls_cert_wish *wish)
{
    return attached(test, tls_server_with(test, wish), NULL);
}

static SSL_CTX *server_that_verifies(struct tls_test *test, int verify_mode, const char *label)
{
    SSL_CTX *server = tls_server_for(test, "a.example");

    tls_server_verify(server, verify_mode);
    return attached(test, server, label);
}

static struct tls_visit carry(struct tls_test *test, SSL_CTX *from, SSL_CTX *to)
{
    SSL_SESSION *session = tls_get_ticket_from(test, from, &(struct tls_call){.server_name = NULL});

    return tls_visit(test, to, &(struct tls_call){.session = session});
}

static void assert_share(struct tls_test *test, SSL_CTX *one, SSL_CTX *other)
{
    assert_resumed(carry(test, one, other));
    assert_resumed(carry(test, other, one));
}

static void assert_do_not_share(struct tls_test *test, SSL_CTX *one, SSL_CTX *other)
{
    assert_full(carry(test, one, other));
    assert_full(carry(test, other, one));
}

static void different_certificates_for_the_same_names_share(void **state)
{
    struct tls_test *test = *state;

    assert_share(test, server_with(test, CERT(.alternatives = "DNS:a.example,DNS:www.a.example")),
                 server_with(test, CERT(.alternatives = "DNS:a.example,DNS:www.a.example")));
}

static void the_order_of_names_makes_no_difference(void **state)
{
    struct tls_test *test = *state;

    assert_share(
        test, server_with(test, CERT(.alternatives = "DNS:a.example,DNS:b.example,DNS:c.example")),
        server_with(
            test, CERT(.alternatives = "DNS:c.example,DNS:a.example,DNS:b.example,DNS:a.example")));
}

static void the_case_of_letters_makes_no_difference(void **state)
{
    struct tls_test *test = *state;

    assert_share(test, server_with(test, CERT(.alternatives = "DNS:a.example")),
                 server_with(test, CERT(.alternatives = "DNS:A.Example")));
}

static void a_common_name_is_as_good_as_a_dns_name_where_there_is_none(void **state)
{
    struct tls_test *test = *state;

    assert_share(test, server_with(test, CERT(.common_name = "a.example")),
                 server_with(test, CERT(.alternatives = "DNS:a.example")));
}

static void a_common_name_beside_alternatives_makes_no_difference(void **state)
{
    struct tls_test *test = *state;

    assert_share(
        test, server_with(test, CERT(.common_name = "anything", .alternatives = "DNS:a.example")),
        server_with(test, CERT(.alternatives = "DNS:a.example")));
    assert_share(
        test, server_with(test, CERT(.common_name = "a.example", .alternatives = "IP:192.0.2.1")),
        server_with(test, CERT(.alternatives = "IP:192.0.2.1")));
}

static void an_rsa_certificate_and_one_for_ecdsa_share(void **state)
{
    struct tls_test *test = *state;

    assert_share(test,
                 server_with(test, CERT(.alternatives = "DNS:a.example", .kind = TLS_KEY_RSA)),
                 server_with(test, CERT(.alternatives = "DNS:a.example")));
}

static SSL_CTX *server_with_pair(struct tls_test *test, const struct tls_cert_wish *first,
                                 const struct tls_cert_wish *second)
{
    SSL_CTX *server = tls_server_with(test, first);

    tls_server_add_cert(server, second);
    return attached(test, server, NULL);
}

static void a_pair_of_certificates_shares_with_a_pair_in_the_other_order_and_with_one_for_all_names(
    void **state)
{
    struct tls_test *test = *state;
    const struct tls_cert_wish *rsa = CERT(.alternatives = "DNS:a.example", .kind = TLS_KEY_RSA);
    const struct tls_cert_wish *ec = CERT(.alternatives = "DNS:b.example");
    SSL_CTX *pair = server_with_pair(test, rsa, ec);

    assert_share(test, pair, server_with_pair(test, ec, rsa));
    assert_share(test, pair,
                 server_with(test, CERT(.alternatives = "DNS:b.example,DNS:a.example")));
}

static void every_certificate_of_a_pair_counts(void **state)
{
    struct tls_test *test = *state;
    const struct tls_cert_wish *rsa = CERT(.alternatives = "DNS:a.example", .kind = TLS_KEY_RSA);
    const struct tls_cert_wish *ec = CERT(.alternatives = "DNS:b.example");
    SSL_CTX *pair = server_with_pair(test, rsa, ec);

    assert_do_not_share(test, pair, server_with(test, rsa));
    assert_do_not_share(test, pair, server_with(test, ec));
}

/* Reading the names must not change which certificate the program's next call is about. */
static void the_programs_current_certificate_stays(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *pair =
        server_with_pair(test, CERT(.alternatives = "DNS:a.example", .kind = TLS_KEY_RSA),
                         CERT(.alternatives = "DNS:a.example"));
    const X509 *before = SSL_CTX_get0_certificate(pair);

    (void)tls_get_ticket_from(test, pair, &(struct tls_call){.server_name = NULL});
    assert_ptr_equal(SSL_CTX_get0_certificate(pair), before);
}

static void different_names_do_not_share(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *a = server_with(test, CERT(.alternatives = "DNS:a.example"));

    assert_do_not_share(test, a, server_with(test, CERT(.alternatives = "DNS:b.example")));
    assert_do_not_share(test, a,
                        server_with(test, CERT(.alternatives = "DNS:a.example,DNS:b.example")));
    assert_do_not_share(test, a, server_with(test, CERT(.common_name = "b.example")));
}

/* Lengths are hashed along: two names are not one that reads the same. */
static void names_do_not_run_into_each_other(void **state)
{
    struct tls_test *test = *state;

    assert_do_not_share(test, server_with(test, CERT(.alternatives = "DNS:ab,DNS:c")),
                        server_with(test, CERT(.alternatives = "DNS:a,DNS:bc")));
}

/* Each kind of alternative counts, and is no name of another kind. */
static void different_alternatives_of_any_kind_do_not_share(void **state)
{
    static const char *const pairs[][2] = {
        {"IP:192.0.2.1", "IP:192.0.2.2"},
        {"IP:192.0.2.1", "IP:2001:db8::1"},
        {"URI:spiffe://a/one", "URI:spiffe://a/two"},
        {"email:a@a.example", "email:b@a.example"},
        {"otherName:1.2.3.4;UTF8:one", "otherName:1.2.3.4;UTF8:two"},
        {"RID:1.2.3.4", "RID:1.2.3.5"},
        {"DNS:a.example", "URI:a.example"},
        {"DNS:a.example,IP:192.0.2.1", "DNS:a.example"},
    };
    struct tls_test *test = *state;

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        assert_do_not_share(test, server_with(test, CERT(.alternatives = pairs[i][0])),
                            server_with(test, CERT(.alternatives = pairs[i][1])));
}

static void the_same_addresses_share(void **state)
{
    struct tls_test *test = *state;

    assert_share(test, server_with(test, CERT(.alternatives = "IP:192.0.2.1,IP:192.0.2.2")),
                 server_with(test, CERT(.alternatives = "IP:192.0.2.2,IP:192.0.2.1")));
}

static void certificates_without_any_name_share_where_their_key_is_the_same(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *ec = server_with(test, CERT(.common_name = NULL));

    assert_share(test, ec, server_with(test, CERT(.common_name = NULL)));
    assert_do_not_share(test, ec, server_with(test, CERT(.kind = TLS_KEY_RSA)));
}

/* Names that change while it serves: the ticket follows the certificate. */
static void a_certificate_for_other_names_later_gets_another_context(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *server = server_with(test, CERT(.alternatives = "DNS:a.example"));
    SSL_SESSION *session =
        tls_get_ticket_from(test, server, &(struct tls_call){.server_name = NULL});

    tls_server_add_cert(server, CERT(.alternatives = "DNS:b.example"));
    assert_full(tls_visit(test, server, &(struct tls_call){.session = session}));
    assert_resumed(carry(test, server, server_with(test, CERT(.alternatives = "DNS:b.example"))));
}

static void an_explicit_label_joins_what_auto_keeps_apart(void **state)
{
    struct tls_test *test = *state;

    assert_share(test, attached(test, tls_server_for(test, "a.example"), "label"),
                 attached(test, tls_server_for(test, "b.example"), "label"));
    assert_share(test, server_that_verifies(test, SSL_VERIFY_NONE, "label"),
                 server_that_verifies(test, SSL_VERIFY_PEER, "label"));
}

static void explicit_labels_keep_apart_what_auto_joins(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *one = attached(test, tls_server_for(test, "a.example"), "one");

    assert_do_not_share(test, one, attached(test, tls_server_for(test, "a.example"), "two"));
    assert_do_not_share(test, one, attached(test, tls_server_for(test, "a.example"), "One"));
    assert_do_not_share(test, one, attached(test, tls_server_for(test, "a.example"), NULL));
}

static void labels_of_1_to_255_printable_characters_are_taken(void **state)
{
    struct tls_test *test = *state;
    char longest[256];

    memset(longest, 'x', sizeof longest);
    longest[255] = '\0';
    const char *labels[] = {"x", " ", "~", "a label with blanks", longest};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        assert_int_equal(stek_attach(test->server, test->ring,
                                     &(struct stek_attach_options){.context = labels[i]}),
                         STEK_OK);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
}

static void labels_that_are_empty_or_too_long_or_not_printable_are_refused(void **state)
{
    struct tls_test *test = *state;
    char too_long[257];

    memset(too_long, 'x', sizeof too_long);
    too_long[256] = '\0';
    const char *labels[] = {"",      too_long, "a\nb", "\x1f",        "\x7f",
                            "tab\t", "\x80",   "\xff", "na\xc3\xafve"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        assert_int_equal(stek_attach(test->server, test->ring,
                                     &(struct stek_attach_options){.context = labels[i]}),
                         STEK_ERR_ARGUMENT);
}

int main(void)
{
    static const struct tls_behaviour contexts[] = {
        TLS_BEHAVIOUR(different_certificates_for_the_same_names_share, TLS_ANY),
        TLS_BEHAVIOUR(the_order_of_names_makes_no_difference, TLS_ANY),
        TLS_BEHAVIOUR(the_case_of_letters_makes_no_difference, TLS_ANY),
        TLS_BEHAVIOUR(a_common_name_is_as_good_as_a_dns_name_where_there_is_none, TLS_ANY),
        TLS_BEHAVIOUR(a_common_name_beside_alternatives_makes_no_difference, TLS_ANY),
        TLS_BEHAVIOUR(an_rsa_certificate_and_one_for_ecdsa_share, TLS_ANY),
        TLS_BEHAVIOUR(
            a_pair_of_certificates_shares_with_a_pair_in_the_other_order_and_with_one_for_all_names,
            TLS_ANY),
        TLS_BEHAVIOUR(every_certificate_of_a_pair_counts, TLS_ANY),
        TLS_BEHAVIOUR(the_programs_current_certificate_stays, TLS_ANY),
        TLS_BEHAVIOUR(different_names_do_not_share, TLS_ANY),
        TLS_BEHAVIOUR(names_do_not_run_into_each_other, TLS_ANY),
        TLS_BEHAVIOUR(different_alternatives_of_any_kind_do_not_share, TLS_ANY),
        TLS_BEHAVIOUR(the_same_addresses_share, TLS_ANY),
        TLS_BEHAVIOUR(certificates_without_any_name_share_where_their_key_is_the_same, TLS_ANY),
        TLS_BEHAVIOUR(a_certificate_for_other_names_later_gets_another_context, TLS_ANY),
        TLS_BEHAVIOUR(an_explicit_label_joins_what_auto_keeps_apart, TLS_ANY),
        TLS_BEHAVIOUR(explicit_labels_keep_apart_what_auto_joins, TLS_ANY),
        TLS_BEHAVIOUR(labels_of_1_to_255_printable_characters_are_taken, TLS_ONCE),
        TLS_BEHAVIOUR(labels_that_are_empty_or_too_long_or_not_printable_are_refused, TLS_ONCE),
    };

    return TLS_RUN(contexts);
}
