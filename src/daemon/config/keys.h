/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of each section, and how their values are read. Pure. */
#ifndef STEK_DAEMON_CONFIG_KEYS_H
#define STEK_DAEMON_CONFIG_KEYS_H

#include "daemon/config/config.h"

/* A setting's name and, in words, what it may be. Tables end with a NULL name. */
struct stek_config_key {
    const char *name;
    const char *allowed;
};

extern const struct stek_config_key stek_config_daemon_keys[]; /* of [stekd] */
extern const struct stek_config_key stek_config_ring_keys[];   /* of [ring NAME] */
extern const struct stek_config_key stek_config_fleet_keys[];  /* of [fleet] */

/* Set one by its place in the table. Returns false, with nothing changed, for a value that is not
 * allowed. */
bool stek_config_set_daemon(struct stek_config *config, size_t key, const char *value);
bool stek_config_set_ring(struct stek_config_ring *ring, size_t key, const char *value);
bool stek_config_set_fleet(struct stek_config_fleet *fleet, size_t key, const char *value);

/* What is wrong with a whole [fleet], or with a ring's place in it: NULL, or a static text. */
const char *stek_config_fleet_problem(const struct stek_config_fleet *fleet);
const char *stek_config_source_problem(const struct stek_config *config,
                                       const struct stek_config_ring *ring);

/* An absolute path, copied. */
bool stek_config_set_path(char setting[STEK_CONFIG_PATH_LEN], const char *value);

#endif
