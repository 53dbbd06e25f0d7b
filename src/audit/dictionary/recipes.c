/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/dictionary/recipes.h"

#include "audit/dictionary/derivations.h"
#include "audit/ticket_bytes.h"
#include "crypto/wipe.h"

#include <openssl/hmac.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = STEK_AUDIT_BLOCK_LEN, KEY_LEN = 32, PLAIN_LEN = 512 };

/* The AES key that Go makes of a key of 32 bytes. */
struct go_key {
    uint32_t pattern;
    EVP_CIPHER_CTX *encrypt;
};

/* The key under which s2n-tls expands a key for each ticket. */
struct s2n_key {
    uint32_t pattern;
    uint8_t prk[KEY_LEN];
};

struct stek_audit_recipes {
    const struct stek_audit_cipher_key *keys;
    size_t keys_len;
    const struct stek_audit_pattern *patterns;
    size_t patterns_len;
    struct go_key *go;
    size_t go_len;
    struct s2n_key *s2n;
    size_t s2n_len;
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool go_key(const uint8_t key[KEY_LEN], struct go_key *ret_key)
{
    uint8_t hash[EVP_MAX_MD_SIZE];

    if (EVP_Digest(key, KEY_LEN, hash, NULL, EVP_sha512(), NULL) != 1)
        return false;
    ret_key->encrypt = EVP_CIPHER_CTX_new();
    return ret_key->encrypt != NULL &&
           EVP_EncryptInit_ex(ret_key->encrypt, EVP_aes_128_ecb(), NULL, hash + 16, NULL) == 1 &&
           EVP_CIPHER_CTX_set_padding(ret_key->encrypt, 0) == 1;
}

static enum stek_result fill(struct stek_audit_recipes *recipes)
{
    recipes->go = calloc(recipes->keys_len + 1, sizeof *recipes->go);
    recipes->s2n = calloc(recipes->keys_len + 1, sizeof *recipes->s2n);
    if (recipes->go == NULL || recipes->s2n == NULL)
        return STEK_ERR_MEMORY;
    for (size_t i = 0; i < recipes->keys_len; i++) {
        const struct stek_audit_cipher_key *key = &recipes->keys[i];
        if (key->len != KEY_LEN)
            continue;
        struct go_key *go = &recipes->go[recipes->go_len++];
        struct s2n_key *s2n = &recipes->s2n[recipes->s2n_len++];
        go->pattern = s2n->pattern = key->pattern;
        if (!go_key(key->key, go) || !stek_audit_s2n_prk(key->key, s2n->prk))
            return STEK_ERR_CRYPTO;
    }
    return STEK_OK;
}

enum stek_result stek_audit_recipes_new(const struct stek_audit_cipher_key *keys, size_t keys_len,
                                        const struct stek_audit_pattern *patterns,
                                        size_t patterns_len,
                                        struct stek_audit_recipes **ret_recipes)
{
    struct stek_audit_recipes *recipes = calloc(1, sizeof *recipes);

