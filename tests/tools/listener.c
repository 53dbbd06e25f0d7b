/* SPDX-License-Identifier: Apache-2.0 */
#include "listener.h"

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>

enum { BACKLOG = 128 };

int listener_open(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int one = 1;
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (const struct sockaddr *)&addr, sizeof addr) != 0 || listen(fd, BACKLOG) != 0)
        return -1; /* the program ends then, and the socket with it */
    return fd;
}
