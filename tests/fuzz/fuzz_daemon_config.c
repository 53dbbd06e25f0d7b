/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration file of stekd, then the same again as a second file. What is refused is refused
 * in one line. */
#include "driver/fuzz.h"

#include "core/ringname.h"
#include "daemon/config/config.h"

#include <string.h>

static bool parse(struct stek_config *config, const char *file, const uint8_t *data, size_t size)
{
    struct stek_config_problem problem = {.text = ""};
    const bool taken = stek_config_parse(config, file, (const char *)data, size, &problem);

    FUZZ_MUST(taken == (problem.text[0] == '\0'));
    FUZZ_MUST(strnlen(problem.text, sizeof problem.text) < sizeof problem.text);
    FUZZ_MUST(taken || strncmp(problem.text, file, strlen(file)) == 0);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stek_config_problem problem;
    struct stek_config config;

    stek_config_init(&config);
    if (parse(&config, "a.conf", data, size)) {
        const size_t rings = config.ring_count;
        FUZZ_MUST(rings <= STEK_CONFIG_RINGS_MAX && config.listen_count <= STEK_CONFIG_LISTENS_MAX);
        for (size_t i = 0; i < rings; i++)
            FUZZ_MUST(stek_ring_name_is_valid(config.rings[i].name));
        FUZZ_MUST(parse(&config, "b.conf", data, size) && config.ring_count == rings);
        (void)stek_config_check(&config, &problem);
    }
    stek_config_fini(&config);
    return 0;
}
