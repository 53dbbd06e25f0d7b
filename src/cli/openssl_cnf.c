/* SPDX-License-Identifier: Apache-2.0 */
/* stek openssl-cnf: a complete configuration file that includes the system's own and composes with it. */
#include "cli/command.h"

#include "core/settings.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SETTINGS_MAX = 16, PATH_LEN_MAX = 4096, OPTION_MODULE = 256, OPTION_SYSTEM, OPTION_HELP };

struct request {
    const char *module;
    const char *system;
    const char *value[SETTINGS_MAX]; /* by the setting's place in stek_settings_all(); NULL: not given */
    bool help;
};

/* The sections that programs start from: OpenSSL's own, and Node.js's. */
struct init_sections {
    char openssl[256];
    char nodejs[256];
};

static void print_help(void)
{
    (void)puts("Usage: stek openssl-cnf [OPTION]...\n"
               "Prints a complete OpenSSL configuration that loads stek into a program that nobody changed.\n"
               "It includes the system's own configuration.\n");
    for (const struct stek_setting_info *info = stek_settings_all(); info->name != NULL; info++)
        (void)printf("  --%-14s %s (default %s)\n", info->name, info->allowed, info->standard);
    (void)puts("  --module PATH    the stek.so to load (default: the installed one)\n"
               "  --system FILE    the configuration to include (default: OpenSSL's own)\n"
               "  --help           this text\n\n"
               "Example:\n"
               "  stek openssl-cnf --rotate 30m >/etc/stek-openssl.cnf\n"
               "  OPENSSL_CONF=/etc/stek-openssl.cnf nginx\n\n"
               "The settings are explained in stek-openssl(5).");
}

static void fill_options(struct option *options)
{
    const struct stek_setting_info *info = stek_settings_all();
    int count = 0;

    for (; info[count].name != NULL; count++)
        options[count] = (struct option){info[count].name, required_argument, NULL, count};
    options[count++] = (struct option){"module", required_argument, NULL, OPTION_MODULE};
    options[count++] = (struct option){"system", required_argument, NULL, OPTION_SYSTEM};
    options[count++] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    options[count] = (struct option){NULL, 0, NULL, 0};
}

static bool parse_options(int argc, char **argv, struct request *request)
{
    static char program[] = "stek openssl-cnf";
    struct option options[SETTINGS_MAX + 4];
    int option;

    fill_options(options);
    argv[0] = program; /* for getopt_long, which says by itself what it does not know */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_MODULE)
            request->module = optarg;
        else if (option == OPTION_SYSTEM)
            request->system = optarg;
        else if (option == OPTION_HELP)
            request->help = true;
        else if (option < SETTINGS_MAX)
            request->value[option] = optarg;
        if (option == '?')
            return false;
    }
    if (optind < argc)
        (void)fprintf(stderr, "stek openssl-cnf: '%s' is not an option: try --help\n", argv[optind]);
    return optind >= argc;
}

static bool check_settings(const struct request *request)
{
    const struct stek_setting_info *info = stek_settings_all();
    struct stek_settings settings;

    stek_settings_init(&settings);
    for (int i = 0; info[i].name != NULL; i++) {
        const char *value = request->value[i];
        const char *allowed = value != NULL ? stek_settings_set(&settings, info[i].name, value) : NULL;
        if (allowed != NULL) {
            (void)fprintf(stderr, "stek openssl-cnf: --%s %s: allowed: %s\n", info[i].name, value, allowed);
            return false;
        }
    }
    const char *problem = stek_policy_problem(&settings.policy);
    if (problem != NULL)
        (void)fprintf(stderr, "stek openssl-cnf: --rotate, --accept and --ahead do not go together: %s\n", problem);
    return problem == NULL;
}

/* A path that means the same wherever the program is started, without what the file's syntax would take apart. */
static bool check_path(const char *option, const char *path)
{
    const char *problem = NULL;

    if (path[0] != '/')
        problem = "must be an absolute path";
    else if (strpbrk(path, "\"'\\$#;\n") != NULL)
        problem = "has a character that an OpenSSL configuration cannot hold (quotes, \\ $ # ;)";
    else if (access(path, R_OK) != 0)
        problem = "cannot be read: give the path of a file that is there";
    if (problem != NULL)
        (void)fprintf(stderr, "stek openssl-cnf: %s %s %s\n", option, path, problem);
    return problem == NULL;
}

