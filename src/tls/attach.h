/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STEK_TLS_ATTACH_H
#define STEK_TLS_ATTACH_H

#include "stek.h"

#include "tls/ossl.h"

/*
 * stek_attach() for an SSL_CTX that SSL_CTX_new(3) is just making. stek then sees all certificates
 * that it is given, and need not make an SSL to read them. Errors: as there.
 */
STEK_MUST_USE enum stek_result stek_attach_new(SSL_CTX *ctx, struct stek_ring *ring,
                                               const struct stek_attach_options *options);

#endif
