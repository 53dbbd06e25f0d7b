/* SPDX-License-Identifier: Apache-2.0 */
#include "core/settings.h"

#include "core/duration.h"
#include "core/policy.h"
#include "core/ringname.h"

#include <string.h>

static const struct stek_setting_info all[] = {
    {"ring",
     "private, a ring name (1 to 64 of A-Z a-z 0-9 . _ -), or the absolute path of a ring file",
     "private"},
    {"rotate", STEK_ALLOWED_INTERVAL, "1h"},
    {"accept", STEK_ALLOWED_INTERVAL, "12h"},
    {"ahead", STEK_ALLOWED_AHEAD, "2"},
    {"max_session_age", STEK_ALLOWED_SESSION_AGE, "24h"},
    {"context", "auto, or 1 to 255 printable ASCII characters", "auto"},
    {"override", "auto, yes or no", "auto"},
    {"verified_peers", "as-openssl or same-configuration", "as-openssl"},
    {"session_id_context", "program or ring", "program"},
    {"names", "same or any", "same"},
    {"early_data", "once, as-is or never", "once"},
    {"required", "yes or no", "no"},
    {NULL, NULL, NULL},
};

static const char names[] =
    "the settings ring, rotate, accept, ahead, max_session_age, context, override, "
    "verified_peers, session_id_context, names, early_data and required";

const struct stek_setting_info *stek_settings_all(void)
{
    return all;
}

void stek_settings_init(struct stek_settings *settings)
{
    *settings = (struct stek_settings){.override = STEK_OVERRIDE_AUTO};
}

static bool set_duration(const char *value, int64_t max_s, int64_t *setting)
{
    int64_t seconds;

    if (!stek_duration_parse(value, &seconds) || seconds < 1 || seconds > max_s)
        return false;
    *setting = seconds;
    return true;
}

static bool set_ahead(const char *value, uint32_t *setting)
{
    int64_t number;

    if (!stek_number_parse(value, &number) || number < 1 || number > STEK_AHEAD_MAX)
        return false;
    *setting = (uint32_t)number;
    return true;
}

static bool set_context(const char *value, char setting[STEK_LABEL_MAX + 1])
{
    const size_t len = strlen(value);

    if (len == 0 || len > STEK_LABEL_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (value[i] < ' ' || value[i] > '~')
            return false;
    memset(setting, 0, STEK_LABEL_MAX + 1);
    if (strcmp(value, "auto") != 0)
        memcpy(setting, value, len);
    return true;
}

/* A ring in a configuration cannot be called `private`. */
static bool set_ring(const char *value, char setting[STEK_RING_PATH_MAX + 1])
{
    const size_t len = strlen(value);

    if (len > STEK_RING_PATH_MAX || (value[0] != '/' && !stek_ring_name_is_valid(value)))
        return false;
    memset(setting, 0, STEK_RING_PATH_MAX + 1);
    if (strcmp(value, "private") != 0)
        memcpy(setting, value, len);
    return true;
}

/* One of two words. */
static bool set_choice(const char *value, const char *no, const char *yes, bool *setting)
{
    if (strcmp(value, no) != 0 && strcmp(value, yes) != 0)
        return false;
    *setting = strcmp(value, yes) == 0;
    return true;
}

/* One of three words; sets its place. */
static bool find_word(const char *value, const char *const words[3], unsigned *ret_place)
{
    for (unsigned i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            *ret_place = i;
            return true;
        }
    return false;
}

static bool set_override(const char *value, enum stek_override *setting)
{
    static const char *const words[] = {"auto", "yes", "no"};
    unsigned place;

    if (!find_word(value, words, &place))
        return false;
    *setting = (enum stek_override)place;
    return true;
}

static bool set_early_data(const char *value, enum stek_early_data *setting)
{
    static const char *const words[] = {"once", "as-is", "never"};
    unsigned place;

    if (!find_word(value, words, &place))
        return false;
    *setting = (enum stek_early_data)place;
    return true;
}

static bool set_known(struct stek_settings *settings, const char *name, const char *value)
{
    if (strcmp(name, "rotate") == 0)
        return set_duration(value, STEK_ROTATE_MAX_S, &settings->policy.rotate_s);
    if (strcmp(name, "accept") == 0)
        return set_duration(value, STEK_ACCEPT_MAX_S, &settings->policy.accept_s);
    if (strcmp(name, "max_session_age") == 0)
        return set_duration(value, STEK_MAX_SESSION_AGE_MAX_S, &settings->policy.max_session_age_s);
    if (strcmp(name, "ahead") == 0)
        return set_ahead(value, &settings->policy.ahead);
    if (strcmp(name, "context") == 0)
        return set_context(value, settings->context);
    if (strcmp(name, "override") == 0)
        return set_override(value, &settings->override);
    if (strcmp(name, "verified_peers") == 0)
        return set_choice(value, "as-openssl", "same-configuration", &settings->same_configuration);
    if (strcmp(name, "session_id_context") == 0)
        return set_choice(value, "program", "ring", &settings->any_id_context);
    if (strcmp(name, "names") == 0)
        return set_choice(value, "same", "any", &settings->any_name);
    if (strcmp(name, "early_data") == 0)
        return set_early_data(value, &settings->early_data);
    if (strcmp(name, "required") == 0)
        return set_choice(value, "no", "yes", &settings->required);
    return set_ring(value, settings->ring);
}

const char *stek_settings_set(struct stek_settings *settings, const char *name, const char *value)
{
    for (const struct stek_setting_info *info = all; info->name != NULL; info++)
        if (strcmp(info->name, name) == 0)
            return set_known(settings, name, value) ? NULL : info->allowed;
    return names;
}
