/* SPDX-License-Identifier: Apache-2.0 */
/* Ciphers that libssl would not seal tickets with as they are: it wants a last block of padding. */
#ifndef BROKEN_SERVER_FAULT_CIPHER_H
#define BROKEN_SERVER_FAULT_CIPHER_H

#include <openssl/types.h>

/* Pads to 16 bytes, then encrypts with `inner`, a stream cipher; NULL: not at all. One at a time in
 * a process. */
const EVP_CIPHER *fault_padded_stream(const EVP_CIPHER *inner);

#endif