    if (recipes == NULL)
        return STEK_ERR_MEMORY;
    *recipes =
        (struct stek_audit_recipes){keys, keys_len, patterns, patterns_len, NULL, 0, NULL, 0};
    enum stek_result result = fill(recipes);
    if (result != STEK_OK)
        stek_audit_recipes_free(recipes);
    else
        *ret_recipes = recipes;
    return result;
}

void stek_audit_recipes_free(struct stek_audit_recipes *recipes)
{
    if (recipes == NULL)
        return;
    for (size_t i = 0; i < recipes->go_len; i++)
        EVP_CIPHER_CTX_free(recipes->go[i].encrypt);
    free(recipes->go);
    free(recipes->s2n);
    free(recipes);
}

bool stek_audit_is_resumption_secret(const struct stek_audit_ticket *ticket, const uint8_t *rms)
{
    static const char label[] = "tls13 resumption";
    const uint8_t len = ticket->secret_len;
    uint8_t info[4 + sizeof label + 255], psk[EVP_MAX_MD_SIZE];
    size_t at = 0;
    unsigned psk_len;

    if (ticket->version != STEK_AUDIT_TLS13 || (len != 32 && len != 48))
        return false;
    info[at++] = 0;
    info[at++] = len;
    info[at++] = sizeof label - 1;
    memcpy(info + at, label, sizeof label - 1);
    at += sizeof label - 1;
    info[at++] = ticket->nonce_len;
    memcpy(info + at, ticket->nonce, ticket->nonce_len);
    at += ticket->nonce_len;
    info[at++] =
        1; /* HKDF-Expand's counter: the hash is as long as the secret, so one block is all */
    if (HMAC(len == 48 ? EVP_sha384() : EVP_sha256(), rms, len, info, at, psk, &psk_len) == NULL)
        return false;
    const bool same = memcmp(psk, ticket->secret, len) == 0;
    stek_wipe(psk, sizeof psk);
    return same;
}

/* Whether the plaintext has the secret, or at `rms_at` the resumption master secret. */
static bool proves(const struct stek_audit_ticket *ticket, const uint8_t *plain, size_t len,
                   size_t rms_at)
{
    if (memmem(plain, len, ticket->secret, ticket->secret_len) != NULL)
        return true;
    return rms_at > 0 && rms_at + ticket->secret_len <= len &&
           plain[rms_at - 1] == ticket->secret_len &&
           stek_audit_is_resumption_secret(ticket, plain + rms_at);
}

static void set_hit(struct stek_audit_hit *hit, const struct stek_audit_recipes *recipes,
                    uint32_t pattern, const char *cipher, size_t nonce_at, const char *how)
{
    hit->kind = STEK_AUDIT_HIT_OPENED;
    hit->cipher = cipher;
    hit->nonce_at = (int32_t)nonce_at;
    (void)snprintf(hit->key, sizeof hit->key, "%.60s%s",
                   stek_audit_pattern_text(&recipes->patterns[pattern]).at, how);
}

/* The counter blocks of the start of a text. */
static void count(enum stek_audit_counter_kind kind, const struct stek_audit_ticket *ticket,
                  size_t nonce_at, uint8_t counters[PLAIN_LEN])
{
    for (uint32_t i = 0; i < PLAIN_LEN / BLOCK; i++)
        stek_audit_counter_block(kind, ticket->bytes + nonce_at, i, counters + (size_t)i * BLOCK);
}

/* Decrypts the start of a text: as much of it as there is, at most PLAIN_LEN. */
static bool decrypt(EVP_CIPHER_CTX *encrypt, const uint8_t counters[PLAIN_LEN],
                    const struct stek_audit_ticket *ticket, size_t text_at,
                    uint8_t plain[PLAIN_LEN], size_t *ret_len)
{
    const size_t len = smaller(ticket->len - text_at, PLAIN_LEN);
    const size_t whole = (len + BLOCK - 1) / BLOCK * BLOCK;
    int written;

    if (EVP_EncryptUpdate(encrypt, plain, &written, counters, (int)whole) != 1)
        return false;
    for (size_t i = 0; i < len; i++)
        plain[i] ^= ticket->bytes[text_at + i];
    *ret_len = len;
    return true;
}

static enum stek_result try_go(const struct stek_audit_recipes *recipes,
                               const struct stek_audit_ticket *ticket, size_t nonce_at,
                               struct stek_audit_hit *hit)
{
    enum { RMS_AT = 14 };
    uint8_t counters[PLAIN_LEN], plain[PLAIN_LEN];
    size_t len;

