/* SPDX-License-Identifier: Apache-2.0 */
/* Settings as a configuration file gives them: "name=value" lines. What is taken is in range; the
 * rest changes nothing. */
#include "driver/fuzz.h"

#include "core/policy.h"
#include "core/settings.h"

#include <stdlib.h>
#include <string.h>

static void set_line(struct stek_settings *settings, char *line)
{
    const struct stek_settings before = *settings;
    char *value = strchr(line, '=');

    if (value == NULL)
        return;
    *value++ = '\0';
    if (stek_settings_set(settings, line, value) != NULL)
        FUZZ_MUST(memcmp(&before, settings, sizeof before) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char *rest = NULL;
    struct stek_settings settings;

    FUZZ_MUST(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    stek_settings_init(&settings);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        set_line(&settings, line);
    const struct stek_policy full = stek_policy_resolve(&settings.policy);
    FUZZ_MUST(full.rotate_s >= 1 && full.rotate_s <= STEK_ROTATE_MAX_S &&
              full.ahead <= STEK_AHEAD_MAX);
    FUZZ_MUST(full.accept_s <= STEK_ACCEPT_MAX_S &&
              full.max_session_age_s <= STEK_MAX_SESSION_AGE_MAX_S);
    FUZZ_MUST(strlen(settings.context) <= STEK_LABEL_MAX);
    free(text);
    return 0;
}
