/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Algorithms that no library offers, since no server should seal tickets with them. OpenSSL 3 and
 * later take them from a provider (fault_provider.c), OpenSSL 1.1.1 as methods (fault_methods.c).
 */
#ifndef BROKEN_SERVER_FAULT_ALGORITHMS_H
#define BROKEN_SERVER_FAULT_ALGORITHMS_H

#include <openssl/evp.h>

enum fault_stream { FAULT_STREAM_CLEAR, FAULT_STREAM_AES_128_CTR, FAULT_STREAM_AES_256_CTR };

/*
 * Pads to 16 bytes, as libssl wants it of a ticket's cipher, then encrypts with a stream cipher or
 * not at all. One at a time in a process. NULL: libcrypto refuses.
 */
const EVP_CIPHER *fault_padded_stream(enum fault_stream inner);

/* A digest of 32 bytes that is the same for every text, so that HMAC is too. NULL: the same. */
const EVP_MD *fault_constant_digest(void);

#endif
