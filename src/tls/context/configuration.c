/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/configuration.h"

#include "crypto/libctx.h"
#include "crypto/quiet.h"
#include "tls/context/codeplace.h"
#include "tls/context/mark.h"
#include "tls/context/names.h"
#include "tls/context/parameters.h"
#include "tls/context/servers.h"

enum { SERVER = 1, DER = 1 };

static bool add_authority_names(struct stek_nameset *set, const STACK_OF(X509_NAME) * list)
{
    bool ok = true;

    for (int i = 0; ok && i < sk_X509_NAME_num(list); i++) {
        const unsigned char *der;
        size_t len;
        ok = X509_NAME_get0_der(sk_X509_NAME_value(list, i), &der, &len) == 1 &&
             stek_nameset_add(set, DER, der, len);
    }
    return ok;
}

static bool hash_authority_names(EVP_MD_CTX *hash, const STACK_OF(X509_NAME) * list)
{
    struct stek_nameset set = {0};
    const bool ok = add_authority_names(&set, list) && stek_nameset_hash(&set, hash);

    stek_nameset_fini(&set);
    return ok;
}

static bool hash_names(EVP_MD_CTX *hash, SSL_CTX *ctx)
{
    struct stek_nameset set = {0};
    const bool ok = stek_names_of(ctx, &set) && stek_nameset_hash(&set, hash);

    stek_nameset_fini(&set);
    return ok;
}

/* The callback itself cannot be read: which code it is can. */
static bool hash_callback(EVP_MD_CTX *hash, const SSL_CTX *ctx)
{
    const SSL_verify_cb callback = SSL_CTX_get_verify_callback(ctx);
    struct stek_code_place place;

    if (callback == NULL)
        return stek_hash_u32(hash, 0);
    return stek_code_place_find((uintptr_t)callback, &place) &&
           stek_hash_u32(hash, place.build_id_len) &&
           EVP_DigestUpdate(hash, place.build_id, place.build_id_len) == 1 &&
           stek_hash_u64(hash, place.offset);
}

static bool hash_server(EVP_MD_CTX *hash, SSL_CTX *ctx)
{
    return EVP_DigestInit_ex(hash, stek_libctx_sha256(), NULL) == 1 && hash_names(hash, ctx) &&
           stek_hash_u32(hash, (size_t)SSL_CTX_get_verify_mode(ctx)) &&
           stek_hash_u32(hash, (size_t)SSL_CTX_get_verify_depth(ctx)) &&
           stek_hash_u32(hash, (size_t)SSL_CTX_get_security_level(ctx)) &&
           stek_hash_parameters(hash, SSL_CTX_get0_param(ctx)) &&
           stek_hash_store(hash, SSL_CTX_get_cert_store(ctx)) &&
           stek_hash_store(hash, stek_ossl_verify_store(ctx)) &&
           hash_authority_names(hash, SSL_CTX_get_client_CA_list(ctx)) &&
           hash_authority_names(hash, SSL_CTX_get0_CA_list(ctx)) && hash_callback(hash, ctx);
}

/* For stek_servers_for_each(): adds the SSL_CTX's digest to a set, so that neither order nor number
 * of alike ones makes a difference: a program that reloads has the old ones for a while. */
static bool add_server(SSL_CTX *ctx, void *arg)
{
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    uint8_t digest[STEK_DIGEST_LEN];
    unsigned int len = 0;
    const bool ok = hash != NULL && hash_server(hash, ctx) &&
                    EVP_DigestFinal_ex(hash, digest, &len) == 1 &&
                    stek_nameset_add(arg, SERVER, digest, len);

    EVP_MD_CTX_free(hash);
    return ok;
}

bool stek_configuration_digest(uint8_t ret_digest[STEK_DIGEST_LEN])
{
    struct stek_nameset servers = {0};
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned int len = 0;
    const bool ok = hash != NULL && stek_servers_for_each(add_server, &servers) &&
                    EVP_DigestInit_ex(hash, stek_libctx_sha256(), NULL) == 1 &&
                    stek_nameset_hash(&servers, hash) &&
                    EVP_DigestFinal_ex(hash, ret_digest, &len) == 1;

    stek_nameset_fini(&servers);
    EVP_MD_CTX_free(hash);
    return ok;
}

static uint64_t add_pointer(uint64_t mark, const void *pointer)
{
    return stek_mark_add(mark, (uint64_t)(uintptr_t)pointer);
}

/* For stek_servers_for_each(). The list has an order, which only changes with its generation. */
static bool mark_server(SSL_CTX *ctx, void *arg)
{
    uint64_t *mark = arg;

    *mark = add_pointer(*mark, SSL_CTX_get0_certificate(ctx));
    *mark = stek_mark_add(*mark, (uint64_t)SSL_CTX_get_verify_mode(ctx));
    *mark = stek_mark_add(*mark, (uint64_t)SSL_CTX_get_security_level(ctx));
    *mark = stek_mark_add(*mark, (uint64_t)(uintptr_t)SSL_CTX_get_verify_callback(ctx));
    *mark = stek_mark_add(*mark, stek_mark_parameters(SSL_CTX_get0_param(ctx)));
    *mark = stek_mark_add(*mark, stek_mark_store(SSL_CTX_get_cert_store(ctx)));
    *mark = stek_mark_add(*mark, stek_mark_store(stek_ossl_verify_store(ctx)));
    *mark = add_pointer(*mark, SSL_CTX_get_client_CA_list(ctx));
    *mark = add_pointer(*mark, SSL_CTX_get0_CA_list(ctx));
    return true;
}

uint64_t stek_configuration_mark(void)
{
    uint64_t mark = stek_servers_generation();
    STEK_QUIET(quiet);

    return stek_servers_for_each(mark_server, &mark) ? mark : 0;
}
