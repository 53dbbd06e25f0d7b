/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cnf_file.h"

#include "cli/doctor/module.h"
#include "cli/rundir.h"
#include "core/policy.h"
#include "core/settings.h"

#include <openssl/conf.h>
#include <openssl/x509.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

void stek_cnf_init(struct stek_cnf *cnf, const char *command)
{
    *cnf = (struct stek_cnf){.command = command, .root = "", .module = STEK_MODULE_DIR "/stek.so"};
}

/* The file then holds the time that the module would take by itself. It is told on standard error:
 * the file itself may go to standard output. */
static void give_short_accept(struct stek_cnf *cnf, const struct stek_policy *policy)
{
    const int64_t accept_s = stek_policy_short_accept(policy);
    const struct stek_setting_info *info = stek_settings_all();
    int place = 0;

    if (accept_s == 0)
        return;
    while (strcmp(info[place].name, "accept") != 0)
        place++;
    (void)snprintf(cnf->accept, sizeof cnf->accept, "%" PRId64 "s", accept_s);
    cnf->value[place] = cnf->accept;
    (void)fprintf(
        stderr,
        "stek %s: accept is %s, which is shorter than its default: a ring holds at most 64 keys\n",
        cnf->command, cnf->accept);
}

bool stek_cnf_check_settings(struct stek_cnf *cnf)
{
    const struct stek_setting_info *info = stek_settings_all();
    struct stek_settings settings;

    stek_settings_init(&settings);
    for (int i = 0; info[i].name != NULL; i++) {
        const char *value = cnf->value[i];
        const char *allowed =
            value != NULL ? stek_settings_set(&settings, info[i].name, value) : NULL;
        if (allowed != NULL) {
            char option[64];
            (void)snprintf(option, sizeof option, "%s", info[i].name);
            for (char *at = option; (at = strchr(at, '_')) != NULL;)
                *at = '-';
            (void)fprintf(stderr, "stek %s: --%s '%s': allowed: %s\n", cnf->command, option, value,
                          allowed);
            return false;
        }
    }
    const char *problem = stek_policy_problem(&settings.policy);
    if (problem != NULL)
        (void)fprintf(stderr, "stek %s: --rotate, --accept and --ahead cannot be combined: %s\n",
                      cnf->command, problem);
    else
        give_short_accept(cnf, &settings.policy);
    return problem == NULL;
}

static void below_root(const struct stek_cnf *cnf, const char *path,
                       char ret_path[STEK_CNF_PATH_LEN])
{
    (void)snprintf(ret_path, STEK_CNF_PATH_LEN, "%s%s", cnf->root, path);
}

/* A path that means the same wherever the program is started, without what the file's syntax would
 * take apart. */
static bool check_path(const struct stek_cnf *cnf, const char *option, const char *path)
{
    char place[STEK_CNF_PATH_LEN];
    const char *problem = NULL;

    below_root(cnf, path, place);
    if (path[0] != '/')
        problem = "must be an absolute path";
    else if (strpbrk(path, "\"'\\$#;\n") != NULL)
        problem = "has a character that an OpenSSL configuration cannot hold (quotes, \\ $ # ;)";
    else if (access(place, R_OK) != 0) {
        (void)fprintf(stderr, "stek %s: %s %s: %s: give the path of a file that can be read\n",
                      cnf->command, option, path, strerror(errno));
        return false;
    }
    if (problem != NULL)
        (void)fprintf(stderr, "stek %s: %s %s %s\n", cnf->command, option, path, problem);
    return problem == NULL;
}

/* The system's configuration, or "" when the system has none: that is fine, unless it was asked
 * for. */
static bool find_include(struct stek_cnf *cnf)
{
    const char *dir = X509_get_default_cert_area();
    char place[STEK_CNF_PATH_LEN];

    if (cnf->system != NULL)
        (void)snprintf(cnf->include, sizeof cnf->include, "%s", cnf->system);
    else
        (void)snprintf(cnf->include, sizeof cnf->include, "%s/openssl.cnf",
                       dir != NULL ? dir : "/etc/ssl");
    below_root(cnf, cnf->include, place);
    if (cnf->system == NULL && access(place, R_OK) != 0) {
        cnf->include[0] = '\0';
        return true;
    }
    return check_path(cnf, "--system", cnf->include);
}

/* `conf` is NULL where nothing was read: OpenSSL 1.1.1 crashes when asked about such a one. */
static void copy_name(const CONF *conf, const char *name, const char *otherwise, char *ret_value,
                      size_t len)
{
    const char *value = conf != NULL ? NCONF_get_string(conf, "default", name) : NULL;

    (void)snprintf(ret_value, len, "%s", value != NULL ? value : otherwise);
}

