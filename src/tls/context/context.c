/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/context.h"

#include "tls/context/nameset.h"

#include <openssl/x509v3.h>

#include <string.h>

bool stek_context_label(const char *label, struct stek_context *ret_context)
{
    struct stek_context context = {0};

    if (label == NULL) {
        *ret_context = context;
        return true;
    }
    for (; label[context.len] != '\0'; context.len++) {
        if (context.len == STEK_CONTEXT_MAX || label[context.len] < ' ' || label[context.len] > '~')
            return false;
        context.bytes[context.len] = (uint8_t)label[context.len];
    }
    if (context.len == 0)
        return false;
    *ret_context = context;
    return true;
}

static bool add_asn1(struct stek_nameset *names, const ASN1_STRING *string)
{
    return stek_nameset_add(names, ASN1_STRING_get0_data(string),
                            (size_t)ASN1_STRING_length(string), true);
}

/* Adds the certificate's DNS names; *ret_found tells whether there were any. */
static bool add_dns_names(struct stek_nameset *names, const X509 *cert, bool *ret_found)
{
    GENERAL_NAMES *alternatives = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool ok = true;

    *ret_found = false;
    for (int i = 0; ok && i < sk_GENERAL_NAME_num(alternatives); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(alternatives, i);
        if (name->type != GEN_DNS)
            continue;
        *ret_found = true;
        ok = add_asn1(names, name->d.dNSName);
    }
    GENERAL_NAMES_free(alternatives);
    return ok;
}

/* Adds the certificate's last, most specific, common name if it has one. */
static bool add_common_name(struct stek_nameset *names, const X509 *cert)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int last = -1;

    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
        last = at;
    return last < 0 ||
           add_asn1(names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last)));
}

static bool add_certificate(struct stek_nameset *names, const X509 *cert)
{
    bool found;

    return cert == NULL ||
           (add_dns_names(names, cert, &found) && (found || add_common_name(names, cert)));
}

/* All certificates of the SSL: one for each type of key. */
static bool add_certificates(struct stek_nameset *names, SSL *ssl)
{
    bool ok = true;

    for (long more = SSL_set_current_cert(ssl, SSL_CERT_SET_FIRST); ok && more == 1;
         more = SSL_set_current_cert(ssl, SSL_CERT_SET_NEXT))
        ok = add_certificate(names, SSL_get_certificate(ssl));
    return ok;
}

static bool add_client_cas(struct stek_nameset *names, const SSL_CTX *ctx)
{
    const STACK_OF(X509_NAME) *list = SSL_CTX_get_client_CA_list(ctx);
    bool ok = true;

    if (sk_X509_NAME_num(list) <= 0)
        list = SSL_CTX_get0_CA_list(ctx);
    for (int i = 0; ok && i < sk_X509_NAME_num(list); i++) {
        const unsigned char *der;
        size_t len;
        ok = X509_NAME_get0_der(sk_X509_NAME_value(list, i), &der, &len) == 1 &&
             stek_nameset_add(names, der, len, false);
    }
    return ok;
}

/* SHA-256("stek auto v1" 00, DNS names, u32 verify mode, client-CA names). */
static bool hash_all(struct stek_nameset *dns, int verify_mode, struct stek_nameset *cas,
                     struct stek_context *ret_context)
{
    static const char version[] = "stek auto v1";
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned int len = 0;
    bool ok = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
              EVP_DigestUpdate(hash, version, sizeof version) == 1 &&
              stek_nameset_hash(dns, hash) && stek_hash_u32(hash, (size_t)verify_mode) &&
              stek_nameset_hash(cas, hash) &&
              EVP_DigestFinal_ex(hash, ret_context->bytes, &len) == 1;

    ret_context->len = len;
    EVP_MD_CTX_free(hash);
    return ok;
}

enum stek_result stek_context_auto(SSL_CTX *ctx, struct stek_context *ret_context)
{
    struct stek_nameset dns = {0, NULL};
    struct stek_nameset cas = {0, NULL};
    struct stek_context context = {0};
    SSL *ssl = SSL_new(ctx);
    bool ok = ssl != NULL && add_certificates(&dns, ssl) && add_client_cas(&cas, ctx) &&
              hash_all(&dns, SSL_CTX_get_verify_mode(ctx), &cas, &context);

    SSL_free(ssl);
    stek_nameset_fini(&dns);
    stek_nameset_fini(&cas);
    if (!ok)
        return STEK_ERR_CRYPTO;
    *ret_context = context;
    return STEK_OK;
}
