/* SPDX-License-Identifier: Apache-2.0 */
/* The shared objects of this process, as the dynamic linker has loaded them. */
#ifndef STEK_TLS_MODULE_LOADED_H
#define STEK_TLS_MODULE_LOADED_H

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One object: the program itself, or a library. Borrowed from the dynamic linker, and valid while
 * the object stays loaded. */
struct stek_loaded {
    uintptr_t base;
    const ElfW(Phdr) * headers;
    size_t count;
};

/*
 * Finds the object that holds an address of code or data. False: no object of this link-map
 * namespace (dlmopen(3)) holds it. Thread-safe; takes a lock of the dynamic linker that is never
 * held while foreign code runs.
 */
bool stek_loaded_find(uintptr_t address, struct stek_loaded *ret_object);

/* Whether the object holds the address. */
bool stek_loaded_holds(const struct stek_loaded *object, uintptr_t address);

/* A function that an object takes from elsewhere, and where the dynamic linker has found it. */
typedef void stek_loaded_import_fn(const char *name, uintptr_t address, void *arg);

/* Calls `each` for every function that the object imports. The object has to be linked with -z now:
 * else what was never called counts as the object's own. Thread-safe. */
void stek_loaded_each_import(const struct stek_loaded *object, stek_loaded_import_fn *each,
                             void *arg);

#endif
