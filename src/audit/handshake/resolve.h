/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a name, with a deadline and a stop: getaddrinfo() knows neither. */
#ifndef STEK_AUDIT_RESOLVE_H
#define STEK_AUDIT_RESOLVE_H

#include "audit/handshake/net.h"

#include <sys/socket.h>

enum { STEK_AUDIT_ADDRESSES_MAX = 8 };

struct stek_audit_address {
    struct sockaddr_storage bytes;
    socklen_t len;
};

struct stek_audit_addresses {
    struct stek_audit_address items[STEK_AUDIT_ADDRESSES_MAX];
    size_t len;
};

/*
 * Looks up `host`, an address or a name. A name is looked up by a child process, which is killed at
 * the deadline and when stopped. Returns false with the reason in `ret_problem`. Not thread-safe.
 */
bool stek_audit_resolve(const char *host, uint16_t port, int64_t deadline_ms,
                        const struct stek_audit_stop *stop,
                        struct stek_audit_addresses *ret_addresses, char *ret_problem,
                        size_t problem_len);

#endif
