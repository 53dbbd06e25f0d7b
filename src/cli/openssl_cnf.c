/* SPDX-License-Identifier: Apache-2.0 */
/* stek openssl-cnf: a complete configuration file that includes the system's own and composes with
 * it. */
#include "cli/cnf_file.h"
#include "cli/command.h"

#include "core/settings.h"

#include <getopt.h>

enum { OPTION_MODULE = 256, OPTION_SYSTEM, OPTION_HELP, OPTION_NAME_MAX = 32 };

/* Settings have underscores in their names, and long options have hyphens. */
static const char *option_name(const char *setting, char ret_name[OPTION_NAME_MAX])
{
    size_t len = 0;

    for (; setting[len] != '\0' && len < OPTION_NAME_MAX - 1; len++)
        ret_name[len] = (char)(setting[len] == '_' ? '-' : setting[len]);
    ret_name[len] = '\0';
    return ret_name;
}

static void print_help(void)
{
    char name[OPTION_NAME_MAX];

    (void)puts("Usage: stek openssl-cnf [OPTION]...\n"
               "Prints a complete OpenSSL configuration that loads stek into an unmodified\n"
               "program. It includes the system's own configuration.\n");
    for (const struct stek_setting_info *info = stek_settings_all(); info->name != NULL; info++)
        (void)printf("  --%-18s %s (default %s)\n", option_name(info->name, name), info->allowed,
                     info->standard);
    (void)puts("  --module PATH        the stek.so to load (default: the installed one)\n"
               "  --system FILE        the configuration to include (default: OpenSSL's own)\n"
               "  --help               show this help\n\n"
               "Example:\n"
               "  stek openssl-cnf --rotate 30m >/etc/stek-openssl.cnf\n"
               "  OPENSSL_CONF=/etc/stek-openssl.cnf nginx\n\n"
               "The settings are explained in stek-openssl(5).");
}

static void fill_options(struct option *options)
{
    static char names[STEK_CNF_SETTINGS_MAX][OPTION_NAME_MAX]; /* the options point to them */
    const struct stek_setting_info *info = stek_settings_all();
    int count = 0;

    for (; info[count].name != NULL; count++)
        options[count] = (struct option){option_name(info[count].name, names[count]),
                                         required_argument, NULL, count};
    options[count++] = (struct option){"module", required_argument, NULL, OPTION_MODULE};
    options[count++] = (struct option){"system", required_argument, NULL, OPTION_SYSTEM};
    options[count++] = (struct option){"help", no_argument, NULL, OPTION_HELP};
    options[count] = (struct option){NULL, 0, NULL, 0};
}

static bool parse_options(int argc, char **argv, struct stek_cnf *cnf, bool *ret_help)
{
    static char program[] = "stek openssl-cnf";
    struct option options[STEK_CNF_SETTINGS_MAX + 4];
    int option;

    fill_options(options);
    argv[0] = program; /* for getopt_long, which says by itself what it does not know */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPTION_MODULE)
            cnf->module = optarg;
        else if (option == OPTION_SYSTEM)
            cnf->system = optarg;
        else if (option == OPTION_HELP)
            *ret_help = true;
        else if (option < STEK_CNF_SETTINGS_MAX)
            cnf->value[option] = optarg;
        if (option == '?')
            return false;
    }
    if (optind < argc)
        (void)fprintf(stderr, "stek openssl-cnf: '%s' is not an option: try --help\n",
                      argv[optind]);
    return optind >= argc;
}

int stek_command_openssl_cnf(int argc, char **argv)
{
    static struct stek_cnf cnf;
    bool help = false;

    stek_cnf_init(&cnf, "openssl-cnf");
    if (!parse_options(argc, argv, &cnf, &help))
        return STEK_EXIT_USAGE;
    if (help) {
        print_help();
        return STEK_EXIT_FINE;
    }
    if (!stek_cnf_check_settings(&cnf))
        return STEK_EXIT_USAGE;
    if (!stek_cnf_check(&cnf))
        return STEK_EXIT_FAILED;
    stek_cnf_print(&cnf, stdout);
    return STEK_EXIT_FINE;
}
