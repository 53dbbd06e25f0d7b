/* SPDX-License-Identifier: Apache-2.0 */
/* Clients: with a certificate, a raw public key, a pre-shared key, or nothing. */
#include "cases.h"

#include <string.h>

static const struct client alice = {"alice", "alice", NULL, false};
static const struct client bob = {"bob", "bob", NULL, false};
static const struct client alice2 = {"alice2", "alice2", NULL, false};
static const struct client nobody = {"nobody", NULL, NULL, false};
static const struct client psk_alice = {"psk-alice", NULL, "alice", false};
static const struct client psk_bob = {"psk-bob", NULL, "bob", false};
static const struct client raw_alice = {"raw-alice", "alice", NULL, true};
static const struct client raw_bob = {"raw-bob", "bob", NULL, true};

const struct client *const clients_all[] = {&alice,   &bob,       &alice2,  &nobody, &psk_alice,
                                            &psk_bob, &raw_alice, &raw_bob, NULL};

const struct client *client_named(const char *name)
{
    for (size_t i = 0; clients_all[i] != NULL; i++)
        if (strcmp(clients_all[i]->name, name) == 0)
            return clients_all[i];
    must(false, name);
    return NULL;
}

void psk_of(const char *identity, unsigned char ret_key[PSK_LEN])
{
    memset(ret_key, identity[0], PSK_LEN);
}

SSL_SESSION *psk_session(SSL *ssl, const char *identity)
{
    static const unsigned char aes128gcm[] = {0x13, 0x01};
    unsigned char key[PSK_LEN];
    SSL_SESSION *session = SSL_SESSION_new();

    psk_of(identity, key);
    must(session != NULL && SSL_SESSION_set1_master_key(session, key, sizeof key) == 1 &&
             SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, aes128gcm)) == 1 &&
             SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1,
         "a session of a pre-shared key");
    return session;
}

static unsigned int give_psk(SSL *ssl, const char *hint, char *identity, unsigned int room,
                             unsigned char *key, unsigned int key_room)
{
    const struct client *client = SSL_get_app_data(ssl);

    (void)hint;
    must(room > strlen(client->psk) && key_room >= PSK_LEN, "room for a pre-shared key");
    strcpy(identity, client->psk); /* NOLINT(clang-analyzer-security.insecureAPI.strcpy) */
    psk_of(client->psk, key);
    return PSK_LEN;
}

static int use_psk(SSL *ssl, const EVP_MD *digest, const unsigned char **identity, size_t *len,
                   SSL_SESSION **session)
{
    const struct client *client = SSL_get_app_data(ssl);

    if (digest != NULL && EVP_MD_type(digest) != NID_sha256)
        return 1;
    *identity = (const unsigned char *)client->psk;
    *len = strlen(client->psk);
    *session = psk_session(ssl, client->psk);
    return 1;
}

static void show_raw_key(SSL *ssl)
{
#if OPENSSL_VERSION_NUMBER >= 0x30200000L
    static unsigned char raw_or_not[] = {TLSEXT_cert_type_rpk, TLSEXT_cert_type_x509};

    must(SSL_set1_client_cert_type(ssl, raw_or_not, sizeof raw_or_not) == 1, "raw public keys");
#else
    (void)ssl;
#endif
}

/* Reading a key takes longer than a handshake. */
struct shown {
    const char *file;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
};

static const struct shown *shown(const char *file)
{
    enum { FILES_MAX = 8 };
    static struct shown all[FILES_MAX];
    struct shown *one = all;

    while (one->file != NULL && strcmp(one->file, file) != 0)
        one++;
    if (one->file != NULL)
        return one;
    SSL_CTX *reader = SSL_CTX_new(TLS_client_method());
    must(reader != NULL &&
             SSL_CTX_use_certificate_chain_file(reader, file_of(file, ".chain")) == 1 &&
             SSL_CTX_use_PrivateKey_file(reader, file_of(file, ".key"), SSL_FILETYPE_PEM) == 1,
         file);
    STACK_OF(X509) *chain = NULL;
    (void)SSL_CTX_get0_chain_certs(reader, &chain);
    *one = (struct shown){file, chain != NULL ? X509_chain_up_ref(chain) : sk_X509_new_null(),
                          SSL_CTX_get0_privatekey(reader)};
    must(sk_X509_unshift(one->chain, SSL_CTX_get0_certificate(reader)) > 0, file);
    return one; /* the reader stays, and so does what it holds */
}

static void show_certificate(SSL *ssl, const char *file)
{
    const struct shown *what = shown(file);

    must(SSL_use_certificate(ssl, sk_X509_value(what->chain, 0)) == 1 &&
             SSL_use_PrivateKey(ssl, what->key) == 1,
         file);
    for (int i = 1; i < sk_X509_num(what->chain); i++)
        must(SSL_add1_chain_cert(ssl, sk_X509_value(what->chain, i)) == 1, file);
}

static void show(SSL *ssl, const struct client *client)
{
    if (client->file != NULL)
        show_certificate(ssl, client->file);
    if (client->raw)
        show_raw_key(ssl);
    if (client->psk != NULL) {
        SSL_set_psk_client_callback(ssl, give_psk);
        SSL_set_psk_use_session_callback(ssl, use_psk);
    }
}

static SSL_CTX *bare(void)
{
    static SSL_CTX *ctx;

    if (ctx != NULL)
        return ctx;
    ctx = SSL_CTX_new(TLS_client_method());
    must(ctx != NULL && SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") == 1, "a client");
    SSL_CTX_set_post_handshake_auth(ctx, 1);
    return ctx;
}

static void offer(SSL *ssl, const struct session *session)
{
    const unsigned char *at = session->bytes;
    SSL_SESSION *offered = d2i_SSL_SESSION(NULL, &at, session->len);

    must(offered != NULL && SSL_set_session(ssl, offered) == 1, "a session to offer");
    SSL_SESSION_free(offered);
}

SSL *client_side(const struct client *client, const struct mechanism *mechanism,
                 const struct place *place, bool shows_itself, const struct session *session)
{
    static const unsigned char protocols[] = {1, 'x'}; /* servers that choose none ignore it */
    SSL *ssl = SSL_new(bare());
    const bool tickets =
        session != NULL ? mechanism->offered_with_tickets : mechanism->got_with_tickets;

    must(ssl != NULL && SSL_set_min_proto_version(ssl, mechanism->version) == 1 &&
             SSL_set_max_proto_version(ssl, mechanism->version) == 1,
         "a client's side");
    if (!tickets)
        SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_app_data(ssl, (void *)(uintptr_t)client);
    must(SSL_set_alpn_protos(ssl, protocols, sizeof protocols) == 0, "a protocol");
    if (place->host != NULL)
        must(SSL_set_tlsext_host_name(ssl, place->host) == 1, place->host);
    if (shows_itself)
        show(ssl, client);
    if (session != NULL)
        offer(ssl, session);
    SSL_set_connect_state(ssl);
    return ssl;
}