/* The system's configuration, or "" when the system has none: that is fine, unless it was asked for. */
static bool find_system(const struct request *request, char *path, size_t len)
{
    const char *dir = OPENSSL_info(OPENSSL_INFO_CONFIG_DIR);

    if (request->system != NULL)
        (void)snprintf(path, len, "%s", request->system);
    else
        (void)snprintf(path, len, "%s/openssl.cnf", dir != NULL ? dir : "/etc/ssl");
    if (request->system == NULL && access(path, R_OK) != 0) {
        path[0] = '\0';
        return true;
    }
    return check_path("--system", path);
}

static void copy_name(const CONF *conf, const char *name, const char *otherwise, char *ret_value, size_t len)
{
    const char *value = conf != NULL ? NCONF_get_string(conf, "default", name) : NULL;

    (void)snprintf(ret_value, len, "%s", value != NULL ? value : otherwise);
}

/* Reads which sections the system's file starts from; without one, a section of ours. */
static bool find_init_sections(const char *system, struct init_sections *ret_sections)
{
    CONF *conf = NCONF_new(NULL);
    long line = 0;
    const bool ok = conf != NULL && (system[0] == '\0' || NCONF_load(conf, system, &line) == 1);

    if (!ok)
        (void)fprintf(stderr, "stek openssl-cnf: %s: OpenSSL cannot read it (line %ld)\n", system, line);
    copy_name(conf, "openssl_conf", "stek_init", ret_sections->openssl, sizeof ret_sections->openssl);
    copy_name(conf, "nodejs_conf", ret_sections->openssl, ret_sections->nodejs, sizeof ret_sections->nodejs);
    NCONF_free(conf);
    return ok;
}

/* A value in quotes, where the file's syntax takes nothing apart but quotes and backslashes: labels may hold anything. */
static void print_setting(const char *name, const char *value)
{
    (void)printf("%s = \"", name);
    for (const char *at = value; *at != '\0'; at++)
        (void)printf(*at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    (void)puts("\"");
}

static void print_configuration(const struct request *request, const char *system, const struct init_sections *init)
{
    const struct stek_setting_info *info = stek_settings_all();

    (void)puts("# An OpenSSL configuration that loads stek: stek-openssl(5).\n"
               "# Use it with the environment variable OPENSSL_CONF.");
    if (system[0] != '\0')
        (void)printf(".include %s\n", system);
    (void)printf("\n[default]\nopenssl_conf = %s\nnodejs_conf = %s\n", init->openssl, init->nodejs);
    (void)printf("\n[%s]\nstek = stek_settings\n", init->openssl);
    if (strcmp(init->openssl, init->nodejs) != 0)
        (void)printf("\n[%s]\nstek = stek_settings\n", init->nodejs);
    (void)printf("\n[stek_settings]\npath = %s\n", request->module);
    for (int i = 0; info[i].name != NULL; i++) {
        if (request->value[i] != NULL && (strcmp(info[i].name, "context") == 0 || strcmp(info[i].name, "ring") == 0))
            print_setting(info[i].name, request->value[i]);
        else if (request->value[i] != NULL)
            (void)printf("%s = %s\n", info[i].name, request->value[i]);
        else
            (void)printf("# %s = %s\n", info[i].name, info[i].standard);
    }
}

int stek_command_openssl_cnf(int argc, char **argv)
{
    struct request request = {.module = STEK_MODULE_DIR "/stek.so"};
    struct init_sections init;
    char system[PATH_LEN_MAX];

    if (!parse_options(argc, argv, &request))
        return STEK_EXIT_USAGE;
    if (request.help) {
        print_help();
        return STEK_EXIT_FINE;
    }
    if (!check_settings(&request))
        return STEK_EXIT_USAGE;
    if (!check_path("--module", request.module) || !find_system(&request, system, sizeof system) ||
        !find_init_sections(system, &init))
        return STEK_EXIT_FAILED;
    print_configuration(&request, system, &init);
    return STEK_EXIT_FINE;
}
