/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/names.h"

#include <openssl/x509v3.h>

static bool add_asn1(struct stek_nameset *names, enum stek_name_kind kind,
                     const ASN1_STRING *string)
{
    return stek_nameset_add(names, (uint8_t)kind, ASN1_STRING_get0_data(string),
                            (size_t)ASN1_STRING_length(string));
}

/* An alternative of a kind that has no rule of its own. */
static bool add_other(struct stek_nameset *names, const GENERAL_NAME *name)
{
    unsigned char *der = NULL;
    const int len = i2d_GENERAL_NAME((GENERAL_NAME *)(uintptr_t)name, &der);
    const bool ok = len > 0 && stek_nameset_add(names, STEK_NAME_OTHER, der, (size_t)len);

    OPENSSL_free(der);
    return ok;
}

static bool add_alternative(struct stek_nameset *names, const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_DNS:
        return add_asn1(names, STEK_NAME_DNS, name->d.dNSName);
    case GEN_IPADD:
        return add_asn1(names, STEK_NAME_IP, name->d.iPAddress);
    case GEN_URI:
        return add_asn1(names, STEK_NAME_URI, name->d.uniformResourceIdentifier);
    case GEN_EMAIL:
        return add_asn1(names, STEK_NAME_EMAIL, name->d.rfc822Name);
    default:
        return add_other(names, name);
    }
}

/* Those that cannot be read count for nothing: the certificate then has a common name or none. */
static bool add_alternatives(struct stek_nameset *names, const X509 *cert, bool *ret_found)
{
    GENERAL_NAMES *alternatives = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool ok = true;

    for (int i = 0; ok && i < sk_GENERAL_NAME_num(alternatives); i++)
        ok = add_alternative(names, sk_GENERAL_NAME_value(alternatives, i));
    *ret_found = sk_GENERAL_NAME_num(alternatives) > 0;
    GENERAL_NAMES_free(alternatives);
    return ok;
}

/* The certificate's last, most specific, common name. */
static bool add_common_name(struct stek_nameset *names, const X509 *cert, bool *ret_found)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    unsigned char *utf8 = NULL;
    int last = -1;

    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
        last = at;
    *ret_found = last >= 0;
    if (last < 0)
        return true;
    const int len =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
    *ret_found = len > 0;
    const bool ok = len <= 0 || stek_nameset_add(names, STEK_NAME_DNS, utf8, (size_t)len);
    OPENSSL_free(utf8);
    return ok;
}

static bool add_public_key(struct stek_nameset *names, const X509 *cert)
{
    unsigned char *der = NULL;
    const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    const bool ok = len > 0 && stek_nameset_add(names, STEK_NAME_PUBLIC_KEY, der, (size_t)len);

    OPENSSL_free(der);
    return ok;
}

static bool add_certificate(struct stek_nameset *names, const X509 *cert)
{
    bool found;

    if (cert == NULL)
        return true;
    if (!add_alternatives(names, cert, &found))
        return false;
    if (!found && !add_common_name(names, cert, &found))
        return false;
    return found || add_public_key(names, cert);
}

/* All certificates of the SSL: one for each type of key. */
bool stek_names_of(SSL_CTX *ctx, struct stek_nameset *names)
{
    SSL *ssl = SSL_new(ctx);
    bool ok;

    if (ssl == NULL)
        ssl = stek_ossl_new_for_certs(ctx);
    ok = ssl != NULL;

    for (long more = ok ? SSL_set_current_cert(ssl, SSL_CERT_SET_FIRST) : 0; ok && more == 1;
         more = SSL_set_current_cert(ssl, SSL_CERT_SET_NEXT))
        ok = add_certificate(names, SSL_get_certificate(ssl));
    SSL_free(ssl);
    return ok;
}

/* The SSL_CTX has no current one where a key came last that is for no certificate of it. */
bool stek_names_of_only(SSL_CTX *ctx, struct stek_nameset *names)
{
    const X509 *cert = SSL_CTX_get0_certificate(ctx);

    return cert != NULL ? add_certificate(names, cert) : stek_names_of(ctx, names);
}

static bool add_alternatives_as_they_stand(struct stek_nameset *names, const X509 *cert, int at)
{
    const ASN1_STRING *value = X509_EXTENSION_get_data(X509_get_ext(cert, at));

    return add_asn1(names, STEK_NAME_ALTERNATIVES, value);
}

static bool add_subject(struct stek_nameset *names, const X509 *cert)
{
    const unsigned char *der;
    size_t len;

    return X509_NAME_get0_der(X509_get_subject_name(cert), &der, &len) == 1 &&
           stek_nameset_add(names, STEK_NAME_SUBJECT, der, len);
}

bool stek_names_as_they_stand(SSL_CTX *ctx, struct stek_nameset *names)
{
    const X509 *cert = SSL_CTX_get0_certificate(ctx);

    if (cert == NULL)
        return true;
    const int at = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
    if (at >= 0)
        return add_alternatives_as_they_stand(names, cert, at);
    return X509_NAME_entry_count(X509_get_subject_name(cert)) > 0 ? add_subject(names, cert)
                                                                  : add_public_key(names, cert);
}
