/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unit_request.h"

#include "cli/systemctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool stek_unit_request_take(const char *command, int argc, char **argv,
                            struct stek_unit_request *request)
{
    if (strcmp(request->cnf.root, "/") == 0)
        request->cnf.root = "";
    if (optind + 1 != argc) {
        (void)fprintf(stderr, "stek %s: give one UNIT, such as nginx\n", command);
        return false;
    }
    if (!stek_unit_files_find(argv[optind], &request->files)) {
        (void)fprintf(stderr, "stek %s: '%s' %s\n", command, argv[optind],
                      stek_unit_name_problem(argv[optind]));
        return false;
    }
    return true;
}

void stek_unit_request_follow_alias(struct stek_unit_request *request)
{
    const struct stek_unit_files asked = request->files;

    if (request->cnf.root[0] != '\0')
        return;
    stek_unit_follow_alias(&request->files);
    if (strcmp(asked.unit, request->files.unit) != 0)
        (void)printf("%s is another name of %s.\n", asked.unit, request->files.unit);
}

bool stek_unit_request_may_write(const struct stek_unit_request *request)
{
    char place[STEK_CNF_PATH_LEN];

    (void)snprintf(place, sizeof place, "%s%s", request->cnf.root, request->files.drop_in);
    if (stek_unit_drop_in_is_ours(place))
        return true;
    (void)fprintf(stderr,
                  "stek %s: %s was not made by 'stek enable': it stays as it is; give it another "
                  "name first\n",
                  request->cnf.command, place);
    return false;
}

void stek_unit_request_say_error(const struct stek_unit_request *request, const char *path)
{
    const int error = errno;

    (void)fprintf(stderr, "stek %s: %s: %s%s\n", request->cnf.command, path, strerror(error),
                  error == EACCES || error == EPERM ? ": run it as root" : "");
}

void stek_unit_request_print_restart(const struct stek_unit_request *request)
{
    const char *unit = request->files.unit;

    if (stek_unit_is_template(unit))
        (void)printf("Now: systemctl restart '%.*s*.service'\n",
                     (int)(strchr(unit, '@') - unit + 1), unit);
    else
        (void)printf("Now: systemctl restart %s\n", unit);
}

void stek_unit_request_reload(const struct stek_unit_request *request)
{
    static char program[] = "systemctl";
    static char argument[] = "daemon-reload";
    char *const arguments[] = {program, argument, NULL};

    if (request->cnf.root[0] != '\0' || access("/run/systemd/system", F_OK) != 0)
        return;
    if (!stek_systemctl(arguments, NULL, 0))
        (void)fprintf(stderr, "stek %s: 'systemctl daemon-reload' failed: run it yourself\n",
                      request->cnf.command);
}
