/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/parameters.h"

#include "crypto/libctx.h"
#include "tls/context/nameset.h"
#include "tls/later.h"

#include <openssl/x509_vfy.h>

#include <string.h>

enum { ABSENT = -1, DIGEST_LEN = 32, CERTIFICATE = 1, CRL = 2 };

bool stek_hash_u64(EVP_MD_CTX *hash, uint64_t number)
{
    return stek_hash_u32(hash, (size_t)(number >> 32)) && stek_hash_u32(hash, (size_t)number);
}

bool stek_hash_text(EVP_MD_CTX *hash, const char *text)
{
    if (text == NULL)
        return stek_hash_u32(hash, (size_t)ABSENT);
    return stek_hash_u32(hash, strlen(text)) && EVP_DigestUpdate(hash, text, strlen(text)) == 1;
}

static bool hash_hosts(EVP_MD_CTX *hash, X509_VERIFY_PARAM *parameters)
{
    bool ok = true;
    const char *host;

    for (int i = 0; ok && (host = X509_VERIFY_PARAM_get0_host(parameters, i)) != NULL; i++)
        ok = stek_hash_text(hash, host);
    return ok && stek_hash_text(hash, NULL);
}

static bool hash_address(EVP_MD_CTX *hash, X509_VERIFY_PARAM *parameters)
{
    char *address = X509_VERIFY_PARAM_get1_ip_asc(parameters);
    const bool ok = stek_hash_text(hash, address);

    OPENSSL_free(address);
    return ok;
}

/* The time counts only where it takes the clock's place: elsewhere it is when it was asked for. */
static uint64_t fixed_time(X509_VERIFY_PARAM *parameters)
{
    return (X509_VERIFY_PARAM_get_flags(parameters) & X509_V_FLAG_USE_CHECK_TIME) != 0
               ? (uint64_t)X509_VERIFY_PARAM_get_time(parameters)
               : 0;
}

bool stek_hash_parameters(EVP_MD_CTX *hash, X509_VERIFY_PARAM *parameters)
{
    return stek_hash_text(hash, X509_VERIFY_PARAM_get0_name(parameters)) &&
           stek_hash_u64(hash, X509_VERIFY_PARAM_get_flags(parameters)) &&
           stek_hash_u32(hash, X509_VERIFY_PARAM_get_inh_flags(parameters)) &&
           stek_hash_u32(hash, (size_t)X509_VERIFY_PARAM_get_depth(parameters)) &&
           stek_hash_u32(hash, (size_t)X509_VERIFY_PARAM_get_auth_level(parameters)) &&
           stek_hash_u32(hash, (size_t)stek_later_param_purpose(parameters)) &&
           stek_hash_u64(hash, fixed_time(parameters)) &&
           stek_hash_u32(hash, X509_VERIFY_PARAM_get_hostflags(parameters)) &&
           hash_hosts(hash, parameters) &&
           stek_hash_text(hash, X509_VERIFY_PARAM_get0_email(parameters)) &&
           hash_address(hash, parameters);
}

static bool add_object(struct stek_nameset *set, const X509_OBJECT *object)
{
    uint8_t digest[DIGEST_LEN];
    unsigned int len = 0;
    const X509 *cert = X509_OBJECT_get0_X509(object);
    const X509_CRL *crl = X509_OBJECT_get0_X509_CRL((X509_OBJECT *)(uintptr_t)object);

    if (cert != NULL)
        return X509_digest(cert, stek_libctx_sha256(), digest, &len) == 1 &&
               stek_nameset_add(set, CERTIFICATE, digest, len);
    if (crl != NULL)
        return X509_CRL_digest(crl, stek_libctx_sha256(), digest, &len) == 1 &&
               stek_nameset_add(set, CRL, digest, len);
    return true;
}

static bool add_objects(struct stek_nameset *set, X509_STORE *store)
{
    bool ok = X509_STORE_lock(store) == 1;

    if (!ok)
        return false;
    const STACK_OF(X509_OBJECT) *objects = stek_ossl_store_objects(store);
    for (int i = 0; ok && i < sk_X509_OBJECT_num(objects); i++)
        ok = add_object(set, sk_X509_OBJECT_value(objects, i));
    return X509_STORE_unlock(store) == 1 && ok;
}

bool stek_hash_store(EVP_MD_CTX *hash, X509_STORE *store)
{
    struct stek_nameset objects = {0};

    if (store == NULL)
        return stek_hash_u32(hash, (size_t)ABSENT);
    const bool ok = stek_hash_u32(hash, 0) &&
                    stek_hash_parameters(hash, X509_STORE_get0_param(store)) &&
                    add_objects(&objects, store) && stek_nameset_hash(&objects, hash);
    stek_nameset_fini(&objects);
    return ok;
}
