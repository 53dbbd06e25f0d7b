/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stek enable and stek disable: a systemd drop-in that has a unit load the module, and the OpenSSL
 * configuration that it points to. The unit's own files are left alone.
 */
#include "cli/arguments.h"
#include "cli/cnf_file.h"
#include "cli/command.h"
#include "cli/doctor/advise.h"
#include "cli/doctor/module.h"
#include "cli/rundir.h"
#include "cli/unit_checks.h"
#include "cli/unit_files.h"
#include "cli/unit_request.h"

#include "core/settings.h"
#include "ringfile/ringfile.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void print_enable_help(void)
{
    (void)puts("Usage: stek enable UNIT --ring RING [OPTION]...\n"
               "Makes a systemd service share its session ticket keys through a ring. Writes a\n"
               "drop-in that sets OPENSSL_CONF, and the file that it names. Restart the service\n"
               "afterwards.\n\n"
               "  --ring RING      a ring that stekd keeps, or 'private' for keys of its own\n"
               "  --group GROUP    who may read the ring (default: the group of the ring file)\n"
               "  --context LABEL, --override yes|no, --verified-peers HOW,\n"
               "  --session-id-context WHOSE, --names WHICH, --module PATH, --system FILE\n"
               "                   as in 'stek openssl-cnf --help'\n"
               "  --force          also for a ring that does not exist yet\n"
               "  --dry-run        only print what would be written\n"
               "  --root DIR       work on the system below DIR, such as an image\n"
               "  --run-dir DIR    where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help           show this help\n\n"
               "Exit codes: 0 fine, 1 failed, 2 usage.\n\n"
               "Example:\n"
               "  stek enable nginx --ring web && systemctl restart nginx");
}

static void print_disable_help(void)
{
    (void)puts("Usage: stek disable UNIT [--dry-run] [--root DIR]\n"
               "Removes what 'stek enable UNIT' wrote. Restart the service afterwards.\n\n"
               "  --dry-run   only print what would be removed\n"
               "  --root DIR  work on the system below DIR, such as an image\n"
               "  --help      show this help\n\n"
               "Exit codes: 0 fine, 1 failed, 2 usage.\n\n"
               "Example:\n"
               "  stek disable nginx && systemctl restart nginx");
}

/* The place of a setting's value. */
static const char **value_of(struct stek_cnf *cnf, const char *name)
{
    const struct stek_setting_info *info = stek_settings_all();
    int i = 0;

    while (strcmp(info[i].name, name) != 0)
        i++;
    return &cnf->value[i];
}

/* Takes the group of the ring file, unless one is given or it is root's. False: there is no ring.
 */
static bool find_group(struct stek_unit_request *request)
{
    const char *ring = *value_of(&request->cnf, "ring");
    struct stek_ringfile_place place = {.dir_fd = -1};
    const char *problem = NULL;
    struct stat about;

    if (strcmp(ring, "private") == 0)
        return true;
    if (stek_ringfile_find(ring, &place, &problem) != STEK_OK)
        return false;
    char file[STEK_RINGFILE_NAME_LEN];
    stek_ringfile_name(place.ring, file);
    const bool found = fstatat(place.dir_fd, file, &about, AT_SYMLINK_NOFOLLOW) == 0;
    (void)close(place.dir_fd);
    const struct group *group = found ? getgrgid(about.st_gid) : NULL;
    if (request->group == NULL && group != NULL && about.st_gid != 0) {
        (void)snprintf(request->group_found, sizeof request->group_found, "%s", group->gr_name);
        request->group = request->group_found;
    }
    return found;
}

/* A ring that is not there is a typing error here; in an image, or with --force, it will come. */
static bool check_ring(struct stek_unit_request *request)
{
    const char *ring = *value_of(&request->cnf, "ring");

    if (find_group(request))
        return true;
    if (request->cnf.root[0] == '\0' && !request->force) {
        (void)fprintf(stderr,
                      "stek enable: there is no ring %s: 'stek status' lists the rings; --force "
                      "goes on without it\n",
                      ring);
        return false;
    }
    if (request->group == NULL)
        (void)fprintf(stderr,
                      "stek enable: note: ring %s does not exist yet, so its group is unknown: a "
                      "service that does not start as root needs --group GROUP\n",
                      ring);
    return true;
}

