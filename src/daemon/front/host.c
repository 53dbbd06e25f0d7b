/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/host.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

/* IPv6 stands in brackets. */
static bool is_address(const char *host)
{
    struct in6_addr six;
    struct in_addr four;
    char inner[INET6_ADDRSTRLEN];
    const size_t len = strlen(host);

    if (host[0] != '[')
        return inet_pton(AF_INET, host, &four) == 1;
    if (host[len - 1] != ']' || len - 2 >= sizeof inner)
        return false;
    memcpy(inner, host + 1, len - 2);
    inner[len - 2] = '\0';
    return inet_pton(AF_INET6, inner, &six) == 1;
}

bool stek_host_is_ours(const char *host, const char *own)
{
    return host == NULL || is_address(host) || strcasecmp(host, "localhost") == 0 ||
           (own[0] != '\0' && strcasecmp(host, own) == 0);
}
