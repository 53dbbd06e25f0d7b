/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of BoringSSL servers, as OpenSSL lays them out:
 *
 *     name[16] iv[16] AES-256-CBC(state) HMAC-SHA256(all before it)[32]
 *
 * BoringSSL makes and checks them; it is only given the keys. A client brings a ticket back:
 * whoever holds none of the ring's keys can change no byte of it unnoticed.
 */
#include <stek-boringssl.h>

#include <openssl/cipher.h>
#include <openssl/digest.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

enum { IV_LEN = 16, FAILED = -1, NOT_KNOWN = 0, OPENS = 1, OPENS_AND_IS_REPLACED = 2 };

static int label_index = -1; /* of an SSL_CTX's label; below 0: there is none */

static void make_index(void)
{
    label_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* Of the SSL_CTX that was chosen by now; NULL: it was not attached. */
static struct stek_label *label_of(const SSL *ssl)
{
    return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), label_index);
}

static bool give(const struct stek_key *key, const uint8_t *iv, EVP_CIPHER_CTX *cipher,
                 HMAC_CTX *hmac, int encrypt)
{
    return HMAC_Init_ex(hmac, key->hmac_key, sizeof key->hmac_key, EVP_sha256(), NULL) == 1 &&
           EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, iv, encrypt) == 1;
}

/*
 * BoringSSL ends the handshake when it is refused a key. So where no key seals, one is made up that
 * nobody has: the client makes a full handshake when it comes back.
 */
static int seal(struct stek_label *label, uint8_t *name, uint8_t *iv, EVP_CIPHER_CTX *cipher,
                HMAC_CTX *hmac)
{
    struct stek_key key;

    if (label == NULL || stek_key_current(label, &key, NULL) != STEK_OK)
        (void)RAND_bytes((uint8_t *)&key, sizeof key); /* it never fails */
    (void)RAND_bytes(iv, IV_LEN);
    memcpy(name, key.name, sizeof key.name);
    const bool given = give(&key, iv, cipher, hmac, 1);
    explicit_bzero(&key, sizeof key);
    return given ? OPENS : FAILED;
}

static int open_ticket(struct stek_label *label, const uint8_t *name, const uint8_t *iv,
                       EVP_CIPHER_CTX *cipher, HMAC_CTX *hmac)
{
    struct stek_key key;
    int replace;

    if (label == NULL || stek_key_find(label, name, &key, &replace) != STEK_OK)
        return NOT_KNOWN;
    const bool given = give(&key, iv, cipher, hmac, 0);
    explicit_bzero(&key, sizeof key);
    if (!given)
        return NOT_KNOWN;
    return replace != 0 ? OPENS_AND_IS_REPLACED : OPENS;
}

/* NOLINTNEXTLINE(readability-function-size): BoringSSL's callback is so */
static int seal_or_open(SSL *ssl, uint8_t *name, uint8_t *iv, EVP_CIPHER_CTX *cipher,
                        HMAC_CTX *hmac, int encrypt)
{
    struct stek_label *label = label_of(ssl);

    return encrypt != 0 ? seal(label, name, iv, cipher, hmac)
                        : open_ticket(label, name, iv, cipher, hmac);
}

enum stek_result stek_boringssl_attach(SSL_CTX *ctx, struct stek_label *label)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    if (ctx == NULL || label == NULL)
        return STEK_ERR_ARGUMENT;
    if (pthread_once(&once, make_index) != 0 || label_index < 0)
        return STEK_ERR_MEMORY;
    if (SSL_CTX_set_ex_data(ctx, label_index, label) != 1)
        return STEK_ERR_MEMORY;
    return SSL_CTX_set_tlsext_ticket_key_cb(ctx, seal_or_open) == 1 ? STEK_OK : STEK_ERR_CRYPTO;
}
