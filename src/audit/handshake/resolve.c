/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/resolve.h"

#include "audit/handshake/child.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the child says. */
struct reply {
    int error; /* of getaddrinfo() */
    struct stek_audit_addresses addresses;
};

static void look_up(const char *host, uint16_t port, int flags, struct reply *ret_reply)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *found = NULL;
    struct stek_audit_addresses *out = &ret_reply->addresses;
    char service[8];

    (void)snprintf(service, sizeof service, "%u", (unsigned)port);
    ret_reply->error = getaddrinfo(host, service, &hints, &found);
    if (ret_reply->error != 0)
        return;
    for (const struct addrinfo *at = found; at != NULL && out->len < STEK_AUDIT_ADDRESSES_MAX;
         at = at->ai_next) {
        if (at->ai_addrlen > sizeof out->items->bytes)
            continue;
        memcpy(&out->items[out->len].bytes, at->ai_addr, at->ai_addrlen);
        out->items[out->len++].len = at->ai_addrlen;
    }
    freeaddrinfo(found);
}

/* In a child process. Returns false when it did not answer in time. */
static bool look_up_apart(const char *host, uint16_t port, int64_t deadline_ms,
                          const struct stek_audit_stop *stop, struct reply *ret_reply)
{
    struct stek_audit_child child;

    if (!stek_audit_child_start(&child))
        return false;
    if (child.pid == 0) {
        struct reply reply = {0};
        look_up(host, port, 0, &reply);
        (void)!write(child.to, &reply, sizeof reply); /* at most PIPE_BUF: whole, or not at all */
        _exit(0);
    }
    const bool whole =
        stek_audit_child_read(&child, ret_reply, sizeof *ret_reply, deadline_ms, stop);
    stek_audit_child_end(&child);
    return whole;
}

bool stek_audit_resolve(const char *host, uint16_t port, int64_t deadline_ms,
                        const struct stek_audit_stop *stop,
                        struct stek_audit_addresses *ret_addresses, char *ret_problem,
                        size_t problem_len)
{
    struct reply reply = {0};

    look_up(host, port, AI_NUMERICHOST, &reply);
    if (reply.error == EAI_NONAME) {
        reply = (struct reply){0};
        if (!look_up_apart(host, port, deadline_ms, stop, &reply)) {
            (void)snprintf(ret_problem, problem_len, "the name was not resolved in time");
            return false;
        }
    }
    if (reply.error != 0) {
        (void)snprintf(ret_problem, problem_len, "%s", gai_strerror(reply.error));
        return false;
    }
    *ret_addresses = reply.addresses;
    return true;
}
