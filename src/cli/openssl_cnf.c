/* SPDX-License-Identifier: Apache-2.0 */
/* stek openssl-cnf: a complete configuration file that includes the system's own and composes with
 * it. */
#include "cli/arguments.h"
#include "cli/cnf_file.h"
#include "cli/command.h"

#include "core/settings.h"

#include <getopt.h>

enum { OPTION_NAME_MAX = 32 };

/* Settings have underscores in their names, and long options have hyphens. */
static const char *option_name(const char *setting, char ret_name[OPTION_NAME_MAX])
{
    size_t len = 0;

    for (; len < OPTION_NAME_MAX - 1 && setting[len] != '\0'; len++)
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

/* One option for each setting, and two more. */
static void fill_arguments(struct stek_cnf *cnf, struct stek_argument *arguments)
{
    static char names[STEK_CNF_SETTINGS_MAX][OPTION_NAME_MAX]; /* the table points to them */
    const struct stek_setting_info *info = stek_settings_all();
    int count = 0;

    for (; info[count].name != NULL; count++)
        arguments[count] = (struct stek_argument){option_name(info[count].name, names[count]), 0,
                                                  NULL, &cnf->value[count]};
    arguments[count++] = (struct stek_argument){"module", 0, NULL, &cnf->module};
    arguments[count++] = (struct stek_argument){"system", 0, NULL, &cnf->system};
    arguments[count] = (struct stek_argument){.name = NULL};
}

int stek_command_openssl_cnf(int argc, char **argv)
{
    static struct stek_cnf cnf;
    struct stek_argument arguments[STEK_CNF_SETTINGS_MAX + 3];
    int code;

    stek_cnf_init(&cnf, "openssl-cnf");
    fill_arguments(&cnf, arguments);
    if (!stek_arguments_read("openssl-cnf", argc, argv, arguments, print_help, &code))
        return code;
    if (optind < argc) {
        (void)fprintf(stderr, "stek openssl-cnf: '%s' is not an option: try --help\n",
                      argv[optind]);
        return STEK_EXIT_USAGE;
    }
    if (!stek_cnf_check_settings(&cnf))
        return STEK_EXIT_USAGE;
    if (!stek_cnf_check(&cnf))
        return STEK_EXIT_FAILED;
    stek_cnf_print(&cnf, stdout);
    return STEK_EXIT_FINE;
}
