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
               "       stek feed wipe [--all] [--config FILE] [--state-dir DIR]\n"
               "Keeps the keys of servers that cannot load stek in step with a ring, in the\n"
               "foreground. Each server is a section [feed NAME] of the configuration.\n\n"
               "  status           show whether each server has the keys\n"
               "  wipe             overwrite and remove the keys that feeds left behind when they\n"
               "                   left the configuration: no server may read them any more\n\n"
               "  --config FILE    the configuration (default: " STEK_FEED_CONFIG_FILE ")\n"
               "  --check-config   check the configuration and exit\n"
               "  --state-dir DIR  where it says how it is (default: " STEK_FEED_STATE_DIR ")\n"
               "  --json           status: print JSON\n"
               "  --all            wipe: the keys of all feeds, after the service has stopped\n"
               "  --help           show this help\n\n"
               "A key that is handed over lies in a file, and in the memory of a server that\n"
               "does not destroy it: what stek promises about its own memory ends there.\n\n"
               "On SIGHUP it reads the configuration again. On SIGTERM it stops, and the servers\n"
               "keep what they have.\n\n"
               "Example:\n"
               "  stek feed --check-config && systemctl enable --now stek-feed\n"
               "  systemctl reload stek-feed && stek feed wipe     # a feed less\n\n"
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

/* Which options belong to which word. NULL, or what is wrong. */
static const char *misplaced(const char *word, bool check, bool json, bool all)
{
    const bool serves = word[0] == '\0';

    if (json && strcmp(word, "status") != 0)
        return "--json is for 'stek feed status'";
    if (all && strcmp(word, "wipe") != 0)
        return "--all is for 'stek feed wipe'";
    return check && !serves ? "--check-config is for 'stek feed' itself" : NULL;
}

static int act(const char *word, const struct stek_feed_options *options, bool json, bool all)
{
    return strcmp(word, "status") == 0 ? stek_feed_status(options->state_dir, json)
                                       : stek_feed_wipe(options, all);
}

int stek_command_feed(int argc, char **argv)
{
    struct stek_feed_options options = {STEK_FEED_CONFIG_FILE, stek_rundir(), STEK_FEED_STATE_DIR};
    bool check = false, json = false, all = false;
    const struct stek_argument arguments[] = {{"config", 0, NULL, &options.config},
                                              {"state-dir", 0, NULL, &options.state_dir},
                                              {"check-config", 0, &check, NULL},
                                              {"json", 0, &json, NULL},
                                              {"all", 0, &all, NULL},
                                              {.name = NULL}};
    int code;

    if (!stek_arguments_read("feed", argc, argv, arguments, print_help, &code))
        return code;
    const char *word = optind < argc ? argv[optind] : "";
    const bool known = strcmp(word, "status") == 0 || strcmp(word, "wipe") == 0;
    if (optind + known < argc) {
        (void)fprintf(stderr, "stek feed: '%s' is %s: try --help\n", argv[optind + known],
                      known ? "one word too many" : "not 'status' or 'wipe'");
        return STEK_EXIT_USAGE;
    }
    const char *problem = misplaced(word, check, json, all);
    if (problem != NULL) {
        (void)fprintf(stderr, "stek feed: %s\n", problem);
        return STEK_EXIT_USAGE;
    }
    return known ? act(word, &options, json, all) : serve(&options, check);
}
