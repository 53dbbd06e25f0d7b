/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/advice.h"
#include "daemon/check.h"
#include "daemon/connect.h"
#include "daemon/daemon.h"
#include "daemon/system/log.h"

int main(int argc, char **argv)
{
    struct stek_options options;
    struct stek_config config;
    struct stek_config_problem problem;
    int code;

    if (!stek_options_read(argc, argv, &options, &code))
        return code;
    if (!stek_config_load(options.config, &config, &problem)) {
        stek_log(STEK_LOG_ERROR, "%s", problem.text);
        return STEKD_EXIT_USAGE;
    }
    stekd_advise(&config);
    if (options.check_config) {
        code = stekd_check(&options, &config);
        if (code == STEKD_EXIT_FINE && options.connect)
            code = stekd_connect(&options, &config);
        stek_config_fini(&config);
        return code;
    }
    return stekd_run(&options, &config);
}
