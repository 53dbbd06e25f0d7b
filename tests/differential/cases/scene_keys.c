/* SPDX-License-Identifier: Apache-2.0 */
/* Programs with ticket keys of their own: by a callback of either kind, or as bytes. */
#include "cases.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#include <openssl/core_names.h>
#endif

#include <string.h>

enum { NAME_LEN = 16, KEY_LEN = 32, BYTES_LEN = 80 };

/* The program's one key; `first` is its name's first byte, so that servers may differ. */
static void key_of(unsigned char first, unsigned char *name, unsigned char *key)
{
    memset(name, first, NAME_LEN);
    memset(key, first + 1, KEY_LEN);
}

static int start(unsigned char first, unsigned char *name, unsigned char *iv,
                 EVP_CIPHER_CTX *cipher, unsigned char *key, int enc)
{
    unsigned char own_name[NAME_LEN];

    key_of(first, own_name, key);
    if (enc == 0)
        return memcmp(name, own_name, NAME_LEN) == 0 &&
               EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv) == 1;
    memcpy(name, own_name, NAME_LEN);
    return RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) == 1 &&
           EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key, iv) == 1;
}

static int by_hmac(unsigned char first, unsigned char *name, unsigned char *iv,
                   EVP_CIPHER_CTX *cipher, HMAC_CTX *mac, int enc)
{
    unsigned char key[KEY_LEN];

    return start(first, name, iv, cipher, key, enc) != 0 &&
           HMAC_Init_ex(mac, key, sizeof key, EVP_sha256(), NULL) == 1;
}

static int hmac_k(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                  HMAC_CTX *mac, int enc)
{
    (void)ssl;
    return by_hmac('k', name, iv, cipher, mac, enc);
}

static int hmac_other(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      HMAC_CTX *mac, int enc)
{
    (void)ssl;
    return by_hmac('o', name, iv, cipher, mac, enc);
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static int evp_k(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                 EVP_MAC_CTX *mac, int enc)
{
    static char digest[] = "SHA256";
    unsigned char key[KEY_LEN];
    OSSL_PARAM params[3];

    (void)ssl;
    if (start('k', name, iv, cipher, key, enc) == 0)
        return 0;
    params[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key, sizeof key);
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, params) == 1;
}
#else
#define evp_k hmac_k
#endif

/* It gives no tickets and takes none. */
static int no_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                  HMAC_CTX *mac, int enc)
{
    (void)ssl, (void)name, (void)iv, (void)cipher, (void)mac, (void)enc;
    return 0;
}

static void set_hmac(SSL_CTX *ctx)
{
    must(SSL_CTX_set_tlsext_ticket_key_cb(ctx, hmac_k) == 1, "a ticket key callback");
}

static void set_evp(SSL_CTX *ctx)
{
    must(SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, evp_k) == 1, "a ticket key callback");
}

static SSL_CTX *make(bool verifies)
{
    return verifies ? verifying("server-a", DEMAND, "A") : server("server-a");
}

static size_t keys(struct place *places, bool verifies)
{
    static const char *const names[] = {"hmac", "hmac-too", "evp", "other", "no-key", "none"};

    for (int i = 0; i < 6; i++)
        places[i] = (struct place){.name = names[i], .names = "a", .ctx = make(verifies)};
    set_hmac(places[0].ctx);
    set_hmac(places[1].ctx);
    set_evp(places[2].ctx);
    must(SSL_CTX_set_tlsext_ticket_key_cb(places[3].ctx, hmac_other) == 1 &&
             SSL_CTX_set_tlsext_ticket_key_cb(places[4].ctx, no_key) == 1,
         "a ticket key callback");
    return 6;
}

static size_t build_open(struct place *places)
{
    return keys(places, false);
}

static size_t build_verifying(struct place *places)
{
    return keys(places, true);
}

const struct scene scene_keys_open = {
    .name = "keys-open", .build = build_open, .clients = {"nobody"}, .short_run = true};
const struct scene scene_keys_verifying = {.name = "keys-verifying",
                                           .build = build_verifying,
                                           .clients = {"alice", "bob", "nobody"},
                                           .verifies = true,
                                           .short_run = true};

/* The callbacks come when there were connections already. */
static size_t build_late(struct place *places)
{
    places[0] = (struct place){.name = "hmac", .names = "a", .ctx = server("server-a")};
    places[1] = (struct place){.name = "evp", .names = "a", .ctx = server("server-a")};
    places[2] = (struct place){.name = "none", .names = "a", .ctx = server("server-a")};
    return 3;
}

static void set_late(struct place *places, size_t count)
{
    (void)count;
    set_hmac(places[0].ctx);
    set_evp(places[1].ctx);
}

const struct scene scene_keys_late = {
    .name = "keys-late",
    .build = build_late,
    .clients = {"nobody"},
    .changes = {{"set", set_late, true}, {"more", set_late, true}, {"once-more", set_late, true}},
    .short_run = true};

/* And again for each connection, as Traffic Server does. */
static SSL *setting_hmac(struct place *place)
{
    set_hmac(place->ctx);
    return SSL_new(place->ctx);
}

static SSL *setting_evp(struct place *place)
{
    set_evp(place->ctx);
    return SSL_new(place->ctx);
}

static void nothing(struct place *places, size_t count)
{
    (void)places, (void)count;
}

static size_t build_each(struct place *places)
{
    (void)build_late(places);
    places[0].accept = setting_hmac;
    places[1].accept = setting_evp;
    return 3;
}

const struct scene scene_keys_each = {
    .name = "keys-each",
    .build = build_each,
    .clients = {"nobody"},
    .changes = {{"second", nothing, true}, {"third", nothing, true}, {"fourth", nothing, true}},
    .short_run = true};

/* SSL_CTX_set_tlsext_ticket_keys(3). */
static void set_bytes(SSL_CTX *ctx, unsigned char byte)
{
    unsigned char bytes[BYTES_LEN];

    memset(bytes, byte, sizeof bytes);
    must(SSL_CTX_set_tlsext_ticket_keys(ctx, bytes, sizeof bytes) == 1, "ticket keys");
}

static size_t bytes_of(struct place *places, bool verifies)
{
    static const char *const names[] = {"one", "one-too", "two", "random"};

    for (int i = 0; i < 4; i++)
        places[i] = (struct place){.name = names[i], .names = "a", .ctx = make(verifies)};
    set_bytes(places[0].ctx, 1);
    set_bytes(places[1].ctx, 1);
    set_bytes(places[2].ctx, 2);
    return 4;
}

static size_t build_bytes_open(struct place *places)
{
    return bytes_of(places, false);
}

static size_t build_bytes_verifying(struct place *places)
{
    return bytes_of(places, true);
}

static void rotate(struct place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        set_bytes(places[i].ctx, 3);
}

const struct scene scene_bytes_open = {.name = "bytes-open",
                                       .build = build_bytes_open,
                                       .clients = {"nobody"},
                                       .changes = {{"rotated", rotate, false}},
                                       .short_run = true};
const struct scene scene_bytes_verifying = {.name = "bytes-verifying",
                                            .build = build_bytes_verifying,
                                            .clients = {"alice", "nobody"},
                                            .changes = {{"rotated", rotate, false}},
                                            .verifies = true,
                                            .short_run = true};
