/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/mark.h"

#include "tls/later.h"

#include <openssl/x509_vfy.h>

#include <string.h>

enum { SIGNATURE_READ = 24 };

uint64_t stek_mark_add(uint64_t mark, uint64_t number)
{
    mark = (mark ^ number) * UINT64_C(0x9e3779b97f4a7c15);
    return mark ^ mark >> 29;
}

uint64_t stek_mark_add_bytes(uint64_t mark, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;

    mark = stek_mark_add(mark, len);
    while (len > 0) {
        uint64_t word = 0;
        const size_t part = len < sizeof word ? len : sizeof word;
        memcpy(&word, at, part);
        mark = stek_mark_add(mark, word);
        at += part;
        len -= part;
    }
    return mark;
}

static uint64_t add_text(uint64_t mark, const char *text)
{
    return text != NULL ? stek_mark_add_bytes(mark, text, strlen(text)) : stek_mark_add(mark, 1);
}

static uint64_t add_hosts(uint64_t mark, X509_VERIFY_PARAM *parameters)
{
    const char *host;

    for (int i = 0; (host = X509_VERIFY_PARAM_get0_host(parameters, i)) != NULL; i++)
        mark = add_text(mark, host);
    return mark;
}

static uint64_t add_address(uint64_t mark, X509_VERIFY_PARAM *parameters)
{
    char *address = X509_VERIFY_PARAM_get1_ip_asc(parameters);

    mark = add_text(mark, address);
    OPENSSL_free(address);
    return mark;
}

uint64_t stek_mark_parameters(X509_VERIFY_PARAM *parameters)
{
    uint64_t mark = add_text(0, X509_VERIFY_PARAM_get0_name(parameters));

    mark = stek_mark_add(mark, X509_VERIFY_PARAM_get_flags(parameters));
    mark = stek_mark_add(mark, X509_VERIFY_PARAM_get_inh_flags(parameters));
    mark = stek_mark_add(mark, (uint64_t)X509_VERIFY_PARAM_get_depth(parameters));
    mark = stek_mark_add(mark, (uint64_t)X509_VERIFY_PARAM_get_auth_level(parameters));
    mark = stek_mark_add(mark, (uint64_t)stek_later_param_purpose(parameters));
    if ((X509_VERIFY_PARAM_get_flags(parameters) & X509_V_FLAG_USE_CHECK_TIME) != 0)
        mark = stek_mark_add(mark, (uint64_t)X509_VERIFY_PARAM_get_time(parameters));
    mark = stek_mark_add(mark, X509_VERIFY_PARAM_get_hostflags(parameters));
    mark = add_hosts(mark, parameters);
    mark = add_text(mark, X509_VERIFY_PARAM_get0_email(parameters));
    return add_address(mark, parameters);
}

/* The beginning of a signature, which is another one on whatever else is signed. */
static uint64_t mark_of_object(const X509_OBJECT *object)
{
    const X509 *cert = X509_OBJECT_get0_X509(object);
    const X509_CRL *crl = X509_OBJECT_get0_X509_CRL((X509_OBJECT *)(uintptr_t)object);
    const ASN1_BIT_STRING *signature = NULL;

    if (cert != NULL)
        X509_get0_signature(&signature, NULL, cert);
    else if (crl != NULL)
        X509_CRL_get0_signature(crl, &signature, NULL);
    if (signature == NULL)
        return 1;
    const int len = ASN1_STRING_length(signature);
    return stek_mark_add_bytes(1, ASN1_STRING_get0_data(signature),
                               (size_t)(len < SIGNATURE_READ ? len : SIGNATURE_READ));
}

/* A store sorts its objects when it is asked for one: so their order must not count. */
static uint64_t sum_of_objects(X509_STORE *store)
{
    uint64_t sum = 0;

    if (X509_STORE_lock(store) != 1)
        return 0;
    const STACK_OF(X509_OBJECT) *objects = stek_ossl_store_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
        sum += mark_of_object(sk_X509_OBJECT_value(objects, i));
    (void)X509_STORE_unlock(store);
    return sum;
}

uint64_t stek_mark_store(X509_STORE *store)
{
    return store == NULL ? 0
                         : stek_mark_add(stek_mark_parameters(X509_STORE_get0_param(store)),
                                         sum_of_objects(store));
}
