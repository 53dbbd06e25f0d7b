/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd says over HTTP: metrics, whether it is well, and what the status page shows. */
#ifndef STEK_DAEMON_PAGES_H
#define STEK_DAEMON_PAGES_H

#include "daemon/daemon.h"

/* The pages of this stekd, which they borrow. */
struct stek_http_pages stekd_pages(struct stekd *daemon);

#endif
