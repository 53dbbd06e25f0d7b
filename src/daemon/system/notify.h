/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells systemd how stekd is: sd_notify(3)'s protocol, one datagram to the socket that
 * $NOTIFY_SOCKET names. Without libsystemd, which would bring five libraries more into the process
 * that makes keys; sd_notify(3) describes the protocol as stable and meant to be implemented by
 * others.
 */
#ifndef STEK_DAEMON_NOTIFY_H
#define STEK_DAEMON_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

struct stek_notify {
    int fd; /* -1: nobody wants to know */
    struct sockaddr_un address;
    socklen_t len;
    int64_t watchdog_ms; /* how often to say WATCHDOG=1; 0: never */
};

/* Reads the environment. If anything is wrong with it, there are no notifications. */
void stek_notify_open(struct stek_notify *ret_notify);
void stek_notify_close(struct stek_notify *notify);

/* Sends assignments such as "READY=1", with newlines between. Never waits. */
void stek_notify_send(const struct stek_notify *notify, const char *state);

/* Says RELOADING=1 with the time that systemd wants with it; READY=1 ends it. */
void stek_notify_reloading(const struct stek_notify *notify);

#endif
