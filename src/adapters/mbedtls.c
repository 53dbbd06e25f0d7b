/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of mbedTLS servers, as OpenSSL lays them out:
 *
 *     name[16] iv[16] AES-256-CBC(state) HMAC-SHA256(all before it)[32]
 *
 * The state is what mbedtls_ssl_session_save() writes, filled up to a block as in PKCS #7. A client
 * brings a ticket back: whoever holds none of the ring's keys can change no byte of it unnoticed,
 * and nothing of it is looked into before its MAC is checked.
 */
#include <stek-mbedtls.h>

#include <mbedtls/aes.h>
#include <mbedtls/md.h>

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    NAME_LEN = STEK_KEY_NAME_LEN,
    BLOCK_LEN = 16,
    HEAD_LEN = NAME_LEN + BLOCK_LEN,
    MAC_LEN = 32,
    LIFETIME_MAX_S = 7 * 24 * 3600, /* RFC 9846 section 4.6.1 */
    AGE_DEFAULT_S = 24 * 3600
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long the session may still resume; not above 0: no longer. */
static int64_t remaining_s(const struct stek_mbedtls *tickets, const mbedtls_ssl_session *session,
                           int64_t now)
{
    const int64_t most =
        tickets->max_session_age_s != 0 ? tickets->max_session_age_s : AGE_DEFAULT_S;

    /* A session from the future is as good as new: clocks of hosts differ a little. */
    return least(most, most - (now - (int64_t)session->start));
}

static bool mac(const struct stek_key *key, const unsigned char *at, size_t len,
                unsigned char ret_mac[MAC_LEN])
{
    return mbedtls_md_hmac(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), key->hmac_key,
                           sizeof key->hmac_key, at, len, ret_mac) == 0;
}

