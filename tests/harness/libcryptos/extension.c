/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A library with a libcrypto of its own inside, like a Python extension. It is built against
 * libcryptos of several versions and needs no headers of theirs.
 */
#include <stddef.h>
#include <stdint.h>

enum { LOAD_CONFIG = 0x40, FULL_VERSION = 0 };

extern int OPENSSL_init_crypto(uint64_t options, const void *settings);
extern const char *OpenSSL_version(int type);

int extension_load_config(void);
const char *extension_version(void);

int extension_load_config(void)
{
    return OPENSSL_init_crypto(LOAD_CONFIG, NULL);
}

const char *extension_version(void)
{
    return OpenSSL_version(FULL_VERSION);
}
