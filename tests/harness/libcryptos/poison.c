/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A libcrypto that stek was never built for, reduced to what it does to a module: it loads the
 * module and calls it with structures of its own. Any look at them is a crash.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

typedef int init_fn(void *module, const void *conf);

int call_module(const char *path);

int call_module(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    init_fn *init = library != NULL ? (init_fn *)dlsym(library, "OPENSSL_init") : NULL;

    /* The sum keeps the compiler from leaving by a jump. */
    return init != NULL ? 1 + init((void *)(uintptr_t)8, (const void *)(uintptr_t)8) : 0;
}
