/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out between libssl's two callbacks for a ticket says nothing about whose keys
 * serve. */
#include "tls_tickets.h"

#include "stek.h"

#include "tls/attachment.h"

#include <openssl/crypto.h>

#include <stdlib.h>

static bool fails;
static bool shall_fail;
static int replaced;

static void *get_memory(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return fails ? NULL : malloc(size);
}

static void *resize_memory(void *at, size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return fails ? NULL : realloc(at, size);
}

static void free_memory(void *at, const char *file, int line)
{
    (void)file, (void)line;
    free(at);
}

static void on_event(enum stek_event event)
{
    replaced += event == STEK_EVENT_REPLACED;
}

/* libssl encodes the session next, which takes memory. */
static int generate(SSL *ssl, void *arg)
{
    const int answer = stek_ticket_gen_cb(ssl, arg);

    fails = shall_fail;
    return answer;
}

/* A handshake of which the memory for the ticket fails. */
static void fail_once(struct tls_test *test)
{
    shall_fail = true;
    SSL *server = SSL_new(test->server);
    SSL *client = SSL_new(test->client);
    BIO *near = NULL;
    BIO *far = NULL;

    assert_int_equal(BIO_new_bio_pair(&near, 0, &far, 0), 1);
    SSL_set_bio(client, near, near);
    SSL_set_bio(server, far, far);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < 6; i++) {
        (void)SSL_do_handshake(client);
        (void)SSL_do_handshake(server);
        shall_fail = shall_fail && !fails;
        fails = false;
    }
    assert_false(shall_fail);
    SSL_free(client);
    SSL_free(server);
    ERR_clear_error();
}

static void begin(struct tls_test *test)
{
    replaced = 0;
    stek_attachment_watch(on_event);
    assert_int_equal(
        SSL_CTX_set_session_ticket_cb(test->server, generate, stek_ticket_dec_cb, NULL), 1);
}

static void one_failure_is_not_taken_for_keys_of_the_programs_own(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    (void)tls_get_ticket(test);
    fail_once(test);
    SSL_SESSION *session = tls_get_ticket(test);
    assert_resumed(tls_come_back(test, session));
    assert_int_equal(replaced, 0);
}

static void nor_are_several_that_are_not_in_a_row(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    for (int i = 0; i < 3; i++) {
        fail_once(test);
        assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    }
    assert_int_equal(replaced, 0);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
/* NOLINTNEXTLINE(readability-non-const-parameter): libssl's type */
static int programs_own(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                        HMAC_CTX *mac, int enc)
{
    (void)ssl, (void)name, (void)iv, (void)cipher, (void)mac, (void)enc;
    return 0;
}

static void keys_that_take_the_place_are_noticed_all_the_same(void **state)
{
    struct tls_test *test = *state;

    begin(test);
    (void)tls_get_ticket(test);
    (void)SSL_CTX_set_tlsext_ticket_key_cb(test->server, programs_own);
    for (int i = 0; i < 3; i++)
        (void)tls_visit(test, test->server, &(struct tls_call){.server_name = "a.example"});
    assert_int_equal(replaced, 1);
}
#pragma GCC diagnostic pop

/* A new SSL_CTX may stand where one stood whose keys were the program's. */
static void an_ssl_ctx_that_comes_later_is_not_judged_by_one_that_is_gone(void **state)
{
    struct tls_test *test = *state;

    keys_that_take_the_place_are_noticed_all_the_same(state);
    replaced = 0;
    SSL_CTX_free(test->servers[--test->server_count]);
    test->server = tls_server_for(test, "a.example");
    tls_attach(test, test->server, NULL);
    assert_resumed(tls_come_back(test, tls_get_ticket(test)));
    assert_int_equal(replaced, 0);
}

int main(void)
{
    static const struct tls_behaviour no_memory[] = {
        TLS_BEHAVIOUR(one_failure_is_not_taken_for_keys_of_the_programs_own,
                      TLS12 | TLS13 | TLS_ONE_CALLBACK),
        TLS_BEHAVIOUR(nor_are_several_that_are_not_in_a_row, TLS12 | TLS13 | TLS_ONE_CALLBACK),
        TLS_BEHAVIOUR(keys_that_take_the_place_are_noticed_all_the_same,
                      TLS12 | TLS13 | TLS_ONE_CALLBACK),
        TLS_BEHAVIOUR(an_ssl_ctx_that_comes_later_is_not_judged_by_one_that_is_gone,
                      TLS12 | TLS13 | TLS_ONE_CALLBACK),
    };

    if (CRYPTO_set_mem_functions(get_memory, resize_memory, free_memory) != 1)
        return 1;
    return TLS_RUN(no_memory);
}
