/* SPDX-License-Identifier: Apache-2.0 */
/* `stek feed` as a service: a process for each feed, and one that watches over them, tells systemd
 * and writes how they are. */
#ifndef STEK_FEED_SERVICE_H
#define STEK_FEED_SERVICE_H

#include "feed/config.h"

struct stek_feed_options {
    const char *config;
    const char *run_dir;   /* where the rings are */
    const char *state_dir; /* where it says how it is */
};

/* Runs until SIGTERM or SIGINT; SIGHUP reads the configuration again. Returns whether all went
 * well; what went wrong has been logged. */
bool stek_feed_serve(const struct stek_feed_options *options, struct stek_feed_configs *configs);

#endif
