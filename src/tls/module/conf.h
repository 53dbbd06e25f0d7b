/* SPDX-License-Identifier: Apache-2.0 */
/* The module's section of an OpenSSL configuration. */
#ifndef STEK_TLS_MODULE_CONF_H
#define STEK_TLS_MODULE_CONF_H

#include "core/settings.h"

#include <stdbool.h>

#include <openssl/conf.h>

/* Reads the settings of the section. False after a complaint on standard error. */
bool stek_conf_read(const CONF *conf, const char *section, struct stek_settings *ret_settings);

/* Whether `required` is yes. Read by itself, since it says what happens when the rest is wrong. */
bool stek_conf_is_required(const CONF *conf, const char *section);

/* In words, what happens where there is no ring. Static text. */
const char *stek_conf_instead(bool required);

#endif
