/* SPDX-License-Identifier: Apache-2.0 */
/* The ticket keys of broken-server and how it seals with them. */
#ifndef BROKEN_SERVER_FAULT_KEYS_H
#define BROKEN_SERVER_FAULT_KEYS_H

#include "faults.h"

#include <stddef.h>
#include <stdint.h>

struct fault_keys {
    uint8_t name[16], aes[32], mac[32];
};

/* Keys number `which` (0 or 1) of this server. */
struct fault_keys fault_keys(const struct server_options *options, int which);

/* Sets the ticket key callback of `ctx`. */
bool fault_seal_tickets(SSL_CTX *ctx, const struct server_options *options);

#endif