    if (ticket->len < nonce_at + 2 * BLOCK)
        return STEK_OK;
    count(STEK_AUDIT_COUNTER_CTR, ticket, nonce_at, counters);
    for (size_t i = 0; i < recipes->go_len; i++) {
        if (!decrypt(recipes->go[i].encrypt, counters, ticket, nonce_at + BLOCK, plain, &len))
            return STEK_ERR_CRYPTO;
        if (!proves(ticket, plain, len, RMS_AT))
            continue;
        set_hit(hit, recipes, recipes->go[i].pattern, "AES-128-CTR", nonce_at,
                ", hashed as Go does");
        return STEK_OK;
    }
    return STEK_OK;
}

static enum stek_result try_s2n(const struct stek_audit_recipes *recipes,
                                const struct stek_audit_ticket *ticket, struct stek_audit_hit *hit)
{
    enum { INFO_AT = 17, NONCE_AT = INFO_AT + 32, TEXT_AT = NONCE_AT + 12 };
    uint8_t counters[PLAIN_LEN];

    if (ticket->len < TEXT_AT + 2 * BLOCK || ticket->bytes[0] != 1)
        return STEK_OK;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx != NULL;
    count(STEK_AUDIT_COUNTER_GCM, ticket, NONCE_AT, counters);
    for (size_t i = 0; i < recipes->s2n_len && ok && hit->kind == STEK_AUDIT_HIT_NONE; i++) {
        uint8_t key[KEY_LEN], plain[PLAIN_LEN];
        size_t len;
        ok = stek_audit_expand(recipes->s2n[i].prk, ticket->bytes + INFO_AT, KEY_LEN, key) &&
             EVP_EncryptInit_ex(ctx, EVP_aes_256_ecb(), NULL, key, NULL) == 1 &&
             EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
             decrypt(ctx, counters, ticket, TEXT_AT, plain, &len);
        if (ok && proves(ticket, plain, len, 0))
            set_hit(hit, recipes, recipes->s2n[i].pattern, "AES-256-GCM", NONCE_AT,
                    ", expanded as s2n-tls does");
    }
    EVP_CIPHER_CTX_free(ctx);
    return ok ? STEK_OK : STEK_ERR_CRYPTO;
}

enum {
    GNUTLS_IV_AT = 16,
    GNUTLS_TEXT_AT = 34,
    GNUTLS_TAG_LEN = 20,
    GNUTLS_RMS_AT = 11,
    GNUTLS_MASTER_LEN = 64
};

/* name[16] iv[16] u16 length, and the length is right. */
static bool looks_like_gnutls(const struct stek_audit_ticket *ticket)
{
    if (ticket->len < GNUTLS_TEXT_AT + GNUTLS_TAG_LEN + 2 * BLOCK)
        return false;
    const size_t len = (size_t)ticket->bytes[32] << 8 | ticket->bytes[33];
    return len == ticket->len - GNUTLS_TEXT_AT - GNUTLS_TAG_LEN && len % BLOCK == 0;
}

static bool gnutls_opens(EVP_CIPHER_CTX *decrypt, const struct stek_audit_ticket *ticket)
{
    const size_t len = smaller(ticket->len - GNUTLS_TEXT_AT - GNUTLS_TAG_LEN, PLAIN_LEN);
    uint8_t plain[PLAIN_LEN];
    int written;

    if (EVP_DecryptUpdate(decrypt, plain, &written, ticket->bytes + GNUTLS_TEXT_AT, (int)len) != 1)
        return false;
    for (size_t i = 0; i < len; i++)
        plain[i] =
            (uint8_t)(plain[i] ^
                      ticket->bytes[i < BLOCK ? GNUTLS_IV_AT + i : GNUTLS_TEXT_AT + i - BLOCK]);
    return proves(ticket, plain, len, GNUTLS_RMS_AT);
}

/* The key of the period in which a ticket was made. */
static bool gnutls_key(const struct stek_audit_pattern *pattern, int64_t period,
                       uint8_t ret_key[GNUTLS_MASTER_LEN])
{
    uint8_t message[8 + GNUTLS_MASTER_LEN];

    for (int i = 0; i < 8; i++)
        message[i] = (uint8_t)((uint64_t)period >> (56 - 8 * i));
    return stek_audit_pattern_key(pattern, GNUTLS_MASTER_LEN, message + 8) &&
           EVP_Digest(message, sizeof message, ret_key, NULL, EVP_sha3_512(), NULL) == 1;
}

/* The name tells whether the key is right; then it is proved by decrypting. */
static enum stek_result try_gnutls_period(const struct stek_audit_recipes *recipes,
                                          const struct stek_audit_ticket *ticket, int64_t period,
                                          struct stek_audit_hit *hit)
{
    for (uint32_t i = 0; i < recipes->patterns_len; i++) {
        uint8_t key[GNUTLS_MASTER_LEN];
        if (!gnutls_key(&recipes->patterns[i], period, key) || memcmp(key, ticket->bytes, 16) != 0)
            continue;
        struct stek_audit_cipher_key cipher = {.len = KEY_LEN};
        memcpy(cipher.key, key + 16, KEY_LEN);
        enum stek_result result = stek_audit_cipher_key_init(&cipher);
        if (result != STEK_OK)
            return result;
        if (gnutls_opens(cipher.decrypt, ticket))
            set_hit(hit, recipes, i, "AES-256-CBC", GNUTLS_IV_AT, ", as GnuTLS rotates it");
        stek_audit_cipher_key_fini(&cipher);
    }
    return STEK_OK;
}

static enum stek_result try_gnutls(const struct stek_audit_recipes *recipes,
                                   const struct stek_audit_ticket *ticket,
                                   struct stek_audit_hit *hit)
{
    enum { DEFAULT_LIFETIME_S = 21600 };
    const int64_t lifetimes[] = {ticket->hint_s, DEFAULT_LIFETIME_S};
    enum stek_result result = STEK_OK;

