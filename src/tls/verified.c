/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/verified.h"

#include <openssl/x509.h>

#include <time.h>

/* An end that cannot be read is as bad as one that has passed. 0 stands for no end. */
enum { LONG_AGO = 1 };

static int64_t end_of(const X509 *cert)
{
    struct tm end;
    int64_t until;

    if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) != 1)
        return LONG_AGO;
    until = timegm(&end);
    return until > LONG_AGO ? until : LONG_AGO;
}

static int64_t earlier(const X509 *cert, int64_t now, int64_t until)
{
    const int64_t end = end_of(cert);

    return end >= now && end < until ? end : until;
}

static int64_t earliest(const STACK_OF(X509) * certs, int64_t now, int64_t until)
{
    for (int i = 0; i < sk_X509_num(certs); i++)
        until = earlier(sk_X509_value(certs, i), now, until);
    return until;
}

/* Where the program verifies by itself, libssl knows no chain but that which the client sent. */
bool stek_verified_until(SSL *ssl, int64_t now, int64_t *ret_until)
{
    const STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    const X509 *peer = SSL_get0_peer_certificate(ssl);
    int64_t until = INT64_MAX;

    if (peer == NULL || (chain == NULL && SSL_session_reused(ssl) == 1))
        return false;
    until = earlier(peer, now, until);
    until = earliest(chain != NULL ? chain : SSL_get_peer_cert_chain(ssl), now, until);
    if (until == INT64_MAX)
        return false;
    *ret_until = until;
    return true;
}

int64_t stek_verified_until_of_session(const SSL_SESSION *session)
{
    const X509 *peer = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);

    return peer != NULL ? end_of(peer) : 0;
}
