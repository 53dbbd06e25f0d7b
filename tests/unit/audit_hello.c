/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_hello.h"

#include "unit.h"

#include <string.h>

#include <openssl/evp.h>

/* Moves what one end wrote to the other. */
static void carry(SSL *from, SSL *to)
{
    char bytes[4096];
    int len;

    while ((len = BIO_read(SSL_get_wbio(from), bytes, sizeof bytes)) > 0)
        assert_int_equal(BIO_write(SSL_get_rbio(to), bytes, len), len);
}

static void join(SSL *ssl)
{
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    assert_non_null(in);
    assert_non_null(out);
    SSL_set_bio(ssl, in, out);
}

static int keep(SSL *ssl, SSL_SESSION *session)
{
    SSL_SESSION **place = SSL_get_app_data(ssl);

    SSL_SESSION_free(*place);
    *place = session;
    return 1;
}

static SSL_CTX *server_ctx(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();

    assert_non_null(ctx);
    assert_non_null(key);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), 0));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

SSL_SESSION *audit_session(int version, const char *suites13)
{
    SSL_CTX *server = server_ctx(), *client = SSL_CTX_new(TLS_client_method());
    SSL_SESSION *session = NULL;
    char byte;

    assert_int_equal(SSL_CTX_set_min_proto_version(client, version), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(client, version), 1);
    assert_int_equal(SSL_CTX_set_ciphersuites(client, suites13), 1);
    (void)SSL_CTX_set_session_cache_mode(client,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client, keep);
    SSL *a = SSL_new(client), *b = SSL_new(server);
    (void)SSL_set_app_data(a, &session);
    join(a);
    join(b);
    SSL_set_connect_state(a);
    SSL_set_accept_state(b);
    for (int i = 0; i < 6; i++) {
        (void)SSL_do_handshake(a);
        carry(a, b);
        (void)SSL_do_handshake(b);
        carry(b, a);
    }
    (void)SSL_read(a, &byte, 1);
    assert_non_null(session);
    assert_true(SSL_SESSION_has_ticket(session));
    SSL_set_shutdown(a, SSL_SENT_SHUTDOWN |
                            SSL_RECEIVED_SHUTDOWN); /* or libssl takes the session for a bad one */
    SSL_free(a);
    SSL_free(b);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
    return session;
}

size_t audit_session_der(const SSL_SESSION *session, uint8_t *ret_der, size_t len)
{
    uint8_t *at = ret_der;
    const int der_len = i2d_SSL_SESSION(session, NULL);

    assert_true(der_len > 0 && (size_t)der_len <= len);
    return (size_t)i2d_SSL_SESSION(session, &at);
}

size_t audit_client_hello(SSL_SESSION *session, uint8_t *ret_message, size_t len)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    uint8_t record[4096];

    assert_int_equal(SSL_CTX_set_min_proto_version(ctx, SSL_SESSION_get_protocol_version(session)),
                     1);
    SSL *ssl = SSL_new(ctx);
    join(ssl);
    assert_int_equal(SSL_set_session(ssl, session), 1);
    SSL_set_connect_state(ssl);
    (void)SSL_do_handshake(ssl);
    const int got = BIO_read(SSL_get_wbio(ssl), record, sizeof record);
    assert_true(got > 5 && (size_t)got - 5 <= len);
    memcpy(ret_message, record + 5, (size_t)got - 5);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return (size_t)got - 5;
}
