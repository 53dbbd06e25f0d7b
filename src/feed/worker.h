/* SPDX-License-Identifier: Apache-2.0 */
/* The process of one feed: it follows a ring, and hands its keys over. A server that hangs hangs no
 * other feed. */
#ifndef STEK_FEED_WORKER_H
#define STEK_FEED_WORKER_H

#include "feed/report.h"

/* Runs until it is killed. Reports go to `reports_fd`, each in one write. */
_Noreturn void stek_feed_work(const struct stek_feed_config *config, size_t feed,
                              const char *run_dir, int reports_fd);

#endif
