/* SPDX-License-Identifier: Apache-2.0 */
/* The floor: what AES-256-CBC and HMAC-SHA256 take by themselves. The IVs are counted, not drawn.
 */
#include "ticket.h"

#include "timing.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <string.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

struct bench_floor {
    EVP_CIPHER_CTX *sealing;
    EVP_CIPHER_CTX *opening;
    HMAC_CTX *mac;
    uint64_t count;
};

struct bench_floor *bench_floor_new(void)
{
    static const uint8_t aes_key[32] = {1};
    static const uint8_t hmac_key[32] = {2};
    struct bench_floor *floor = calloc(1, sizeof *floor);

    bench_must(floor != NULL, "no memory");
    floor->sealing = EVP_CIPHER_CTX_new();
    floor->opening = EVP_CIPHER_CTX_new();
    floor->mac = HMAC_CTX_new();
    bench_must(EVP_EncryptInit_ex(floor->sealing, EVP_aes_256_cbc(), NULL, aes_key, aes_key) == 1 &&
                   EVP_DecryptInit_ex(floor->opening, EVP_aes_256_cbc(), NULL, aes_key, aes_key) ==
                       1 &&
                   HMAC_Init_ex(floor->mac, hmac_key, sizeof hmac_key, EVP_sha256(), NULL) == 1,
               "the floor cannot be set up");
    return floor;
}

void bench_floor_free(struct bench_floor *floor)
{
    if (floor == NULL)
        return;
    EVP_CIPHER_CTX_free(floor->sealing);
    EVP_CIPHER_CTX_free(floor->opening);
    HMAC_CTX_free(floor->mac);
    free(floor);
}

static void compute_mac(HMAC_CTX *mac, const uint8_t *bytes, size_t len, uint8_t *ret_tag)
{
    unsigned int tag_len = 0;

    bench_must(HMAC_Init_ex(mac, NULL, 0, NULL, NULL) == 1 && HMAC_Update(mac, bytes, len) == 1 &&
                   HMAC_Final(mac, ret_tag, &tag_len) == 1,
               "HMAC failed");
}

void bench_floor_seal(struct bench_floor *floor, const uint8_t *state, size_t len,
                      struct bench_ticket *ret_ticket)
{
    uint8_t *iv = ret_ticket->bytes + BENCH_NAME_LEN;
    uint8_t *body = ret_ticket->bytes + BENCH_HEAD_LEN;
    int first = 0;
    int last = 0;

    memset(ret_ticket->bytes, 0, BENCH_HEAD_LEN);
    floor->count++;
    memcpy(iv, &floor->count, sizeof floor->count);
    bench_must(EVP_EncryptInit_ex(floor->sealing, NULL, NULL, NULL, iv) == 1 &&
                   EVP_EncryptUpdate(floor->sealing, body, &first, state, (int)len) == 1 &&
                   EVP_EncryptFinal_ex(floor->sealing, body + first, &last) == 1,
               "encryption failed");
    const size_t sealed_len = BENCH_HEAD_LEN + (size_t)first + (size_t)last;
    compute_mac(floor->mac, ret_ticket->bytes, sealed_len, ret_ticket->bytes + sealed_len);
    ret_ticket->len = sealed_len + BENCH_MAC_LEN;
}

void bench_floor_open(struct bench_floor *floor, const struct bench_ticket *ticket,
                      uint8_t ret_state[BENCH_TICKET_MAX])
{
    const size_t sealed_len = ticket->len - BENCH_MAC_LEN;
    const uint8_t *body = ticket->bytes + BENCH_HEAD_LEN;
    const int body_len = (int)(sealed_len - BENCH_HEAD_LEN);
    uint8_t tag[EVP_MAX_MD_SIZE];
    int first = 0;
    int last = 0;

    compute_mac(floor->mac, ticket->bytes, sealed_len, tag);
    bench_must(CRYPTO_memcmp(tag, ticket->bytes + sealed_len, BENCH_MAC_LEN) == 0,
               "a MAC is wrong");
    bench_must(
        EVP_DecryptInit_ex(floor->opening, NULL, NULL, NULL, ticket->bytes + BENCH_NAME_LEN) == 1 &&
            EVP_DecryptUpdate(floor->opening, ret_state, &first, body, body_len) == 1 &&
            EVP_DecryptFinal_ex(floor->opening, ret_state + first, &last) == 1,
        "decryption failed");
}
