/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/module/caller.h"

#include <string.h>

/* Where the functions that this module uses were found. */
struct origins {
    struct stek_loaded libcrypto; /* the caller's */
    struct stek_loaded libssl;    /* of the first function of libssl */
    bool has_libssl;
    bool own;   /* the function that reads the caller's structure is the caller's */
    bool mixed; /* some function is in neither */
};

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static bool is_libssl_name(const char *name)
{
    return begins(name, "SSL_") || begins(name, "TLS_") || begins(name, "DTLS_") ||
           begins(name, "OPENSSL_init_ssl") || strstr(name, "_SSL_SESSION") != NULL;
}

/* OpenSSL's names begin in upper case but for these two kinds; libc's never do. */
static bool is_openssl_name(const char *name)
{
    return (name[0] >= 'A' && name[0] <= 'Z') || begins(name, "d2i_") || begins(name, "i2d_");
}

static void note_import(const char *name, uintptr_t address, void *arg)
{
    struct origins *origins = arg;
    const bool is_libssl = is_libssl_name(name);

    if (!is_openssl_name(name))
        return;
    if (is_libssl && !origins->has_libssl)
        origins->has_libssl = stek_loaded_find(address, &origins->libssl);
    if (!stek_loaded_holds(is_libssl ? &origins->libssl : &origins->libcrypto, address))
        origins->mixed = true;
    else if (strcmp(name, "CONF_imodule_get_value") == 0)
        origins->own = true;
}

enum stek_caller stek_caller_judge(const void *return_address, struct stek_loaded *ret_libssl)
{
    struct origins origins = {.own = false};
    struct stek_loaded module;

    if (!stek_loaded_find((uintptr_t)return_address, &origins.libcrypto) ||
        !stek_loaded_find((uintptr_t)stek_caller_judge, &module))
        return STEK_CALLER_FOREIGN;
    stek_loaded_each_import(&module, note_import, &origins);
    if (!origins.own)
        return STEK_CALLER_FOREIGN;
    if (origins.mixed || !origins.has_libssl)
        return STEK_CALLER_MIXED;
    *ret_libssl = origins.libssl;
    return STEK_CALLER_OWN;
}
