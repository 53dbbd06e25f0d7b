/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates as a test wishes them, signed by themselves. All of one kind have the same private
 * key. */
#ifndef TESTS_UNIT_TLS_CERTS_H
#define TESTS_UNIT_TLS_CERTS_H

#include <stdint.h>

#include <openssl/x509.h>

enum tls_key_kind { TLS_KEY_EC, TLS_KEY_RSA };

struct tls_cert_wish {
    const char *common_name;  /* NULL: none */
    const char *alternatives; /* as in openssl.cnf, "DNS:a.example,DNS:b.example"; NULL: no such
                                 extension */
    int64_t not_after;        /* 0: in ten years */
    enum tls_key_kind kind;
};

/* The caller frees it. No two have the same serial number. */
X509 *tls_cert_new(const struct tls_cert_wish *wish);

/* The private key of all certificates of this kind, made when first asked for. Borrowed. */
EVP_PKEY *tls_key(enum tls_key_kind kind);

#endif
