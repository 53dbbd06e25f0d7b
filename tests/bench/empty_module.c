/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration module that does nothing: what loading one costs, so that the rest can be told
 * apart. */
#include <openssl/conf.h>
#include <openssl/ssl.h>

int empty_module_init(CONF_IMODULE *module, const CONF *conf) __asm__("OPENSSL_init");
void empty_module_finish(CONF_IMODULE *module) __asm__("OPENSSL_finish");

/* A name of libssl's, so that it is loaded as with a module that has to do with TLS. */
const void *volatile empty_module_needs = (const void *)(uintptr_t)SSL_CTX_free;

int empty_module_init(CONF_IMODULE *module, const CONF *conf)
{
    (void)module, (void)conf;
    return 1;
}

void empty_module_finish(CONF_IMODULE *module)
{
    (void)module;
}
