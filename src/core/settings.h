/* SPDX-License-Identifier: Apache-2.0 */
/* The settings of a ring as a configuration gives them: names, values, and what is allowed. Pure.
 */
#ifndef STEK_CORE_SETTINGS_H
#define STEK_CORE_SETTINGS_H

#include "stek.h"

#include <stdbool.h>
#include <stddef.h>

enum { STEK_LABEL_MAX = 255, STEK_RING_PATH_MAX = 1023 };

/* AUTO: with a ring from a file, which is the operator's word. */
enum stek_override { STEK_OVERRIDE_AUTO, STEK_OVERRIDE_YES, STEK_OVERRIDE_NO };

struct stek_settings {
    char ring[STEK_RING_PATH_MAX + 1]; /* a ring file's path or a ring's name; empty: private */
    struct stek_policy policy;         /* 0: not given, the default */
    enum stek_override override;       /* whether stek's keys win over the program's own */
    char context[STEK_LABEL_MAX + 1];  /* empty: auto */
    bool same_configuration;           /* verified_peers = same-configuration */
    bool any_id_context;               /* session_id_context = ring */
    bool any_name;                     /* names = any */
    enum stek_early_data early_data;
    bool required; /* no tickets rather than OpenSSL's own keys */
};

/* What the settings of a policy may be, in words. */
#define STEK_ALLOWED_INTERVAL "a duration from 1s to 7d (90s, 15m, 1h, 7d)"
#define STEK_ALLOWED_AHEAD "a whole number from 1 to 16"
#define STEK_ALLOWED_SESSION_AGE "a duration from 1s to 30d (90s, 15m, 1h, 7d)"

/* A setting's name and, in words, what it may be. */
struct stek_setting_info {
    const char *name;
    const char *allowed;
    const char *standard; /* the default, as one would write it */
};

/* All settings, ended by a NULL name. */
const struct stek_setting_info *stek_settings_all(void);

/* Defaults: policy of zeros, override and context auto. */
void stek_settings_init(struct stek_settings *settings);

/*
 * Sets one. Returns NULL, or what is allowed instead: for an unknown name the names that there are.
 * Nothing is changed then. The text is static.
 */
const char *stek_settings_set(struct stek_settings *settings, const char *name, const char *value);

#endif
