/* SPDX-License-Identifier: Apache-2.0 */
#include "pair.h"

#include "timing.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum { WIRE_LEN = 32768, LIFE_S = 86400 };

static void make_identity(struct pair_identity *identity)
{
    X509 *cert = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:a.example");

    bench_must(cert != NULL && key != NULL && names != NULL &&
                   X509_set_version(cert, X509_VERSION_3) == 1 &&
                   ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
                   X509_gmtime_adj(X509_getm_notBefore(cert), -LIFE_S) != NULL &&
                   X509_gmtime_adj(X509_getm_notAfter(cert), LIFE_S) != NULL &&
                   X509_add_ext(cert, names, -1) == 1 && X509_set_pubkey(cert, key) == 1 &&
                   X509_sign(cert, key, EVP_sha256()) > 0,
               "no certificate");
    X509_EXTENSION_free(names);
    *identity = (struct pair_identity){cert, key};
}

const struct pair_identity *pair_identity(void)
{
    static struct pair_identity identity;

    if (identity.cert == NULL)
        make_identity(&identity);
    return &identity;
}

static void set_version(SSL_CTX *ctx, int version)
{
    bench_must(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
                   SSL_CTX_set_max_proto_version(ctx, version) == 1,
               "no SSL_CTX");
}

SSL_CTX *pair_server_bare(int version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    set_version(ctx, version);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    return ctx;
}

void pair_identify(SSL_CTX *server)
{
    bench_must(SSL_CTX_use_certificate(server, pair_identity()->cert) == 1 &&
                   SSL_CTX_use_PrivateKey(server, pair_identity()->key) == 1,
               "a server cannot use its certificate");
}

SSL_CTX *pair_server(int version)
{
    SSL_CTX *ctx = pair_server_bare(version);

    pair_identify(ctx);
    return ctx;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct pair_client *client = SSL_get_app_data(ssl);

    SSL_SESSION_free(client->session);
    client->session = session;
    return 1;
}

void pair_client_init(struct pair_client *client, int version)
{
    client->session = NULL;
    client->ctx = SSL_CTX_new(TLS_client_method());
    set_version(client->ctx, version);
    (void)SSL_CTX_set_session_cache_mode(client->ctx,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client->ctx, keep_session);
}

void pair_client_fini(struct pair_client *client)
{
    SSL_SESSION_free(client->session);
    SSL_CTX_free(client->ctx);
}

static int goes_on(SSL *ssl, int result)
{
    return result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
}

static int64_t shake(SSL *client, SSL *server)
{
    int64_t server_ns = 0;
    char byte;

    for (int i = 0; i < 10 && (!SSL_is_init_finished(client) || !SSL_is_init_finished(server));
         i++) {
        bench_must(goes_on(client, SSL_do_handshake(client)), "a client's handshake failed");
        const int64_t begin = bench_cpu_ns();
        bench_must(goes_on(server, SSL_do_handshake(server)), "a server's handshake failed");
        server_ns += bench_cpu_ns() - begin;
    }
    bench_must(SSL_is_init_finished(client) && SSL_is_init_finished(server),
               "a handshake did not end");
    /* Tickets of TLS 1.3 come after it. */
    bench_must(SSL_read(client, &byte, 1) <= 0, "a byte from nowhere");
    return server_ns;
}

int64_t pair_shake(struct pair_client *client, SSL_CTX *server, int resume)
{
    /* A copy, since libssl's clients spoil a session of TLS 1.3 that has served. */
    SSL_SESSION *offered = resume ? SSL_SESSION_dup(client->session) : NULL;
    SSL *near = SSL_new(client->ctx);
    BIO *near_end = NULL;
    BIO *far_end = NULL;

    bench_must(near != NULL && BIO_new_bio_pair(&near_end, WIRE_LEN, &far_end, WIRE_LEN) == 1,
               "no connection");
    SSL_set_bio(near, near_end, near_end);
    SSL_set_connect_state(near);
    (void)SSL_set_app_data(near, client);
    bench_must(!resume || (offered != NULL && SSL_set_session(near, offered) == 1),
               "no session to offer");
    SSL_SESSION_free(offered);

    int64_t begin = bench_cpu_ns();
    SSL *far = SSL_new(server);
    bench_must(far != NULL, "no SSL");
    SSL_set_bio(far, far_end, far_end);
    SSL_set_accept_state(far);
    int64_t server_ns = bench_cpu_ns() - begin;

    server_ns += shake(near, far);
    bench_must(SSL_session_reused(far) == (resume != 0),
               "a session was resumed that should not, or not that should");
    /* Closed properly: a session that was not is good for nothing in libssl's eyes. */
    SSL_set_shutdown(near, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_set_shutdown(far, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    begin = bench_cpu_ns();
    SSL_free(far);
    server_ns += bench_cpu_ns() - begin;
    SSL_free(near);
    return server_ns;
}
