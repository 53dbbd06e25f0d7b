/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/system/notify.h"

#include "core/duration.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Half of what systemd allows between two signs of life, when it is meant for this process. */
static int64_t read_watchdog_ms(void)
{
    const char *limit = getenv("WATCHDOG_USEC");
    const char *meant = getenv("WATCHDOG_PID");
    int64_t number;

    if (limit == NULL ||
        (meant != NULL && (!stek_number_parse(meant, &number) || number != (int64_t)getpid())))
        return 0;
    char *end;
    const long long limit_us = strtoll(limit, &end, 10);
    return *end == '\0' && limit_us >= 2000 ? (int64_t)(limit_us / 2000) : 0;
}

void stek_notify_open(struct stek_notify *ret_notify)
{
    const char *path = getenv("NOTIFY_SOCKET");
    const size_t len = path != NULL ? strlen(path) : 0;

    *ret_notify = (struct stek_notify){.fd = -1, .address = {.sun_family = AF_UNIX}};
    if (len < 2 || len >= sizeof ret_notify->address.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(ret_notify->address.sun_path, path, len);
    if (path[0] == '@') /* a name in the abstract space begins with a zero byte */
        ret_notify->address.sun_path[0] = '\0';
    ret_notify->len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '/' ? 1 : 0));
    ret_notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ret_notify->watchdog_ms = read_watchdog_ms();
}

void stek_notify_close(struct stek_notify *notify)
{
    if (notify->fd >= 0)
        (void)close(notify->fd);
    notify->fd = -1;
}

void stek_notify_send(const struct stek_notify *notify, const char *state)
{
    if (notify->fd >= 0 && sendto(notify->fd, state, strlen(state), MSG_NOSIGNAL,
                                  (const struct sockaddr *)&notify->address, notify->len) < 0)
        return; /* systemd notices silence by itself */
}

void stek_notify_reloading(const struct stek_notify *notify)
{
    char state[80];
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return;
    (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%lld",
                   (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    stek_notify_send(notify, state);
}
