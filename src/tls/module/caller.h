/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which libcrypto is it that calls? A process may hold several: one in a Python extension, one in
 * the program, the system's. All read the same configuration, load this module and call it with
 * structures of their own. The module is linked to one libcrypto, and may touch that one's only.
 *
 * A caller is known by its return address: where the code stands that gets control back. That lies
 * in the caller's libcrypto, whatever its name, version or visibility are, and asking costs no look
 * at the caller's structures.
 */
#ifndef STEK_TLS_MODULE_CALLER_H
#define STEK_TLS_MODULE_CALLER_H

#include "tls/module/loaded.h"

enum stek_caller {
    STEK_CALLER_OWN,     /* the libcrypto that the module is linked to */
    STEK_CALLER_FOREIGN, /* another one: leave everything that it passes alone */
    STEK_CALLER_MIXED    /* the module's functions come from several libraries: as bad */
};

/*
 * Judges who called, by the return address of the function that was called, and finds the libssl
 * that the module is linked to. Where the functions of libcrypto or of libssl that this module uses
 * come from more than one object (a program that exports half of a libcrypto which is linked into
 * it), no structure fits them all. `ret_libssl` is set for STEK_CALLER_OWN only. Thread-safe.
 */
enum stek_caller stek_caller_judge(const void *return_address, struct stek_loaded *ret_libssl);

#endif
