/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manual page leaves the keys to the reader: here they are an array. Two of its slips are
 * corrected: it passes the address of a pointer where the pointer belongs, and it renews only what
 * has expired and was refused already.
 */
#include "reference.h"

#include "timing.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <string.h>

enum { LIFE_S = 13 * 3600, RENEW_S = 3600 };

struct reference_key {
    unsigned char name[16];
    unsigned char aes_key[32];
    unsigned char hmac_key[32];
    time_t expire;
};

static struct reference_key keys[REFERENCE_KEYS_MAX];
static size_t key_count;
static struct reference_key *current;

static void make_key(struct reference_key *key)
{
    bench_must(RAND_bytes(key->name, sizeof key->name) == 1 &&
                   RAND_bytes(key->aes_key, sizeof key->aes_key) == 1 &&
                   RAND_bytes(key->hmac_key, sizeof key->hmac_key) == 1,
               "no random bytes");
    key->expire = time(NULL) + LIFE_S;
}

void reference_make_keys(void)
{
    for (size_t i = 0; i < REFERENCE_KEYS_MAX; i++)
        make_key(&keys[i]);
}

void reference_use(size_t count, size_t current_index)
{
    key_count = count;
    current = &keys[current_index];
}

static struct reference_key *current_key(void)
{
    if (current == NULL || current->expire <= time(NULL))
        return NULL;
    return current;
}

static struct reference_key *find_key(const unsigned char *name)
{
    for (size_t i = 0; i < key_count; i++)
        if (memcmp(keys[i].name, name, sizeof keys[i].name) == 0)
            return &keys[i];
    return NULL;
}

/* Draws the IV and tells the key of a new ticket; NULL: none. */
static struct reference_key *key_to_seal(unsigned char *name, unsigned char *iv)
{
    if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) <= 0)
        return NULL;
    struct reference_key *key = current_key();
    if (key != NULL)
        memcpy(name, key->name, sizeof key->name);
    return key;
}

static int answer_for(const struct reference_key *key, time_t now)
{
    return key->expire - now < RENEW_S ? 2 : 1;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

int reference_hmac_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                      HMAC_CTX *mac, int enc)
{
    (void)ssl;
    if (enc) {
        const struct reference_key *key = key_to_seal(name, iv);
        if (key == NULL ||
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, iv) == 0 ||
            HMAC_Init_ex(mac, key->hmac_key, sizeof key->hmac_key, EVP_sha256(), NULL) == 0)
            return -1;
        return 1;
    }
    const time_t now = time(NULL);
    const struct reference_key *key = find_key(name);
    if (key == NULL || key->expire < now)
        return 0;
    if (HMAC_Init_ex(mac, key->hmac_key, sizeof key->hmac_key, EVP_sha256(), NULL) == 0 ||
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, iv) == 0)
        return -1;
    return answer_for(key, now);
}

#pragma GCC diagnostic pop

static int set_mac_key(EVP_MAC_CTX *mac, struct reference_key *key)
{
    static char digest[] = "sha256";
    OSSL_PARAM params[3];

    params[0] =
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->hmac_key, sizeof key->hmac_key);
    params[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[2] = OSSL_PARAM_construct_end();
    return EVP_MAC_CTX_set_params(mac, params);
}

int reference_evp_cb(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int enc)
{
    (void)ssl;
    if (enc) {
        struct reference_key *key = key_to_seal(name, iv);
        if (key == NULL ||
            EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, iv) == 0 ||
            set_mac_key(mac, key) == 0)
            return -1;
        return 1;
    }
    const time_t now = time(NULL);
    struct reference_key *key = find_key(name);
    if (key == NULL || key->expire < now)
        return 0;
    if (set_mac_key(mac, key) == 0 ||
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->aes_key, iv) == 0)
        return -1;
    return answer_for(key, now);
}
