/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/peers.h"

#include "tls/later.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_uint not_shared = 1;
static atomic_uint *verified = &not_shared;

/* Not a secret, and written once: it needs no lock. */
static void map(void)
{
    void *at =
        mmap(NULL, sizeof *verified, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (at != MAP_FAILED)
        verified = at;
}

void stek_peers_prepare(void)
{
    (void)pthread_once(&once, map);
}

bool stek_peers_are_verified(void)
{
    return atomic_load_explicit(verified, memory_order_relaxed) != 0;
}

void stek_peers_note(void)
{
    if (!stek_peers_are_verified())
        atomic_store_explicit(verified, 1, memory_order_relaxed);
}

bool stek_peers_in_session(const SSL_SESSION *session)
{
    return SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session) != NULL ||
           stek_later_session_has_raw_key(session);
}

/* A session that a client brought with a pre-shared key of the program's own (RFC 9846 section
 * 4.2.11): resumed for libssl, and never sealed before. */
static bool is_external_psk(SSL *ssl, SSL_SESSION *session)
{
    void *appdata = NULL;
    size_t len = 0;

    return stek_ossl_is_tls13(ssl) && SSL_session_reused(ssl) == 1 &&
           SSL_SESSION_get0_ticket_appdata(session, &appdata, &len) == 1 && len == 0;
}

/* A password tells who the client is (RFC 5054). The name that any client may send tells nothing.
 */
static bool is_by_password(const SSL *ssl)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

    return cipher != NULL && SSL_CIPHER_get_kx_nid(cipher) == NID_kx_srp;
}

static bool verifies(SSL *ssl, const SSL_SESSION *session)
{
    return SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE || SSL_get_psk_identity(ssl) != NULL ||
           is_by_password(ssl) || (session != NULL && stek_peers_in_session(session));
}

void stek_peers_look(SSL *ssl)
{
    SSL_SESSION *session = SSL_get_session(ssl);

    if (stek_peers_are_verified())
        return;
    if (verifies(ssl, session) || (session != NULL && is_external_psk(ssl, session)))
        stek_peers_note();
}

void stek_peers_look_at_stateful(SSL *ssl)
{
    if (!stek_peers_are_verified() && verifies(ssl, SSL_get_session(ssl)))
        stek_peers_note();
}

void stek_peers_forget(void)
{
    stek_peers_prepare();
    if (verified != &not_shared)
        atomic_store_explicit(verified, 0, memory_order_relaxed);
}
