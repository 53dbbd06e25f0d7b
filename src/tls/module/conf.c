/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/module/conf.h"

#include "tls/module/say.h"

#include <stdio.h>
#include <string.h>

static const char *value_or_default(const CONF *conf, const char *section, const char *name,
                                    const char *standard)
{
    const char *value = NULL;
    const STACK_OF(CONF_VALUE) *values = NCONF_get_section(conf, section);

    for (int i = 0; i < sk_CONF_VALUE_num(values); i++)
        if (strcmp(sk_CONF_VALUE_value(values, i)->name, name) == 0)
            value = sk_CONF_VALUE_value(values, i)->value;
    return value != NULL ? value : standard;
}

const char *stek_conf_instead(bool required)
{
    return required ? "no tickets are given" : "going on with OpenSSL's own keys";
}

bool stek_conf_is_required(const CONF *conf, const char *section)
{
    return strcmp(value_or_default(conf, section, "required", "no"), "yes") == 0;
}

static void complain(const CONF *conf, const char *section, const char *name, const char *value,
                     const char *allowed)
{
    stek_say("stek: openssl configuration: section '%s': %s = %s: allowed: %s; %s\n", section, name,
             value, allowed, stek_conf_instead(stek_conf_is_required(conf, section)));
}

/* Reads the section. `path` is libcrypto's own: where this module is. */
static bool read_section(const CONF *conf, const char *section, struct stek_settings *ret_settings)
{
    const STACK_OF(CONF_VALUE) *values = NCONF_get_section(conf, section);
    struct stek_settings read;

    stek_settings_init(&read);
    for (int i = 0; i < sk_CONF_VALUE_num(values); i++) {
        const CONF_VALUE *value = sk_CONF_VALUE_value(values, i);
        const char *allowed = strcmp(value->name, "path") == 0
                                  ? NULL
                                  : stek_settings_set(&read, value->name, value->value);
        if (allowed != NULL) {
            complain(conf, section, value->name, value->value, allowed);
            return false;
        }
    }
    *ret_settings = read;
    return true;
}

/* Each value is in range; together they may still be too many keys. */
static bool check_policy(const CONF *conf, const char *section, const struct stek_policy *policy)
{
    const char *problem = stek_policy_problem(policy);
    char value[96];

    if (problem == NULL)
        return true;
    (void)snprintf(value, sizeof value, "%s with accept = %s and ahead = %s",
                   value_or_default(conf, section, "rotate", "1h"),
                   value_or_default(conf, section, "accept", "its default"),
                   value_or_default(conf, section, "ahead", "2"));
    complain(conf, section, "rotate", value, problem);
    return false;
}

bool stek_conf_read(const CONF *conf, const char *section, struct stek_settings *ret_settings)
{
    struct stek_settings read;

    if (!read_section(conf, section, &read) || !check_policy(conf, section, &read.policy))
        return false;
    *ret_settings = read;
    return true;
}
