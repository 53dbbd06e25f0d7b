/* SPDX-License-Identifier: Apache-2.0 */
#include "mbedtls_server.h"

#include "ring_child.h"
#include "tls_certs.h"

#include <stdlib.h>
#include <time.h>

enum { TURNS_MAX = 50 };

static void take_cert(struct mbedtls_server *server)
{
    X509 *cert = tls_cert_new(&(struct tls_cert_wish){.common_name = "a.example"});
    unsigned char *der = NULL, *key = NULL;
    const int len = i2d_X509(cert, &der), key_len = i2d_PrivateKey(tls_key(TLS_KEY_EC), &key);

    CHECK(len > 0 && key_len > 0);
    CHECK(mbedtls_x509_crt_parse_der(&server->cert, der, (size_t)len) == 0);
    CHECK(mbedtls_pk_parse_key(&server->key, key, (size_t)key_len, NULL, 0) == 0);
    OPENSSL_free(der);
    OPENSSL_free(key);
    X509_free(cert);
}

void mbedtls_server_start(struct mbedtls_server *server, struct stek_label *label)
{
    mbedtls_ssl_config_init(&server->conf);
    mbedtls_x509_crt_init(&server->cert);
    mbedtls_pk_init(&server->key);
    mbedtls_entropy_init(&server->entropy);
    mbedtls_ctr_drbg_init(&server->random);
    CHECK(mbedtls_ctr_drbg_seed(&server->random, mbedtls_entropy_func, &server->entropy, NULL, 0) ==
          0);
    CHECK(mbedtls_ssl_config_defaults(&server->conf, MBEDTLS_SSL_IS_SERVER,
                                      MBEDTLS_SSL_TRANSPORT_STREAM,
                                      MBEDTLS_SSL_PRESET_DEFAULT) == 0);
    mbedtls_ssl_conf_rng(&server->conf, mbedtls_ctr_drbg_random, &server->random);
    take_cert(server);
    CHECK(mbedtls_ssl_conf_own_cert(&server->conf, &server->cert, &server->key) == 0);
    server->tickets = (struct stek_mbedtls){.label = label};
    CHECK(stek_mbedtls_attach(&server->conf, &server->tickets) == STEK_OK);
}

void mbedtls_server_stop(struct mbedtls_server *server)
{
    mbedtls_ssl_config_free(&server->conf);
    mbedtls_x509_crt_free(&server->cert);
    mbedtls_pk_free(&server->key);
    mbedtls_ctr_drbg_free(&server->random);
    mbedtls_entropy_free(&server->entropy);
}

static int send_bytes(void *bio, const unsigned char *at, size_t len)
{
    const int sent = BIO_write(bio, at, (int)len);

    return sent > 0 ? sent : MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int receive_bytes(void *bio, unsigned char *at, size_t len)
{
    const int received = BIO_read(bio, at, (int)len);

    return received > 0 ? received : MBEDTLS_ERR_SSL_WANT_READ;
}

static bool wants_more(int ret)
{
    return ret == MBEDTLS_ERR_SSL_WANT_READ || ret == MBEDTLS_ERR_SSL_WANT_WRITE;
}

/* Both sides in turns, until both are done or one has failed. */
static bool shake_hands(mbedtls_ssl_context *server, SSL *client)
{
    for (int i = 0; i < TURNS_MAX; i++) {
        const int theirs = SSL_do_handshake(client);
        const int ours = mbedtls_ssl_handshake(server);
        if (theirs == 1 && ours == 0)
            return true;
        if ((theirs != 1 && SSL_get_error(client, theirs) != SSL_ERROR_WANT_READ) ||
            (ours != 0 && !wants_more(ours)))
            return false;
    }
    return false;
}

struct mbedtls_visit mbedtls_server_visit(struct mbedtls_server *server, SSL_CTX *client,
                                          SSL_SESSION *session)
{
    struct mbedtls_visit visit = {0};
    mbedtls_ssl_context ssl;
    SSL *theirs = SSL_new(client);
    BIO *near, *far;

    CHECK(theirs != NULL && BIO_new_bio_pair(&near, 65536, &far, 65536) == 1);
    SSL_set_bio(theirs, far, far);
    SSL_set_connect_state(theirs);
    CHECK(session == NULL || SSL_set_session(theirs, session) == 1);
    mbedtls_ssl_init(&ssl);
    CHECK(mbedtls_ssl_setup(&ssl, &server->conf) == 0);
    mbedtls_ssl_set_bio(&ssl, near, send_bytes, receive_bytes, NULL);
    visit.done = shake_hands(&ssl, theirs);
    visit.resumed = SSL_session_reused(theirs) == 1;
    visit.session = SSL_get1_session(theirs);
    mbedtls_ssl_free(&ssl);
    SSL_set_shutdown(theirs, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* or it is not resumed */
    SSL_free(theirs);
    BIO_free(near);
    return visit;
}
