/* SPDX-License-Identifier: Apache-2.0 */
#include "tls_certs.h"

#include "tls_clock.h"
#include "unit.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

enum { DAY_S = 86400, TEN_YEARS_S = 3650 * DAY_S, RSA_BITS = 2048 };

EVP_PKEY *tls_key(enum tls_key_kind kind)
{
    static EVP_PKEY *keys[2];

    if (keys[kind] == NULL)
        keys[kind] = kind == TLS_KEY_EC ? EVP_EC_gen("P-256") : EVP_RSA_gen(RSA_BITS);
    assert_non_null(keys[kind]);
    return keys[kind];
}

static void set_alternatives(X509 *cert, const char *alternatives)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternatives);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void set_validity(X509 *cert, int64_t not_after)
{
    const int64_t now = tls_clock_now();

    assert_non_null(ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)(now - DAY_S)));
    assert_non_null(ASN1_TIME_set(X509_getm_notAfter(cert),
                                  (time_t)(not_after != 0 ? not_after : now + TEN_YEARS_S)));
}

X509 *tls_cert_new(const struct tls_cert_wish *wish)
{
    static long serial;
    X509 *cert = X509_new();

    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial), 1);
    set_validity(cert, wish->not_after);
    if (wish->common_name != NULL)
        assert_int_equal(
            X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                       (const unsigned char *)wish->common_name, -1, -1, 0),
            1);
    if (wish->alternatives != NULL)
        set_alternatives(cert, wish->alternatives);
    assert_int_equal(X509_set_issuer_name(cert, X509_get_subject_name(cert)), 1);
    assert_int_equal(X509_set_pubkey(cert, tls_key(wish->kind)), 1);
    assert_int_not_equal(X509_sign(cert, tls_key(wish->kind), EVP_sha256()), 0);
    return cert;
}
