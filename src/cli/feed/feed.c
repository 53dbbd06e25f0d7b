/* SPDX-License-Identifier: Apache-2.0 */
/* stek feed: keeps the keys of other servers in step with a ring, in the foreground. */
#include "cli/feed/feed.h"

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/rundir.h"

#include "feed/service.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static void print_help(void)
{
    (void)puts("Usage: stek feed [--config FILE] [--state-dir DIR] [--check-config]\n"
               "       stek feed status [--state-dir DIR] [--json]\n"
               "Keeps the keys of servers that cannot load stek in step with a ring, in the\n"
               "foreground. Each server is a section [feed NAME] of the configuration.\n\n"
               "  status           show whether each server has the keys\n\n"
               "  --config FILE    the configuration (default: " STEK_FEED_CONFIG_FILE ")\n"
               "  --check-config   check the configuration and exit\n"
               "  --state-dir DIR  where it says how it is (default: " STEK_FEED_STATE_DIR ")\n"
               "  --json           status: print JSON\n"
               "  --help           show this help\n\n"
               "A key that is handed over lies in a file, and in the memory of a server that\n"
               "does not destroy it: what stek promises about its own memory ends there.\n\n"
               "On SIGHUP it reads the configuration again. On SIGTERM it stops, and the servers\n"
               "keep what they have.\n\n"
               "Example:\n"
               "  stek feed --check-config && systemctl enable --now stek-feed\n\n"
               "Exit codes: 0 fine, 1 failed, 2 usage or configuration; of status also\n"
               "3 a server does not have the keys, 4 stek feed does not run. See stek-feed(8).");
}

static int serve(const struct stek_feed_options *options, bool only_check)
{
    static struct stek_feed_configs configs;
    struct stek_feed_problem problem;

    if (!stek_feed_config_load(options->config, &configs, &problem)) {
        (void)fprintf(stderr, "stek feed: %s\n", problem.text);
        return STEK_EXIT_USAGE;
    }
    if (only_check)
        return STEK_EXIT_FINE;
    return stek_feed_serve(options, &configs) ? STEK_EXIT_FINE : STEK_EXIT_FAILED;
}

int stek_command_feed(int argc, char **argv)
{
    struct stek_feed_options options = {STEK_FEED_CONFIG_FILE, stek_rundir(), STEK_FEED_STATE_DIR};
    bool check = false, json = false;
    const struct stek_argument arguments[] = {{"config", 0, NULL, &options.config},
                                              {"state-dir", 0, NULL, &options.state_dir},
                                              {"check-config", 0, &check, NULL},
                                              {"json", 0, &json, NULL},
                                              {.name = NULL}};
    int code;

    if (!stek_arguments_read("feed", argc, argv, arguments, print_help, &code))
        return code;
    const bool status = optind < argc && strcmp(argv[optind], "status") == 0;
    if (optind + status < argc) {
        (void)fprintf(stderr, "stek feed: '%s' is not 'status': try --help\n",
                      argv[optind + status]);
        return STEK_EXIT_USAGE;
    }
    if (status)
        return stek_feed_status(options.state_dir, json);
    if (json) {
        (void)fprintf(stderr, "stek feed: --json is for 'stek feed status'\n");
        return STEK_EXIT_USAGE;
    }
    return serve(&options, check);
}
