/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of wolfSSL servers. wolfSSL lays them out as RFC 5077 section 4 does:
 *
 *     name[16] iv[16] u16 length, AES-256-CBC(state), HMAC-SHA256[32]
 *
 * The state is wolfSSL's, filled up to a block as in PKCS #7. The HMAC is over "stek wolfssl" 00
 * and all that is before it: wolfSSL takes a state as it is, so no other program's ticket may open
 * here, even under the same key. A client brings a ticket back: whoever holds none of the ring's
 * keys can change no byte of it unnoticed.
 */
#include <stek-wolfssl.h>

#include <wolfssl/wolfcrypt/aes.h>
#include <wolfssl/wolfcrypt/hmac.h>

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

enum { BLOCK_LEN = AES_BLOCK_SIZE, MAC_LEN = WOLFSSL_TICKET_MAC_SZ, LENGTH_MAX = 0xffff };

static const unsigned char purpose[] = "stek wolfssl"; /* with its zero */

/* A ticket in wolfSSL's buffers. */
struct ticket {
    unsigned char *name;
    unsigned char *iv;
    unsigned char *mac;
    unsigned char *state;
    int len;
};

static bool mac(const struct stek_key *key, const struct ticket *ticket,
                unsigned char ret_mac[MAC_LEN])
{
    const unsigned char len[2] = {(unsigned char)(ticket->len >> 8), (unsigned char)ticket->len};
    Hmac hmac;

    if (wc_HmacInit(&hmac, NULL, INVALID_DEVID) != 0)
        return false;
    const bool made = wc_HmacSetKey(&hmac, WC_SHA256, key->hmac_key, sizeof key->hmac_key) == 0 &&
                      wc_HmacUpdate(&hmac, purpose, sizeof purpose) == 0 &&
                      wc_HmacUpdate(&hmac, ticket->name, WOLFSSL_TICKET_NAME_SZ) == 0 &&
                      wc_HmacUpdate(&hmac, ticket->iv, WOLFSSL_TICKET_IV_SZ) == 0 &&
                      wc_HmacUpdate(&hmac, len, sizeof len) == 0 &&
                      wc_HmacUpdate(&hmac, ticket->state, (word32)ticket->len) == 0 &&
                      wc_HmacFinal(&hmac, ret_mac) == 0;
    wc_HmacFree(&hmac);
    explicit_bzero(&hmac, sizeof hmac);
    return made;
}

/* In constant time. */
static bool same(const unsigned char *a, const unsigned char *b, size_t len)
{
    volatile unsigned char differs = 0;

    for (size_t i = 0; i < len; i++)
        differs |= (unsigned char)(a[i] ^ b[i]);
    return differs == 0;
}

/* Changes whole blocks in place. */
static bool cbc(const struct stek_key *key, int direction, const struct ticket *ticket)
{
    Aes aes;

    if (wc_AesInit(&aes, NULL, INVALID_DEVID) != 0)
        return false;
    const word32 len = (word32)ticket->len;
    bool done = wc_AesSetKey(&aes, key->aes_key, sizeof key->aes_key, ticket->iv, direction) == 0;
    if (done && direction == AES_ENCRYPTION)
        done = wc_AesCbcEncrypt(&aes, ticket->state, ticket->state, len) == 0;
    else if (done)
        done = wc_AesCbcDecrypt(&aes, ticket->state, ticket->state, len) == 0;
    wc_AesFree(&aes);
    explicit_bzero(&aes, sizeof aes);
    return done;
}

/* wolfSSL leaves a room of 32 bytes after the state. */
static bool seal_under(const struct stek_key *key, struct ticket *ticket)
{
    const int fill = BLOCK_LEN - ticket->len % BLOCK_LEN;

    if (ticket->len > LENGTH_MAX - BLOCK_LEN ||
        getrandom(ticket->iv, WOLFSSL_TICKET_IV_SZ, 0) != WOLFSSL_TICKET_IV_SZ)
        return false;
    memcpy(ticket->name, key->name, WOLFSSL_TICKET_NAME_SZ);
    memset(ticket->state + ticket->len, fill, (size_t)fill);
    ticket->len += fill;
    return cbc(key, AES_ENCRYPTION, ticket) && mac(key, ticket, ticket->mac);
}