/* What would stop the service is refused. */
static bool check_unit(const struct stek_unit_request *request)
{
    const char *unit = request->files.unit;

    if (stek_unit_is_ours(unit))
        (void)fprintf(stderr,
                      "stek enable: %s is a part of stek and loads no module: give a server, such "
                      "as nginx\n",
                      unit);
    else if (request->cnf.root[0] != '\0' && access(request->cnf.root, X_OK) != 0)
        (void)fprintf(stderr, "stek enable: --root %s: %s\n", request->cnf.root, strerror(errno));
    else if (!stek_unit_exists(&request->files, request->cnf.root) && !request->dry_run)
        (void)fprintf(
            stderr,
            "stek enable: there is no unit %s: 'systemctl list-unit-files' lists all units\n",
            unit);
    else if (request->cnf.root[0] == '\0' && stek_unit_is_masked(unit))
        (void)fprintf(stderr,
                      "stek enable: %s is masked, so it never starts: systemctl unmask %s\n", unit,
                      unit);
    else if (request->group != NULL && !stek_group_is_there(request->cnf.root, request->group))
        (void)fprintf(stderr,
                      "stek enable: there is no group %s: with it systemd could not start %s: give "
                      "another --group\n",
                      request->group, unit);
    else
        return request->cnf.root[0] != '\0' || stek_doctor_allows(&request->files);
    return false;
}

/* The folder of the ring, where the service's processes count. */
static void print_ring_folder(const char *ring, FILE *out)
{
    const char *slash = strrchr(ring, '/');

    if (slash == NULL)
        (void)fprintf(out, "ReadWritePaths=-%s\n", stek_rundir());
    else
        (void)fprintf(out, "ReadWritePaths=-%.*s\n", (int)(slash - ring), ring);
}

static void print_drop_in(const struct stek_unit_request *request, FILE *out)
{
    const char *ring = request->cnf.value[0]; /* the first setting */

    (void)fprintf(out, "# Made by 'stek enable'; 'stek disable %s' removes it.\n",
                  request->files.unit);
    if (strcmp(ring, "private") != 0)
        (void)fputs("[Unit]\nWants=stekd.service\nAfter=stekd.service\n\n", out);
    (void)fprintf(out, "[Service]\nEnvironment=OPENSSL_CONF=%s\n", request->files.conf);
    if (request->group != NULL)
        (void)fprintf(out, "SupplementaryGroups=%s\n", request->group);
    /* Ring and derived keys are locked: some 100 KiB for each process, where the limit may be as
     * low as 64. */
    (void)fputs("LimitMEMLOCK=64M\n", out);
    /* A minus: it may be missing. Neither is written where it is not needed, since each gives the
     * service a view of its own of all mounts. */
    if (request->limits.read_only && strcmp(ring, "private") != 0)
        print_ring_folder(ring, out);
    if (request->limits.no_exec)
        (void)fprintf(out, "ExecPaths=-%s\n", request->cnf.module);
}

static void print_conf(const struct stek_unit_request *request, FILE *out)
{
    stek_cnf_print(&request->cnf, out);
}

static bool write_or_print(const struct stek_unit_request *request, const char *path,
                           void (*print)(const struct stek_unit_request *request, FILE *out))
{
    char place[STEK_CNF_PATH_LEN];

    if (request->dry_run) {
        (void)printf("# %s\n", path);
        print(request, stdout);
        (void)puts("");
        return true;
    }
    (void)snprintf(place, sizeof place, "%s%s", request->cnf.root, path);
    FILE *out = stek_unit_file_begin(place);
    if (out != NULL) {
        print(request, out);
        if (stek_unit_file_end(out, place))
            return true;
    }
    stek_unit_request_say_error(request, place);
    return false;
}

/* What some services need beside the drop-in. */
static void print_notes(const struct stek_unit_request *request)
{
    const char *unit = request->files.unit;

    if (strncmp(unit, "nginx", 5) == 0)
        (void)puts(
            "To keep the keys over a binary upgrade (USR2), add to nginx.conf: env OPENSSL_CONF;");
    if (strncmp(unit, "dovecot", 7) == 0)
        (void)puts("Dovecot clears its environment. Add to /etc/dovecot/local.conf:\n"
                   "  import_environment = $import_environment OPENSSL_CONF");
    if (strncmp(unit, "postfix", 7) == 0)
        (void)puts("Postfix clears its environment. Type:\n"
                   "  postconf -e \"import_environment=$(postconf -h import_environment) "
                   "OPENSSL_CONF\"");
    stek_unit_request_print_restart(request);
}

