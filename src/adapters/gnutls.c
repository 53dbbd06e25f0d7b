/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tickets of GnuTLS servers. GnuTLS lays them out as RFC 5077 section 4 does:
 *
 *     name[16] iv[16] u16 length, AES-256-CBC(state), HMAC-SHA1[20]
 *
 * and takes a master key of 64 bytes for each session, from which it derives (lib/stek.c of 3.7.9)
 *
 *     name[16] aes_key[32] hmac_key[16] = SHA3-512(u64 T, master)
 *
 * with T = time / (3 * expiration), big-endian. It opens tickets of T and T - 1. Here a master is
 * hmac_key and aes_key of a ring's key. Which one a ticket needs is found by its name: a client
 * brings it back and may have made it up, so a name only chooses a key, and GnuTLS checks the MAC.
 *
 * While T is 0, GnuTLS derives nothing and seals with zeros (CVE-2020-13777 was that): then there
 * are no tickets.
 */
#include <stek-gnutls.h>
#include <stek-keys.h>

#include <gnutls/crypto.h>

#include <stdbool.h>
#include <string.h>
#include <time.h>

enum {
    EXTENSION = 0xff57, /* of private use (RFC 8446 section 11) */
    MASTER_LEN = 64,
    T_LEN = 8,
    PERIODS_A_T = 3,
    LIFETIME_DEFAULT_S = 6 * 3600,
    LIFETIME_MAX_S = 7 * 24 * 3600,
    SESSION_TICKET = 35,
    PRE_SHARED_KEY = 41,
    IDENTITIES_MAX = 4, /* of a TLS 1.3 client, that are looked at */
    KEYS_MAX = 64
};

/* What a client's tickets begin with. */
struct names {
    size_t count;
    unsigned char at[IDENTITIES_MAX][STEK_KEY_NAME_LEN];
};

static void add_name(struct names *names, const unsigned char *ticket, size_t len)
{
    if (len < STEK_KEY_NAME_LEN || names->count == IDENTITIES_MAX)
        return;
    memcpy(names->at[names->count++], ticket, STEK_KEY_NAME_LEN);
}

static size_t read_u16(const unsigned char *at)
{
    return (size_t)at[0] << 8 | at[1];
}

/* OfferedPsks (RFC 8446 section 4.2.11): a list of u16 length, identity, u32 age. */
static void add_identities(struct names *names, const unsigned char *at, size_t len)
{
    if (len < 2)
        return;
    size_t left = read_u16(at);
    if (left > len - 2)
        return;
    at += 2;
    while (left >= 2) {
        const size_t identity = read_u16(at);
        if (left < 2 + identity + 4)
            return;
        add_name(names, at + 2, identity);
        at += 2 + identity + 4;
        left -= 2 + identity + 4;
    }
}

/* gnutls_ext_raw_process_func */
static int look_at(void *arg, unsigned type, const unsigned char *data, unsigned len)
{
    if (type == SESSION_TICKET)
        add_name(arg, data, len);
    else if (type == PRE_SHARED_KEY)
        add_identities(arg, data, len);
    return 0;
}

static int64_t lifetime_s(const struct stek_gnutls *tickets)
{
    return tickets->lifetime_s != 0 ? tickets->lifetime_s : LIFETIME_DEFAULT_S;
}

static void master_of(const struct stek_key *key, unsigned char ret_master[MASTER_LEN])
{
    memcpy(ret_master, key->hmac_key, sizeof key->hmac_key);
    memcpy(ret_master + sizeof key->hmac_key, key->aes_key, sizeof key->aes_key);
}

/* Whether GnuTLS gives one of these names to tickets under this key in period `t`. */
static bool names_at(const struct stek_key *key, int64_t t, const struct names *names)
{
    unsigned char in[T_LEN + MASTER_LEN], derived[MASTER_LEN];
    bool found = false;

    for (int i = 0; i < T_LEN; i++)
        in[i] = (unsigned char)((uint64_t)t >> (8 * (T_LEN - 1 - i)));
    master_of(key, in + T_LEN);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA3_512, in, sizeof in, derived) == 0)
        for (size_t i = 0; i < names->count; i++)
            found = found || memcmp(derived, names->at[i], STEK_KEY_NAME_LEN) == 0;
    explicit_bzero(in, sizeof in);
    explicit_bzero(derived, sizeof derived);
    return found;
}

/* The key of the client's ticket; false: it has none of this ring. */
static bool find(const struct stek_gnutls *tickets, int64_t t, const struct names *names,
                 struct stek_key *ret_key)
{
    for (unsigned i = 0; names->count > 0 && i < KEYS_MAX; i++) {
        const enum stek_result result = stek_key_at(tickets->label, i, ret_key);
        if (result == STEK_ERR_NO_KEY)
            break;
        if (result == STEK_OK && (names_at(ret_key, t, names) || names_at(ret_key, t - 1, names)))
            return true;
    }
    return false;
}

/* After a hello retry request it comes again, and GnuTLS may keep to the first choice. */
void stek_gnutls_client_hello(gnutls_session_t session, const gnutls_datum_t *message)
{
    gnutls_ext_priv_data_t tickets;
    struct names names = {.count = 0};
    struct stek_key key;
    unsigned char master[MASTER_LEN];
    const gnutls_datum_t datum = {master, sizeof master};

    if (gnutls_ext_get_data(session, EXTENSION, &tickets) != 0)
        return;
    const struct stek_gnutls *of = tickets;
    const int64_t t = (int64_t)time(NULL) / (PERIODS_A_T * lifetime_s(of));
    if (t <= 0)
        return;
    /* A hello that cannot be read is GnuTLS's to refuse. */
    (void)gnutls_ext_raw_parse(&names, look_at, message, GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO);
    if (find(of, t, &names, &key) || stek_key_current(of->label, &key, NULL) == STEK_OK) {
        master_of(&key, master);
        (void)gnutls_session_ticket_enable_server(session, &datum);
    }
    explicit_bzero(&key, sizeof key);
    explicit_bzero(master, sizeof master);
}

/* gnutls_handshake_hook_func */
static int on_hello(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                    const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    if (incoming != 0)
        stek_gnutls_client_hello(session, message);
    return 0;
}

/* No client sends the extension, and one that does is answered nothing. */
static int ignore(gnutls_session_t session, const unsigned char *data, size_t len)
{
    (void)session;
    (void)data;
    (void)len;
    return 0;
}

static int send_nothing(gnutls_session_t session, gnutls_buffer_t to)
{
    (void)session;
    (void)to;
    return 0;
}

enum stek_result stek_gnutls_attach(gnutls_session_t session, const struct stek_gnutls *tickets)
{
    if (session == NULL || tickets == NULL || tickets->label == NULL || tickets->lifetime_s < 0 ||
        tickets->lifetime_s > LIFETIME_MAX_S)
        return STEK_ERR_ARGUMENT;
    const int made = gnutls_session_ext_register(session, "stek", EXTENSION, GNUTLS_EXT_APPLICATION,
                                                 ignore, send_nothing, NULL, NULL, NULL, 0);
    if (made != 0)
        return made == GNUTLS_E_MEMORY_ERROR ? STEK_ERR_MEMORY : STEK_ERR_SYSTEM;
    /* Only read: GnuTLS has one type for all data. */
    gnutls_ext_set_data(session, EXTENSION, (void *)(uintptr_t)tickets);
    gnutls_db_set_cache_expiration(session, (int)lifetime_s(tickets));
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_CLIENT_HELLO, GNUTLS_HOOK_PRE,
                                       on_hello);
    return STEK_OK;
}
