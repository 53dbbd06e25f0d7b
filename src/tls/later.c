/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/later.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

typedef EVP_PKEY *(*peer_rpk_fn)(SSL_SESSION *session);
typedef int (*get_purpose_fn)(const X509_VERIFY_PARAM *parameters);

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