    if (!looks_like_gnutls(ticket))
        return STEK_OK;
    for (size_t i = 0; i < recipes->keys_len; i++)
        if (recipes->keys[i].len == KEY_LEN && gnutls_opens(recipes->keys[i].decrypt, ticket)) {
            set_hit(hit, recipes, recipes->keys[i].pattern, "AES-256-CBC", GNUTLS_IV_AT, "");
            return STEK_OK;
        }
    for (int i = 0; i < 2 && result == STEK_OK && hit->kind == STEK_AUDIT_HIT_NONE; i++)
        for (int64_t back = 0; back < 2 && result == STEK_OK && hit->kind == STEK_AUDIT_HIT_NONE;
             back++)
            if (lifetimes[i] > 0)
                result = try_gnutls_period(recipes, ticket,
                                           ticket->received / (3 * lifetimes[i]) - back, hit);
    return result;
}

enum { WOLFSSL_NONCE_AT = 16, WOLFSSL_TEXT_AT = 34, WOLFSSL_RMS_AT = 4 };

/* A TLS 1.3 session holds version, suite, then the secret; a TLS 1.2 session the master secret. */
static bool wolfssl_proves(const struct stek_audit_ticket *ticket, const uint8_t *plain, size_t len)
{
    if (proves(ticket, plain, len, 0))
        return true;
    return len >= WOLFSSL_RMS_AT + (size_t)ticket->secret_len && plain[0] == 3 && plain[1] == 4 &&
           stek_audit_is_resumption_secret(ticket, plain + WOLFSSL_RMS_AT);
}

static bool decrypt_chacha(EVP_CIPHER_CTX *chacha, const struct stek_audit_ticket *ticket,
                           uint8_t plain[PLAIN_LEN], size_t *ret_len)
{
    const size_t len = smaller(ticket->len - WOLFSSL_TEXT_AT, PLAIN_LEN);
    uint8_t iv[BLOCK] = {1};
    int written;

    memcpy(iv + 4, ticket->bytes + WOLFSSL_NONCE_AT, 12);
    *ret_len = len;
    return EVP_EncryptInit_ex(chacha, NULL, NULL, NULL, iv) == 1 &&
           EVP_EncryptUpdate(chacha, plain, &written, ticket->bytes + WOLFSSL_TEXT_AT, (int)len) ==
               1;
}

static enum stek_result try_wolfssl(const struct stek_audit_recipes *recipes,
                                    const struct stek_audit_ticket *ticket,
                                    struct stek_audit_hit *hit)
{
    uint8_t counters[PLAIN_LEN], plain[PLAIN_LEN];
    size_t len;

    if (ticket->len < WOLFSSL_TEXT_AT + 2 * BLOCK)
        return STEK_OK;
    count(STEK_AUDIT_COUNTER_GCM, ticket, WOLFSSL_NONCE_AT, counters);
    for (size_t i = 0; i < recipes->keys_len && hit->kind == STEK_AUDIT_HIT_NONE; i++) {
        const struct stek_audit_cipher_key *key = &recipes->keys[i];
        if (!decrypt(key->encrypt, counters, ticket, WOLFSSL_TEXT_AT, plain, &len))
            return STEK_ERR_CRYPTO;
        if (wolfssl_proves(ticket, plain, len))
            set_hit(hit, recipes, key->pattern, key->len == 16 ? "AES-128-GCM" : "AES-256-GCM",
                    WOLFSSL_NONCE_AT, "");
        if (key->chacha == NULL || hit->kind != STEK_AUDIT_HIT_NONE)
            continue;
        if (!decrypt_chacha(key->chacha, ticket, plain, &len))
            return STEK_ERR_CRYPTO;
        if (wolfssl_proves(ticket, plain, len))
            set_hit(hit, recipes, key->pattern, "ChaCha20-Poly1305", WOLFSSL_NONCE_AT, "");
    }
    return STEK_OK;
}

static enum stek_result try_go_early(const struct stek_audit_recipes *recipes,
                                     const struct stek_audit_ticket *ticket,
                                     struct stek_audit_hit *hit)
{
    return try_go(recipes, ticket, 0, hit);
}

static enum stek_result try_go_late(const struct stek_audit_recipes *recipes,
                                    const struct stek_audit_ticket *ticket,
                                    struct stek_audit_hit *hit)
{
    return try_go(recipes, ticket, 16, hit);
}

enum stek_result stek_audit_try_recipes(struct stek_audit_recipes *recipes,
                                        const struct stek_audit_ticket *ticket,
                                        const struct stek_audit_until *until,
                                        struct stek_audit_hit *ret_hit)
{
    static enum stek_result (*const tries[])(
        const struct stek_audit_recipes *recipes, const struct stek_audit_ticket *ticket,
        struct stek_audit_hit *hit) = {try_gnutls, try_s2n, try_wolfssl, try_go_early, try_go_late};
    enum stek_result result = STEK_OK;

    for (size_t i = 0; i < sizeof tries / sizeof *tries && result == STEK_OK &&
                       ret_hit->kind == STEK_AUDIT_HIT_NONE && !stek_audit_ends(until);
         i++)
        result = tries[i](recipes, ticket, ret_hit);
    return result;
}
