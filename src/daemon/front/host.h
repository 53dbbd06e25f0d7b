/* SPDX-License-Identifier: Apache-2.0 */
/*
 * By which names the status page may be asked for.
 *
 * The attacker has a web page that an administrator's browser shows, and a name whose address he
 * changes to that of this host afterwards (DNS rebinding): to the browser both are the same site,
 * so his page could read ours. His request still carries his name. Pure.
 */
#ifndef STEK_DAEMON_HOST_H
#define STEK_DAEMON_HOST_H

#include <stdbool.h>

/*
 * Whether `host` (of a request, without its port) is an address, localhost, or this host's own
 * name. NULL is fine: every browser sends one. RFC 9110 section 7.2.
 */
bool stek_host_is_ours(const char *host, const char *own);

#endif
