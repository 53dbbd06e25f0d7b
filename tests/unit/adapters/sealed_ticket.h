/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets as OpenSSL lays them out, opened and sealed by libcrypto under a ring's key. */
#ifndef TESTS_UNIT_SEALED_TICKET_H
#define TESTS_UNIT_SEALED_TICKET_H

#include "stek.h"

#include <stdbool.h>

enum { SEALED_TICKET_MAX = 8192 };

struct sealed_ticket {
    size_t len;
    unsigned char at[SEALED_TICKET_MAX];
};

/* The ticket of a client's session; there must be one. */
struct sealed_ticket sealed_ticket_of(const SSL_SESSION *session);

/* Opens it with the key of its name; the state in *ret_state. False: it does not open. */
bool sealed_ticket_open(const struct sealed_ticket *ticket, struct stek_label *label,
                        struct sealed_ticket *ret_state);

/* Seals a state under the current key. */
struct sealed_ticket sealed_ticket_seal(const struct sealed_ticket *state,
                                        struct stek_label *label);

/* The session with another ticket of the same length in its place; the caller frees it. */
SSL_SESSION *sealed_ticket_put(SSL_SESSION *session, const struct sealed_ticket *ticket);

#endif
