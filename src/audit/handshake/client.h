/* SPDX-License-Identifier: Apache-2.0 */
/* The audit as a TLS client: its settings, and the SSL_CTXs that follow from them. */
#ifndef STEK_AUDIT_CLIENT_H
#define STEK_AUDIT_CLIENT_H

#include "stek.h"

#include "audit/handshake/net.h"
#include "audit/observation.h"
#include "audit/handshake/starttls.h"

#include <openssl/ssl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All texts are borrowed and must outlive the client. */
struct stek_audit_client_settings {
    const char *alpn; /* protocols, with commas between; NULL: none */
    const char *cert; /* a PEM file of the client's certificate and chain; NULL: none */
    const char *key;  /* and of its key */
    const char *ca;   /* a PEM file of CAs; NULL: the system's */
    enum stek_audit_starttls starttls;
    bool request; /* ask for / over HTTP/1.1 after each handshake, and note the first line of the
                     answer */
    int64_t timeout_ms; /* for all of one connection */
};

struct stek_audit_client {
    struct stek_audit_client_settings settings;
    struct stek_audit_stop stop;
    SSL_CTX *ctx[2][2]; /* TLS 1.2 and 1.3; without and with the client's certificate */
};

/* The SSL_CTX for a version, or NULL for one that it does not know. */
SSL_CTX *stek_audit_client_ctx(const struct stek_audit_client *client, uint16_t version,
                               bool with_cert);

/*
 * Makes a client. libssl is used without the system's configuration file: what a server offers must
 * not depend on what the auditor's machine allows. The caller frees *ret_client with
 * stek_audit_client_free(). Errors: STEK_ERR_MEMORY; STEK_ERR_CRYPTO, with the reason in
 * `ret_problem` (a file that cannot be used, a bad --alpn).
 */
STEK_MUST_USE enum stek_result
stek_audit_client_new(const struct stek_audit_client_settings *settings,
                      const struct stek_audit_stop *stop, struct stek_audit_client **ret_client,
                      char *ret_problem, size_t problem_len);

void stek_audit_client_free(struct stek_audit_client *client); /* NULL is fine */

/* Whether settings.alpn may be these names. Thread-safe. */
bool stek_audit_alpn_allowed(const char *names);

/* OpenSSL's name of a TLS 1.2 suite, as for ask.ciphers; NULL: unknown. Static text. */
const char *stek_audit_cipher_name(const struct stek_audit_client *client, uint16_t cipher);

/* Whether a suite of TLS 1.2 has SHA-384 for its handshake. */
bool stek_audit_cipher_is_sha384(const struct stek_audit_client *client, uint16_t cipher);

#endif
