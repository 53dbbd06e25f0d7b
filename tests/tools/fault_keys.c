/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_keys.h"

#include "fault_algorithms.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

static const struct server_options *server;

struct fault_keys fault_keys(const struct server_options *options, int which)
{
    struct fault_keys keys;
    const uint8_t seed[3] = {(uint8_t)options->seed, (uint8_t)which, 0};
    uint8_t more[3][32];

    for (uint8_t i = 0; i < 3; i++) {
        const uint8_t text[3] = {seed[0], seed[1], i};
        (void)SHA256(text, sizeof text, more[i]);
    }
    memcpy(keys.name, more[0], sizeof keys.name);
    memcpy(keys.aes, more[1], sizeof keys.aes);
    memcpy(keys.mac, more[2], sizeof keys.mac);
    if (options->fault == FAULT_WEAK_KEY)
        memset(&keys, 0, sizeof keys);
    if (options->fault == FAULT_CTR_WEAK_KEY)
        memset(keys.aes, 0, sizeof keys.aes);
    for (uint8_t i = 0; options->fault == FAULT_COUNTER_KEY && i < sizeof keys.aes; i++)
        keys.aes[i] = i;
    return keys;
}

static const EVP_CIPHER *cipher(void)
{
    switch (server->fault) {
    case FAULT_CTR_WEAK_KEY:
        return fault_padded_stream(FAULT_STREAM_AES_128_CTR);
    case FAULT_KEYSTREAM:
        return fault_padded_stream(FAULT_STREAM_AES_256_CTR);
    case FAULT_CLEAR:
        return fault_padded_stream(FAULT_STREAM_CLEAR);
    default:
        return EVP_aes_256_cbc();
    }
}

/* Which keys are in hand for this connection: the SSL notes it at its first ticket. */
static int current(SSL *ssl)
{
    static int marks[2] = {0, 1};
    int turn;
    unsigned char lot;

    if (server->fault != FAULT_TWO_PROCESSES)
        return 0;
    if (SSL_get_app_data(ssl) == NULL) {
        turn = RAND_bytes(&lot, 1) == 1 ? lot & 1 : 0;
        (void)SSL_set_app_data(ssl, &marks[turn]);
    }
    return *(const int *)SSL_get_app_data(ssl);
}

static bool choose_iv(unsigned char *iv, unsigned char used[EVP_MAX_IV_LENGTH], int sealing)
{
    if (sealing && RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
        return false;
    if (sealing && server->fault == FAULT_IV_REPEAT)
        memset(iv, 0x5a, EVP_MAX_IV_LENGTH);
    memcpy(used, iv, EVP_MAX_IV_LENGTH);
    if (server->fault == FAULT_KEYSTREAM)
        memset(used, 0x5a, EVP_MAX_IV_LENGTH);
    return true;
}

/* What a good callback returns: renew in TLS 1.3. */
static int opened(const SSL *ssl)
{
    if (server->fault == FAULT_NEVER)
        return 0;
    return SSL_version(ssl) == TLS1_3_VERSION && server->fault != FAULT_NO_RENEWAL ? 2 : 1;
}

/* The older of OpenSSL's two callbacks: all versions have it. */
static int on_ticket(SSL *ssl, unsigned char name[16], unsigned char *iv, EVP_CIPHER_CTX *ctx,
                     HMAC_CTX *mac, int sealing)
{
    struct fault_keys keys = fault_keys(server, current(ssl));
    unsigned char used[EVP_MAX_IV_LENGTH];
    const EVP_MD *digest = server->fault == FAULT_NO_MAC ? fault_constant_digest() : EVP_sha256();

    if (!sealing && memcmp(name, keys.name, sizeof keys.name) != 0)
        return 0;
    memcpy(name, keys.name, sizeof keys.name);
    if (!choose_iv(iv, used, sealing) ||
        HMAC_Init_ex(mac, keys.mac, sizeof keys.mac, digest, NULL) != 1 ||
        EVP_CipherInit_ex(ctx, cipher(), NULL, keys.aes, used, sealing) != 1)
        return -1;
    return sealing ? 1 : opened(ssl);
}

bool fault_seal_tickets(SSL_CTX *ctx, const struct server_options *options)
{
    server = options;
    return SSL_CTX_set_tlsext_ticket_key_cb(ctx, on_ticket) == 1;
}
