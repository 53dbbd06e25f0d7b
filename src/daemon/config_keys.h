/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of each section, and how their values are read. Pure. */
#ifndef STEK_DAEMON_CONFIG_KEYS_H
#define STEK_DAEMON_CONFIG_KEYS_H

#include "daemon/config.h"

/* A setting's name and, in words, what it may be. Tables end with a NULL name. */
struct stek_config_key {
    const char *name;
    const char *allowed;
};

extern const struct stek_config_key stek_config_daemon_keys[]; /* of [stekd] */
extern const struct stek_config_key stek_config_ring_keys[];   /* of [ring NAME] */

/* Set one by its place in the table. Returns false, with nothing changed, for a value that is not allowed. */
bool stek_config_set_daemon(struct stek_config *config, size_t key, const char *value);
bool stek_config_set_ring(struct stek_config_ring *ring, size_t key, const char *value);

#endif