/* Reads which sections the system's file starts from; without one, a section of ours. */
static bool find_init_sections(struct stek_cnf *cnf)
{
    CONF *conf = NCONF_new(NULL);
    char place[STEK_CNF_PATH_LEN];
    long line = 0;

    below_root(cnf, cnf->include, place);
    const bool is_read =
        conf != NULL && cnf->include[0] != '\0' && NCONF_load(conf, place, &line) == 1;
    const bool ok = is_read || (conf != NULL && cnf->include[0] == '\0');
    const CONF *system = is_read ? conf : NULL;
    if (!ok)
        (void)fprintf(stderr, "stek %s: %s: OpenSSL cannot read it (line %ld)\n", cnf->command,
                      cnf->include, line);
    copy_name(system, "openssl_conf", "stek_init", cnf->openssl_section,
              sizeof cnf->openssl_section);
    copy_name(system, "nodejs_conf", cnf->openssl_section, cnf->nodejs_section,
              sizeof cnf->nodejs_section);
    NCONF_free(conf);
    return ok;
}

/* The module takes a ring's bare name for a file in the directory that was compiled in: elsewhere
 * it needs the path. */
static void find_ring(struct stek_cnf *cnf)
{
    const char *ring = cnf->value[0]; /* the first setting */

    if (ring == NULL || strcmp(ring, "private") == 0 || ring[0] == '/' ||
        strcmp(stek_rundir(), STEK_RUN_DIR) == 0)
        return;
    (void)snprintf(cnf->ring_path, sizeof cnf->ring_path, "%s/%s.ring", stek_rundir(), ring);
    cnf->value[0] = cnf->ring_path;
}

bool stek_cnf_check(struct stek_cnf *cnf)
{
    if (!check_path(cnf, "--module", cnf->module) ||
        !stek_module_check(cnf->command, cnf->root, cnf->module) || !find_include(cnf) ||
        !find_init_sections(cnf))
        return false;
    find_ring(cnf);
    return true;
}

/* A value in quotes, where the file's syntax takes nothing apart but quotes and backslashes: labels
 * may hold anything. */
static void print_quoted(FILE *out, const char *name, const char *value)
{
    (void)fprintf(out, "%s = \"", name);
    for (const char *at = value; *at != '\0'; at++)
        (void)fprintf(out, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
    (void)fputs("\"\n", out);
}

static bool is_required(const struct stek_cnf *cnf)
{
    const struct stek_setting_info *info = stek_settings_all();
    int place = 0;

    while (strcmp(info[place].name, "required") != 0)
        place++;
    return cnf->value[place] != NULL && strcmp(cnf->value[place], "yes") == 0;
}

/*
 * With config_diagnostics, which the system's file may set, a module that cannot be loaded makes
 * OPENSSL_init_ssl() fail, and nginx then crashes at its first clients. The module heeds the
 * system's word once it is loaded.
 */
static void print_start(const struct stek_cnf *cnf, FILE *out)
{
    (void)fprintf(out, "\n[default]\nopenssl_conf = %s\nnodejs_conf = %s\n", cnf->openssl_section,
                  cnf->nodejs_section);
    if (!is_required(cnf))
        (void)fputs("# If stek.so cannot be loaded, the program goes on with OpenSSL's own keys.\n"
                    "stek_diagnostics = ${config_diagnostics}\n"
                    "config_diagnostics = 0\n",
                    out);
}

void stek_cnf_print(const struct stek_cnf *cnf, FILE *out)
{
    const struct stek_setting_info *info = stek_settings_all();

    (void)fputs("# An OpenSSL configuration that loads stek: stek-openssl(5).\n"
                "# Use it with the environment variable OPENSSL_CONF.\n",
                out);
    if (!is_required(cnf))
        (void)fputs("config_diagnostics = 0\n", out);
    if (cnf->include[0] != '\0')
        (void)fprintf(out, ".include %s\n", cnf->include);
    print_start(cnf, out);
    (void)fprintf(out, "\n[%s]\nstek = stek_settings\n", cnf->openssl_section);
    if (strcmp(cnf->openssl_section, cnf->nodejs_section) != 0)
        (void)fprintf(out, "\n[%s]\nstek = stek_settings\n", cnf->nodejs_section);
    (void)fprintf(out, "\n[stek_settings]\npath = %s\n", cnf->module);
    for (int i = 0; info[i].name != NULL; i++) {
        if (cnf->value[i] != NULL &&
            (strcmp(info[i].name, "context") == 0 || strcmp(info[i].name, "ring") == 0))
            print_quoted(out, info[i].name, cnf->value[i]);
        else if (cnf->value[i] != NULL)
            (void)fprintf(out, "%s = %s\n", info[i].name, cnf->value[i]);
        else
            (void)fprintf(out, "# %s = %s\n", info[i].name, info[i].standard);
    }
}
