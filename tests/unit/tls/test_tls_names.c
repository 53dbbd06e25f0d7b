/* SPDX-License-Identifier: Apache-2.0 */
/* A ticket serves the server name that it was made for (RFC 6066 section 3), also where SNI
 * switches SSL_CTXs. */
#include "tls_tickets.h"

#include <string.h>

static SSL_SESSION *ticket_for(struct tls_test *test, const char *name)
{
    return tls_get_ticket_from(test, test->server, &(struct tls_call){.server_name = name});
}

static struct tls_visit come_back_as(struct tls_test *test, const char *name, SSL_SESSION *session)
{
    return tls_visit(test, test->server,
                     &(struct tls_call){.server_name = name, .session = session});
}

static void a_ticket_for_one_name_does_not_serve_another(void **state)
{
    struct tls_test *test = *state;

    assert_full(come_back_as(test, "b.example", ticket_for(test, "a.example")));
    assert_full(come_back_as(test, "a.example.b.example", ticket_for(test, "a.example")));
}

static void a_ticket_for_a_name_does_not_serve_a_client_that_names_none(void **state)
{
    struct tls_test *test = *state;

    assert_full(come_back_as(test, NULL, ticket_for(test, "a.example")));
}

static void a_ticket_for_no_name_does_not_serve_a_client_that_names_one(void **state)
{
    struct tls_test *test = *state;

    assert_full(come_back_as(test, "a.example", ticket_for(test, NULL)));
}

static void a_ticket_for_no_name_serves_a_client_that_names_none(void **state)
{
    struct tls_test *test = *state;

    assert_resumed(come_back_as(test, NULL, ticket_for(test, NULL)));
}

static void the_case_of_letters_makes_no_difference(void **state)
{
    struct tls_test *test = *state;

    assert_resumed(come_back_as(test, "A.eXample", ticket_for(test, "a.example")));
    assert_resumed(come_back_as(test, "a.example", ticket_for(test, "A.EXAMPLE")));
}

static void the_name_stays_through_a_renewal(void **state)
{
    struct tls_test *test = *state;
    SSL_SESSION *session = ticket_for(test, "a.example");

    tls_clock_pass(3600);
    const struct tls_visit visit = come_back_as(test, "a.example", session);
    assert_resumed(visit);
    assert_full(come_back_as(test, "b.example", visit.session));
    assert_resumed(come_back_as(test, "a.example", visit.session));
}

static void a_refused_ticket_is_replaced_by_one_for_the_right_name(void **state)
{
    struct tls_test *test = *state;
    const struct tls_visit visit = come_back_as(test, "b.example", ticket_for(test, "a.example"));

    assert_full(visit);
    assert_int_not_equal(visit.ticket_count, 0);
    assert_resumed(come_back_as(test, "b.example", visit.session));
}

/* SSL_CTX_set_tlsext_servername_callback(3): b.example has an SSL_CTX of its own, the argument. */
static int switch_to_b(SSL *ssl, int *ret_alert, void *b)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    *ret_alert = SSL_AD_UNRECOGNIZED_NAME; /* not sent, as long as OK is returned */
    if (name != NULL && strcmp(name, "b.example") == 0)
        (void)SSL_set_SSL_CTX(ssl, b);
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *add_virtual_host_b(struct tls_test *test)
{
    SSL_CTX *b = tls_server_for(test, "b.example");

    (void)SSL_CTX_set_tlsext_servername_callback(test->server, switch_to_b);
    (void)SSL_CTX_set_tlsext_servername_arg(test->server, b);
    return b;
}

static void tickets_are_sealed_and_open_after_a_switch_to_a_context_without_a_ring(void **state)
{
    struct tls_test *test = *state;

    (void)add_virtual_host_b(test);
    const SSL_SESSION *first = ticket_for(test, "b.example");
    assert_resumed(come_back_as(test, "b.example", ticket_for(test, "b.example")));
    tls_clock_pass(3600);
    const struct tls_visit visit = come_back_as(test, "b.example", ticket_for(test, "b.example"));
    assert_resumed(visit);
    assert_false(tls_same_key(visit.session, first));
}

static void after_a_switch_the_keys_are_still_those_of_the_first_context(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *b = add_virtual_host_b(test);
    struct stek_ring *others = tls_ring_new(NULL);
    size_t len;

    tls_attach_to(test, b, others, NULL);
    const SSL_SESSION *session = ticket_for(test, "b.example");
    const struct stek_ticket_key key = tls_active_key(test->ring, test->server);
    assert_memory_equal(tls_ticket_bytes(session, &len), key.name, sizeof key.name);
    stek_ring_free(others);
}

static void
a_ticket_of_one_virtual_host_does_not_serve_another_behind_the_same_context(void **state)
{
    struct tls_test *test = *state;

    (void)add_virtual_host_b(test);
    assert_full(come_back_as(test, "a.example", ticket_for(test, "b.example")));
    assert_full(come_back_as(test, "b.example", ticket_for(test, "a.example")));
}

/* Without stek's check: libssl itself, with keys of its own, lets the ticket through. The test
 * above can fail. */
static void libssl_itself_would_let_a_ticket_serve_another_name(void **state)
{
    struct tls_test *test = *state;
    SSL_CTX *plain = tls_server_for(test, "a.example");
    SSL_SESSION *session =
        tls_get_ticket_from(test, plain, &(struct tls_call){.server_name = "a.example"});

    assert_resumed(
        tls_visit(test, plain, &(struct tls_call){.server_name = "b.example", .session = session}));
}

int main(void)
{
    static const struct tls_behaviour server_names[] = {
        TLS_BEHAVIOUR(a_ticket_for_one_name_does_not_serve_another, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_for_a_name_does_not_serve_a_client_that_names_none, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_for_no_name_does_not_serve_a_client_that_names_one, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_for_no_name_serves_a_client_that_names_none, TLS_ALL),
        TLS_BEHAVIOUR(the_case_of_letters_makes_no_difference, TLS_ALL),
        TLS_BEHAVIOUR(the_name_stays_through_a_renewal, TLS_ALL),
        TLS_BEHAVIOUR(a_refused_ticket_is_replaced_by_one_for_the_right_name, TLS_ALL),
        TLS_BEHAVIOUR(tickets_are_sealed_and_open_after_a_switch_to_a_context_without_a_ring,
                      TLS_ALL),
        TLS_BEHAVIOUR(after_a_switch_the_keys_are_still_those_of_the_first_context, TLS_ALL),
        TLS_BEHAVIOUR(a_ticket_of_one_virtual_host_does_not_serve_another_behind_the_same_context,
                      TLS_ALL),
        TLS_BEHAVIOUR(libssl_itself_would_let_a_ticket_serve_another_name, TLS_ANY),
    };

    return TLS_RUN(server_names);
}
