/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider to be called "fips": the algorithms of the built-in one, under fips=yes and no other
 * property. Debian has no FIPS provider. What the variable FIPS_LIKE_LACKS names is left out.
 */
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>

#include <stdlib.h>
#include <string.h>

enum { OPERATIONS = 32, ALGORITHMS = 256 };

static OSSL_PROVIDER *builtin;

static int lacks(const char *names)
{
    const char *missing = getenv("FIPS_LIKE_LACKS");

    return missing != NULL && strncmp(names, missing, strlen(missing)) == 0;
}

static const OSSL_ALGORITHM *query(void *context, int operation, int *no_cache)
{
    static OSSL_ALGORITHM all[OPERATIONS][ALGORITHMS];
    const OSSL_ALGORITHM *one = OSSL_PROVIDER_query_operation(builtin, operation, no_cache);
    size_t count = 0;

    (void)context;
    for (; one != NULL && one->algorithm_names != NULL && count + 1 < ALGORITHMS; one++)
        if (!lacks(one->algorithm_names)) {
            all[operation][count] = *one;
            all[operation][count++].property_definition = "provider=fips,fips=yes";
        }
    return all[operation];
}

static int capabilities(void *context, const char *what, OSSL_CALLBACK *each, void *arg)
{
    (void)context;
    return OSSL_PROVIDER_get_capabilities(builtin, what, each, arg);
}

static const OSSL_DISPATCH functions[] = {
    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query},
    {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (void (*)(void))capabilities},
    {0, NULL}};

int OSSL_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                       const OSSL_DISPATCH **out, void **context)
{
    (void)handle, (void)in;
    builtin = OSSL_PROVIDER_load(OSSL_LIB_CTX_new(), "default");
    if (builtin == NULL)
        return 0;
    *out = functions;
    *context = OSSL_PROVIDER_get0_provider_ctx(builtin);
    return 1;
}
