/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration of `stek feed`. What is refused is refused in one line. */
#include "driver/fuzz.h"

#include "feed/config.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stek_feed_configs configs;
    struct stek_feed_problem problem = {.text = ""};
    const bool taken =
        stek_feed_config_parse(&configs, "a.conf", (const char *)data, size, &problem);

    FUZZ_MUST(taken == (problem.text[0] == '\0'));
    FUZZ_MUST(strnlen(problem.text, sizeof problem.text) < sizeof problem.text);
    FUZZ_MUST(taken || strncmp(problem.text, "a.conf:", 7) == 0);
    FUZZ_MUST(configs.count <= STEK_FEEDS_MAX);
    for (size_t i = 0; taken && i < configs.count; i++) {
        const struct stek_feed_config *config = &configs.at[i];
        FUZZ_MUST(stek_ring_name_is_valid(config->name) && stek_ring_name_is_valid(config->ring));
        FUZZ_MUST(config->layout != NULL && config->room >= 1 && config->room <= 64);
        FUZZ_MUST((config->file[0] == '/') != (config->directory[0] == '/'));
    }
    return 0;
}
