/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/later.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

typedef EVP_PKEY *(*peer_rpk_fn)(SSL_SESSION *session);
typedef int (*get_purpose_fn)(const X509_VERIFY_PARAM *parameters);
typedef void *(*libctx_fn)(const CONF *conf);
typedef void (*diagnostics_fn)(void *libctx, int value);

static peer_rpk_fn peer_rpk;
static get_purpose_fn get_purpose;

/* In the libraries that this code is bound to, by the same order. ISO C has no cast from an object
 * to a function. */
static void find(void)
{
    const void *rpk = dlsym(RTLD_DEFAULT, "SSL_SESSION_get0_peer_rpk");
    const void *purpose = dlsym(RTLD_DEFAULT, "X509_VERIFY_PARAM_get_purpose");

    memcpy(&peer_rpk, &rpk, sizeof peer_rpk);
    memcpy(&get_purpose, &purpose, sizeof get_purpose);
}

void stek_later_find(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, find);
}

bool stek_later_session_has_raw_key(const SSL_SESSION *session)
{
    stek_later_find();
    return peer_rpk != NULL && peer_rpk((SSL_SESSION *)(uintptr_t)session) != NULL;
}

int stek_later_param_purpose(const X509_VERIFY_PARAM *parameters)
{
    stek_later_find();
    return get_purpose != NULL ? get_purpose(parameters) : 0;
}

void stek_later_be_strict(const CONF *conf)
{
    const void *found_libctx = dlsym(RTLD_DEFAULT, "NCONF_get0_libctx");
    const void *found_diagnostics = dlsym(RTLD_DEFAULT, "OSSL_LIB_CTX_set_conf_diagnostics");
    libctx_fn libctx_of;
    diagnostics_fn set_diagnostics;

    memcpy(&libctx_of, &found_libctx, sizeof libctx_of);
    memcpy(&set_diagnostics, &found_diagnostics, sizeof set_diagnostics);
    if (libctx_of != NULL && set_diagnostics != NULL)
        set_diagnostics(libctx_of(conf), 1);
}
