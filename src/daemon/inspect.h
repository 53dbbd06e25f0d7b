/* SPDX-License-Identifier: Apache-2.0 */
/* Answers the control socket's "inspect". */
#ifndef STEK_DAEMON_INSPECT_H
#define STEK_DAEMON_INSPECT_H

#include "daemon/front/request.h"
#include "daemon/rings.h"

/* The answer, which is the caller's; NULL: no memory. */
json_t *stek_daemon_inspect(const struct stek_rings *rings, const struct stek_kept *kept,
                            const struct stek_request *request, int64_t now);

#endif