static int enable(struct stek_unit_request *request)
{
    stek_unit_request_follow_alias(request);
    if (!check_unit(request) || !stek_unit_request_may_write(request) ||
        !stek_cnf_check(&request->cnf) || !check_ring(request))
        return STEK_EXIT_FAILED;
    if (request->cnf.root[0] == '\0' &&
        !stek_module_check_user(request->files.unit, request->cnf.module))
        return STEK_EXIT_FAILED;
    if (request->cnf.root[0] == '\0')
        stek_unit_limits_ask(request->files.unit, &request->limits);
    if (!write_or_print(request, request->files.conf, print_conf) ||
        !write_or_print(request, request->files.drop_in, print_drop_in))
        return STEK_EXIT_FAILED;
    if (request->dry_run)
        return STEK_EXIT_FINE;
    (void)printf("Wrote %s%s and %s%s.\n", request->cnf.root, request->files.drop_in,
                 request->cnf.root, request->files.conf);
    stek_unit_request_reload(request);
    if (request->cnf.root[0] == '\0') {
        stek_module_print_owner(request->files.unit, request->cnf.module);
        stek_doctor_advise(&request->files);
    }
    print_notes(request);
    return STEK_EXIT_FINE;
}

int stek_command_enable(int argc, char **argv)
{
    static struct stek_unit_request request;
    struct stek_cnf *cnf = &request.cnf;
    const struct stek_argument arguments[] = {
        {"ring", 0, NULL, value_of(cnf, "ring")},
        {"context", 0, NULL, value_of(cnf, "context")},
        {"override", 0, NULL, value_of(cnf, "override")},
        {"verified-peers", 0, NULL, value_of(cnf, "verified_peers")},
        {"session-id-context", 0, NULL, value_of(cnf, "session_id_context")},
        {"names", 0, NULL, value_of(cnf, "names")},
        {"module", 0, NULL, &cnf->module},
        {"system", 0, NULL, &cnf->system},
        {"group", 0, NULL, &request.group},
        {"root", 0, NULL, &cnf->root},
        {"dry-run", 'n', &request.dry_run, NULL},
        {"force", 0, &request.force, NULL},
        {.name = NULL}};
    int code;

    stek_cnf_init(cnf, "enable");
    if (!stek_arguments_read("enable", argc, argv, arguments, print_enable_help, &code))
        return code;
    if (!stek_unit_request_take("enable", argc, argv, &request))
        return STEK_EXIT_USAGE;
    if (*value_of(&request.cnf, "ring") == NULL) {
        (void)fprintf(stderr,
                      "stek enable: --ring RING is missing: 'stek status' lists the rings\n");
        return STEK_EXIT_USAGE;
    }
    if (!stek_cnf_check_settings(&request.cnf))
        return STEK_EXIT_USAGE;
    return enable(&request);
}

/* One that was enabled by an alias is found by that. */
static bool has_files(const struct stek_unit_request *request)
{
    char place[STEK_CNF_PATH_LEN];

    (void)snprintf(place, sizeof place, "%s%s", request->cnf.root, request->files.conf);
    return access(place, F_OK) == 0;
}

static int disable(struct stek_unit_request *request)
{
    if (!has_files(request))
        stek_unit_request_follow_alias(request);
    const char *const paths[] = {request->files.drop_in, request->files.conf};
    int removed = 0;

    if (!stek_unit_request_may_write(request))
        return STEK_EXIT_FAILED;
    for (size_t i = 0; i < 2; i++) {
        char place[STEK_CNF_PATH_LEN];
        (void)snprintf(place, sizeof place, "%s%s", request->cnf.root, paths[i]);
        if (request->dry_run ? access(place, F_OK) != 0 : !stek_unit_file_remove(place)) {
            if (errno == ENOENT)
                continue;
            stek_unit_request_say_error(request, place);
            return STEK_EXIT_FAILED;
        }
        (void)printf("%s %s\n", request->dry_run ? "Would remove" : "Removed", place);
        removed++;
    }
    if (removed == 0) {
        (void)fprintf(stderr,
                      "stek disable: %s was not enabled: 'stek doctor' names units that were\n",
                      request->files.unit);
        return STEK_EXIT_FAILED;
    }
    if (!request->dry_run) {
        stek_unit_request_reload(request);
        stek_unit_request_print_restart(request);
    }
    return STEK_EXIT_FINE;
}

int stek_command_disable(int argc, char **argv)
{
    static struct stek_unit_request request;
    const struct stek_argument arguments[] = {{"root", 0, NULL, &request.cnf.root},
                                              {"dry-run", 'n', &request.dry_run, NULL},
                                              {.name = NULL}};
    int code;

    stek_cnf_init(&request.cnf, "disable");
    if (!stek_arguments_read("disable", argc, argv, arguments, print_disable_help, &code))
        return code;
    if (!stek_unit_request_take("disable", argc, argv, &request))
        return STEK_EXIT_USAGE;
    return disable(&request);
}