/* In constant time. */
static bool same(const unsigned char *a, const unsigned char *b, size_t len)
{
    volatile unsigned char differs = 0;

    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

/* Changes whole blocks in place. `iv` is used up. */
static bool cbc(const struct stek_key *key, int mode, unsigned char iv[BLOCK_LEN],
                unsigned char *blocks, size_t len)
{
    mbedtls_aes_context aes;
    const unsigned bits = 8 * sizeof key->aes_key;

    mbedtls_aes_init(&aes);
    const int set = mode == MBEDTLS_AES_ENCRYPT ? mbedtls_aes_setkey_enc(&aes, key->aes_key, bits)
                                                : mbedtls_aes_setkey_dec(&aes, key->aes_key, bits);
    const bool done = set == 0 && mbedtls_aes_crypt_cbc(&aes, mode, len, iv, blocks, blocks) == 0;
    mbedtls_aes_free(&aes);
    return done;
}

/* Fills up the state, which has `len` bytes and a block of room after them, and encrypts it. */
static size_t encrypt_state(const struct stek_key *key, const unsigned char *head,
                            unsigned char *state, size_t len)
{
    unsigned char iv[BLOCK_LEN];
    const size_t fill = BLOCK_LEN - len % BLOCK_LEN;

    memcpy(iv, head + NAME_LEN, sizeof iv);
    memset(state + len, (int)fill, fill);
    return cbc(key, MBEDTLS_AES_ENCRYPT, iv, state, len + fill) ? len + fill : 0;
}

/* Seals what is to be a ticket at `start`; its length, 0: there is none. */
static size_t seal(const struct stek_key *key, const mbedtls_ssl_session *session,
                   unsigned char *start, size_t room)
{
    unsigned char *state = start + HEAD_LEN;
    size_t len;

    if (room < HEAD_LEN + BLOCK_LEN + MAC_LEN ||
        mbedtls_ssl_session_save(session, state, room - HEAD_LEN - BLOCK_LEN - MAC_LEN, &len) !=
            0 ||
        getrandom(start + NAME_LEN, BLOCK_LEN, 0) != BLOCK_LEN)
        return 0;
    memcpy(start, key->name, NAME_LEN);
    len = encrypt_state(key, start, state, len);
    if (len == 0 || !mac(key, start, HEAD_LEN + len, state + len))
        return 0;
    return HEAD_LEN + len + MAC_LEN;
}

/* mbedtls_ssl_ticket_write_t. Where it fails, mbedTLS sends an empty ticket. */
static int write_ticket(void *arg, const mbedtls_ssl_session *session, unsigned char *start,
                        const unsigned char *end, size_t *ret_len, uint32_t *ret_lifetime)
{
    const struct stek_mbedtls *tickets = arg;
    struct stek_key key;
    int64_t until;
    const int64_t now = (int64_t)time(NULL);

    *ret_lifetime = 0; /* mbedTLS sends it with an empty ticket, too */
    if (stek_key_current(tickets->label, &key, &until) != STEK_OK)
        return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
    const int64_t lifetime =
        least(least(until - now, remaining_s(tickets, session, now)), LIFETIME_MAX_S);
    const size_t room = (size_t)(end - start);
    const size_t len = lifetime > 0 ? seal(&key, session, start, room) : 0;
    explicit_bzero(&key, sizeof key);
    if (len == 0) {
        explicit_bzero(start, room);
        return MBEDTLS_ERR_SSL_FEATURE_UNAVAILABLE;
    }
    *ret_len = len;
    *ret_lifetime = (uint32_t)lifetime;
    return 0;
}

/* The length of the state that is in whole decrypted blocks; 0: what fills them up is not sound. */
static size_t state_len(const unsigned char *blocks, size_t len)
{
    const size_t fill = blocks[len - 1];

    if (fill == 0 || fill > BLOCK_LEN)
        return 0;
    for (size_t i = len - fill; i < len; i++)
        if (blocks[i] != fill)
            return 0;
    return len - fill;
}

/* Opens a ticket in place; the length of the state behind its head, 0: it does not open. */
static size_t open_ticket(const struct stek_key *key, unsigned char *ticket, size_t len)
{
    unsigned char expected[MAC_LEN];
    const size_t blocks_len = len - HEAD_LEN - MAC_LEN;

    if (!mac(key, ticket, len - MAC_LEN, expected) ||
        !same(expected, ticket + len - MAC_LEN, MAC_LEN) ||
        !cbc(key, MBEDTLS_AES_DECRYPT, ticket + NAME_LEN, ticket + HEAD_LEN, blocks_len))
        return 0;
    return state_len(ticket + HEAD_LEN, blocks_len);
}

/* mbedtls_ssl_ticket_parse_t. Where it fails, the handshake goes on in full. */
static int parse_ticket(void *arg, mbedtls_ssl_session *session, unsigned char *ticket, size_t len)
{
    const struct stek_mbedtls *tickets = arg;
    struct stek_key key;

    if (len < HEAD_LEN + BLOCK_LEN + MAC_LEN || (len - HEAD_LEN - MAC_LEN) % BLOCK_LEN != 0 ||
        stek_key_find(tickets->label, ticket, &key, NULL) != STEK_OK)
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    const size_t opened = open_ticket(&key, ticket, len);
    explicit_bzero(&key, sizeof key);
    if (opened == 0)
        return MBEDTLS_ERR_SSL_INVALID_MAC;
    const int loaded = mbedtls_ssl_session_load(session, ticket + HEAD_LEN, opened);
    explicit_bzero(ticket + HEAD_LEN, opened);
    if (loaded != 0)
        return loaded;
    return remaining_s(tickets, session, (int64_t)time(NULL)) > 0
               ? 0
               : MBEDTLS_ERR_SSL_SESSION_TICKET_EXPIRED;
}

enum stek_result stek_mbedtls_attach(mbedtls_ssl_config *conf, const struct stek_mbedtls *tickets)
{
    if (conf == NULL || tickets == NULL || tickets->label == NULL || tickets->max_session_age_s < 0)
        return STEK_ERR_ARGUMENT;
    /* Only read: mbedTLS has one type of argument for all callbacks. */
    mbedtls_ssl_conf_session_tickets_cb(conf, write_ticket, parse_ticket,
                                        (void *)(uintptr_t)tickets);
    return STEK_OK;
}
