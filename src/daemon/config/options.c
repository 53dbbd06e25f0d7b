/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/options.h"

#include "stek.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum {
    OPTION_CONFIG = 256,
    OPTION_RUN_DIR,
    OPTION_STATE_DIR,
    OPTION_ALLOW_DISK,
    OPTION_CHECK,
    OPTION_CONNECT,
    OPTION_NO_SANDBOX,
    OPTION_FLEET_LIBRARY,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option known[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"run-dir", required_argument, NULL, OPTION_RUN_DIR},
    {"state-dir", required_argument, NULL, OPTION_STATE_DIR},
    {"allow-disk", no_argument, NULL, OPTION_ALLOW_DISK},
    {"check-config", no_argument, NULL, OPTION_CHECK},
    {"connect", no_argument, NULL, OPTION_CONNECT},
    {"no-sandbox", no_argument, NULL, OPTION_NO_SANDBOX},
    {"fleet-library", required_argument, NULL, OPTION_FLEET_LIBRARY},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static void print_help(void)
{
    (void)puts(
        "Usage: stekd [OPTION]...\n"
        "Keeps the session ticket keys of a host's services, in the foreground.\n\n"
        "  --config FILE    the configuration (default: " STEK_CONFIG_FILE ");\n"
        "                   conf.d/*.conf beside it are read as well\n"
        "  --run-dir DIR    where ring files and socket are (default: " STEK_RUN_DIR ")\n"
        "  --state-dir DIR  where its history is (default: state of [fleet], else\n"
        "                   " STEK_STATE_DIR ")\n"
        "  --check-config   check the configuration and exit\n"
        "  --connect        with --check-config: also try the fleet's endpoints and keys\n"
        "  --allow-disk     keep keys on a file system that may write them to a disk\n"
        "  --no-sandbox     no system call filter; debuggers may attach\n"
        "  --fleet-library FILE  where stek-fleet.so is, which [fleet] needs\n"
        "  --help           show this help\n"
        "  --version        show the version\n\n"
        "On SIGHUP it reads the configuration again. On SIGTERM it stops; its rings stay.\n\n"
        "Example:\n"
        "  stekd --check-config && systemctl reload stekd\n\n"
        "Exit codes: 0 fine, 1 failed, 2 usage or configuration.\n"
        "See stekd(8), stekd.conf(5).");
}

static int take_option(int option, struct stek_options *options)
{
    switch (option) {
    case OPTION_CONFIG:
        options->config = optarg;
        return -1;
    case OPTION_RUN_DIR:
        options->run_dir = optarg;
        return -1;
    case OPTION_STATE_DIR:
        options->state_dir = optarg;
        return -1;
    case OPTION_ALLOW_DISK:
        options->allow_disk = true;
        return -1;
    case OPTION_CHECK:
        options->check_config = true;
        return -1;
    case OPTION_CONNECT:
        options->connect = true;
        return -1;
    case OPTION_NO_SANDBOX:
        options->no_sandbox = true;
        return -1;
    case OPTION_FLEET_LIBRARY:
        options->fleet_library = optarg;
        return -1;
    case OPTION_HELP:
        print_help();
        return STEKD_EXIT_FINE;
    case OPTION_VERSION:
        (void)puts("stekd " STEK_VERSION);
        return STEKD_EXIT_FINE;
    default:
        return STEKD_EXIT_USAGE;
    }
}

/* Says what is wrong with a word, as getopt_long() left it. */
static void refuse(const char *word, int option)
{
    if (option == ':')
        (void)fprintf(stderr, "stekd: %s needs a value: try 'stekd --help'\n", word);
    else if (optopt >= OPTION_CONFIG)
        (void)fprintf(stderr, "stekd: %.*s takes no value: try 'stekd --help'\n",
                      (int)strcspn(word, "="), word);
    else
        (void)fprintf(stderr, "stekd: '%s' is not an option: try 'stekd --help'\n", word);
}

bool stek_options_read(int argc, char **argv, struct stek_options *ret_options, int *ret_code)
{
    struct stek_options options = {
        .config = STEK_CONFIG_FILE, .run_dir = STEK_RUN_DIR, .fleet_library = STEK_FLEET_LIBRARY};
    int option;
    int code = -1;

    opterr = 0;
    while (code < 0 && (option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        if (option == '?' || option == ':')
            refuse(argv[optind - 1], option);
        code = take_option(option, &options);
    }
    if (code < 0 && optind < argc) {
        (void)fprintf(stderr, "stekd: '%s' is not an option: try 'stekd --help'\n", argv[optind]);
        code = STEKD_EXIT_USAGE;
    }
    if (code < 0 && options.connect && !options.check_config) {
        (void)fprintf(stderr, "stekd: --connect is an option of --check-config: give both\n");
        code = STEKD_EXIT_USAGE;
    }
    if (code == STEKD_EXIT_FINE && (fflush(stdout) != 0 || ferror(stdout)))
        code = STEKD_EXIT_FAILED;
    if (code >= 0) {
        *ret_code = code;
        return false;
    }
    *ret_options = options;
    return true;
}