/*
 * wolfSSL ends the handshake when it is refused a ticket that is due. So where no key seals, one is
 * made up that nobody has: the client makes a full handshake when it comes back.
 */
static int seal(struct stek_label *label, struct ticket *ticket)
{
    struct stek_key key;

    if (stek_key_current(label, &key, NULL) != STEK_OK &&
        getrandom(&key, sizeof key, 0) != sizeof key)
        return WOLFSSL_TICKET_RET_REJECT;
    const bool sealed = seal_under(&key, ticket);
    explicit_bzero(&key, sizeof key);
    return sealed ? WOLFSSL_TICKET_RET_OK : WOLFSSL_TICKET_RET_REJECT;
}

/* The length of the state in whole decrypted blocks; 0: what fills them up is not sound. */
static int state_len(const struct ticket *ticket)
{
    const int fill = ticket->state[ticket->len - 1];

    if (fill == 0 || fill > BLOCK_LEN)
        return 0;
    for (int i = ticket->len - fill; i < ticket->len; i++)
        if (ticket->state[i] != fill)
            return 0;
    return ticket->len - fill;
}

static bool open_under(const struct stek_key *key, const struct ticket *ticket, int *ret_len)
{
    unsigned char expected[MAC_LEN];

    if (!mac(key, ticket, expected) || !same(expected, ticket->mac, MAC_LEN) ||
        !cbc(key, AES_DECRYPTION, ticket))
        return false;
    *ret_len = state_len(ticket);
    return *ret_len != 0;
}

static int open_ticket(struct stek_label *label, const struct ticket *ticket, int *ret_len)
{
    struct stek_key key;
    int replace;

    if (ticket->len < BLOCK_LEN || ticket->len > LENGTH_MAX || ticket->len % BLOCK_LEN != 0 ||
        stek_key_find(label, ticket->name, &key, &replace) != STEK_OK)
        return WOLFSSL_TICKET_RET_REJECT;
    const bool opened = open_under(&key, ticket, ret_len);
    explicit_bzero(&key, sizeof key);
    if (!opened)
        return WOLFSSL_TICKET_RET_REJECT;
    return replace != 0 ? WOLFSSL_TICKET_RET_CREATE : WOLFSSL_TICKET_RET_OK;
}

/* NOLINTNEXTLINE(readability-function-size): SessionTicketEncCb is so */
static int seal_or_open(WOLFSSL *ssl, unsigned char name[WOLFSSL_TICKET_NAME_SZ],
                        unsigned char iv[WOLFSSL_TICKET_IV_SZ],
                        unsigned char mac_at[WOLFSSL_TICKET_MAC_SZ], int enc, unsigned char *state,
                        int len, int *ret_len, void *arg)
{
    struct ticket ticket = {.len = len};

    (void)ssl;
    ticket.name = name;
    ticket.iv = iv;
    ticket.mac = mac_at;
    ticket.state = state;
    if (enc == 0)
        return open_ticket(arg, &ticket, ret_len);
    const int answer = seal(arg, &ticket);
    if (answer == WOLFSSL_TICKET_RET_OK)
        *ret_len = ticket.len;
    return answer;
}

enum stek_result stek_wolfssl_attach(WOLFSSL_CTX *ctx, struct stek_label *label)
{
    if (ctx == NULL || label == NULL)
        return STEK_ERR_ARGUMENT;
    if (wolfSSL_CTX_set_TicketEncCtx(ctx, label) != WOLFSSL_SUCCESS ||
        wolfSSL_CTX_set_TicketEncCb(ctx, seal_or_open) != WOLFSSL_SUCCESS)
        return STEK_ERR_SYSTEM;
    return STEK_OK;
}
