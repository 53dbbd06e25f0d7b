/* SPDX-License-Identifier: Apache-2.0 */
/* How this program verifies its peers, as one digest: `verified_peers = same-configuration`.
 * docs/formats.md has what goes in. */
#ifndef STEK_TLS_CONTEXT_CONFIGURATION_H
#define STEK_TLS_CONTEXT_CONFIGURATION_H

#include "tls/context/context.h"

/*
 * The digest over all living SSL_CTXs that can serve. False: something of it cannot be read, or
 * there is no memory. Thread-safe as reading the SSL_CTXs is.
 */
bool stek_configuration_digest(uint8_t ret_digest[STEK_DIGEST_LEN]);

/* Another number as soon as the digest is another one, or would have to be read anew. Of the names
 * of authorities it only sees that others were set. Thread-safe as above. */
uint64_t stek_configuration_mark(void);

#endif
