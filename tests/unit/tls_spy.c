/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_spy.h"

#include "tls/callbacks.h"

struct tls_spy tls_spy;

static void enter(void)
{
    if (tls_spy.before != NULL)
        tls_spy.before();
}

static void leave(void)
{
    if (tls_spy.after != NULL)
        tls_spy.after();
}

static int note(int answer, int enc)
{
    leave();
    tls_spy.last = answer;
    tls_spy.seals += enc != 0;
    tls_spy.opens += enc == 0;
    tls_spy.negatives += answer < 0;
    return answer;
}

static int evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                  EVP_MAC_CTX *mac, int enc)
{
    enter();
    return note(stek_ticket_key_evp_cb(ssl, name, iv, cipher, mac, enc), enc);
}

static int hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                   HMAC_CTX *mac, int enc)
{
    enter();
    return note(stek_ticket_key_hmac_cb(ssl, name, iv, cipher, mac, enc), enc);
}

static int gen_cb(SSL *ssl, void *arg)
{
    enter();
    const int answer = stek_ticket_gen_cb(ssl, arg);
    leave();
    return answer;
}

static SSL_TICKET_RETURN dec_cb(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                size_t name_len, SSL_TICKET_STATUS status, void *arg)
{
    enter();
    const SSL_TICKET_RETURN answer = stek_ticket_dec_cb(ssl, session, name, name_len, status, arg);
    leave();
    return answer;
}

void tls_spy_place(const struct tls_test *test, SSL_CTX *server)
{
    tls_spy = (struct tls_spy){.before = NULL};
    SSL_free(
        SSL_new(server)); /* with override, stek's callbacks are set again before the first SSL */
    stek_ossl_install(server, evp_cb, hmac_cb);
    if (!test->mode->override)
        assert_int_equal(SSL_CTX_set_tlsext_ticket_key_evp_cb(server, evp_cb), 1);
    assert_int_equal(SSL_CTX_set_session_ticket_cb(server, gen_cb, dec_cb, NULL), 1);
}
