/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/made.h"

#include "tls/context/mark.h"
#include "tls/context/ownkeys.h"
#include "tls/context/peers.h"
#include "tls/ticketdata.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

/* Kinds whose numbers end alike share a row. Where a row is full, one of it is forgotten, and a
 * ticket is looked at again. */
enum { ROWS = 256, ROW = 8, ROOM = ROWS * ROW };

/* The lowest bits of a kind: that it is one, and what became of it. */
enum { MADE = 1, UNWANTED = 2, SOME = 4, WHICH = 7 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Atomic uint64_t not_shared[ROOM];
static _Atomic uint64_t *kinds = not_shared;

/* Not a secret, and one word each: it needs no lock. */
static void map(void)
{
    void *at =
        mmap(NULL, sizeof not_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (at != MAP_FAILED)
        kinds = at;
}

void stek_made_prepare(void)
{
    (void)pthread_once(&once, map);
}

bool stek_made_demands_cert(const SSL *ssl)
{
    const int required = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    const int mode = SSL_get_verify_mode(ssl);
    /* In TLS 1.3 it may be asked for after the handshake (RFC 9846 section 4.6.2). */
    const bool later = (mode & SSL_VERIFY_POST_HANDSHAKE) != 0 && stek_ossl_is_tls13(ssl);

    return (mode & required) == required && !later;
}

/* As libssl asks it when it chooses a cipher. */
static bool security_allows(const SSL *ssl, const SSL_CIPHER *cipher)
{
    const stek_ossl_security_cb allows = SSL_get_security_callback(ssl);

    return allows == NULL ||
           allows(ssl, NULL, SSL_SECOP_CIPHER_SHARED, SSL_CIPHER_get_bits(cipher, NULL), 0,
                  (void *)(uintptr_t)cipher, SSL_get0_security_ex_data(ssl)) != 0;
}

/* TLS 1.3 chooses the cipher anew at each resumption. Before that libssl goes on with the session's
 * and does not ask its own list. */
static bool cipher_is_allowed(const SSL *ssl, const SSL_SESSION *session)
{
    const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(session);
    const STACK_OF(SSL_CIPHER) * allowed;

    if (stek_ossl_is_tls13(ssl) || cipher == NULL)
        return true;
    allowed = SSL_get_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(allowed); i++)
        if (SSL_CIPHER_get_id(sk_SSL_CIPHER_value(allowed, i)) == SSL_CIPHER_get_id(cipher))
            return security_allows(ssl, cipher);
    return false;
}

bool stek_made_is_unwanted(const SSL *ssl, const SSL_SESSION *session)
{
    return (stek_made_demands_cert(ssl) && !stek_peers_in_session(session)) ||
           !cipher_is_allowed(ssl, session);
}

/*
 * The server name, the cipher, and whether it says who the client is. 0: it cannot be said.
 * libssl's own keys are secret, so that no client can look for two names that come to the same.
 */
static uint64_t kind_of(SSL_CTX *ctx, SSL_SESSION *session)
{
    const SSL_CIPHER *cipher = SSL_SESSION_get0_cipher(session);
    struct stek_appdata appdata;
    uint64_t mark = stek_own_keys_mark(ctx);

    if (mark == 0 || cipher == NULL || !stek_ticketdata_read(session, &appdata))
        return 0;
    mark = stek_mark_add_bytes(mark, appdata.name_hash, sizeof appdata.name_hash);
    mark = stek_mark_add(mark, SSL_CIPHER_get_id(cipher));
    return (stek_mark_add(mark, stek_peers_in_session(session)) & ~(uint64_t)WHICH) | SOME;
}

static uint64_t read_room(_Atomic uint64_t *room)
{
    return atomic_load_explicit(room, memory_order_relaxed);
}

/* Where this kind stands, or a place for it. */
static _Atomic uint64_t *room_for(uint64_t kind)
{
    _Atomic uint64_t *row = &kinds[(kind >> 32) % ROWS * ROW];
    _Atomic uint64_t *room = &row[(kind >> 48) % ROW];

    for (int i = ROW - 1; i >= 0; i--) {
        if ((read_room(&row[i]) & ~(uint64_t)WHICH) == (kind & ~(uint64_t)WHICH))
            return &row[i];
        if (read_room(&row[i]) == 0)
            room = &row[i];
    }
    return room;
}

/* Not written where it is known: many threads read it. */
static void remember(SSL *ssl, SSL_CTX *ctx, uint64_t how)
{
    SSL_SESSION *session = SSL_get_session(ssl);
    const uint64_t kind = session != NULL ? kind_of(ctx, session) : 0;
    _Atomic uint64_t *room = room_for(kind);

    if (kind != 0 && read_room(room) != (kind | how))
        atomic_store_explicit(room, kind | how, memory_order_relaxed);
}

/* The kind that stands for a full handshake in which a certificate was demanded. */
static uint64_t demanding_kind(SSL_CTX *ctx)
{
    const uint64_t mark = stek_own_keys_mark(ctx);

    return mark != 0 ? (stek_mark_add(mark, STEK_MADE_UNWANTED) & ~(uint64_t)WHICH) | SOME | MADE
                     : 0;
}

static bool has_demanded(SSL_CTX *ctx)
{
    const uint64_t kind = demanding_kind(ctx);

    return kind != 0 && read_room(room_for(kind)) == kind;
}

/* libssl calls no certificate callback for a session that resumes. So where a program demands the
 * certificate there, only a full handshake shows it. */
static void note_demand(const SSL *ssl, SSL_CTX *ctx)
{
    if (SSL_session_reused(ssl) == 1 || !stek_made_demands_cert(ssl) || has_demanded(ctx))
        return;
    const uint64_t kind = demanding_kind(ctx);
    if (kind != 0)
        atomic_store_explicit(room_for(kind), kind, memory_order_relaxed);
}

void stek_made_note(SSL *ssl, SSL_CTX *ctx)
{
    remember(ssl, ctx, MADE);
    note_demand(ssl, ctx);
}

void stek_made_note_unwanted(SSL *ssl, SSL_CTX *ctx)
{
    remember(ssl, ctx, UNWANTED);
}

enum stek_made stek_made_judge(SSL *ssl, SSL_CTX *ctx, SSL_SESSION *session)
{
    const uint64_t kind = kind_of(ctx, session);
    const uint64_t known = read_room(room_for(kind));

    if (kind != 0 && known == (kind | MADE))
        return STEK_MADE_HERE;
    if ((kind != 0 && known == (kind | UNWANTED)) || stek_made_is_unwanted(ssl, session))
        return STEK_MADE_UNWANTED;
    return !stek_peers_in_session(session) && has_demanded(ctx) ? STEK_MADE_UNWANTED
                                                                : STEK_MADE_WELCOME;
}
