/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unit_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_name(const char *name)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@"; /* systemd.unit(5)
                                                                                  */
    const size_t len = strlen(name);

    return len > 0 && name[0] != '.' && name[0] != '-' && strspn(name, allowed) == len;
}

/* Whether it is a unit of another type than a service. */
static bool is_other_type(const char *name)
{
    static const char *const types[] = {".socket", ".timer", ".target", ".path", ".mount",
                                        ".slice",  ".scope", ".device", ".swap", ".automount"};
    const char *type = strrchr(name, '.');

    for (size_t i = 0; type != NULL && i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return false;
}

const char *stek_unit_name_problem(const char *name)
{
    if (is_name(name) && is_other_type(name))
        return "is not a service: give the service that it starts, such as nginx";
    return "is not a valid unit name: use letters, digits and : - _ . \\ @";
}

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text);
    const size_t end_len = strlen(end);

    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

bool stek_unit_files_find(const char *name, struct stek_unit_files *ret_files)
{
    struct stek_unit_files files;

    if (!is_name(name) || is_other_type(name) ||
        strlen(name) > STEK_UNIT_NAME_MAX - strlen(".service"))
        return false;
    (void)snprintf(files.unit, sizeof files.unit, "%.246s%s", name,
                   ends_with(name, ".service") ? "" : ".service");
    (void)snprintf(files.drop_in, sizeof files.drop_in, "/etc/systemd/system/%s.d/stek.conf",
                   files.unit);
    (void)snprintf(files.conf, sizeof files.conf, "/etc/stek/openssl/%s.cnf", files.unit);
    *ret_files = files;
    return true;
}

bool stek_unit_is_template(const char *unit)
{
    return ends_with(unit, "@.service");
}

bool stek_unit_drop_in_is_ours(const char *path)
{
    static const char mark[] = "# Made by 'stek enable'";
    char line[128] = "";
    FILE *file = fopen(path, "re");

    if (file == NULL)
        return errno == ENOENT;
    (void)!fgets(line, sizeof line, file);
    (void)fclose(file);
    return strncmp(line, mark, strlen(mark)) == 0;
}

static bool is_there(const char *root, const char *dir, const char *unit)
{
    char path[4096];

    return snprintf(path, sizeof path, "%s%s/%s", root, dir, unit) < (int)sizeof path &&
           access(path, F_OK) == 0;
}

bool stek_unit_exists(const struct stek_unit_files *files, const char *root)
{
    static const char *const dirs[] = {
        "/etc/systemd/system",         "/run/systemd/system",           "/run/systemd/generator",
        "/run/systemd/generator.late", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
        "/lib/systemd/system"};
    char template[STEK_UNIT_NAME_MAX + 16];
    const char *at = strchr(files->unit, '@');

    (void)snprintf(template, sizeof template, "%.*s@.service",
                   at != NULL ? (int)(at - files->unit) : 0, files->unit);
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (is_there(root, dirs[i], files->unit) ||
            (at != NULL && is_there(root, dirs[i], template)))
            return true;
    return false;
}

/* Makes the directories that lead to a file. */
static bool make_dirs(const char *path)
{
    char dir[4096];

    if (strlen(path) >= sizeof dir) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        memcpy(dir, path, (size_t)(slash - path));
        dir[slash - path] = '\0';
        if (mkdir(dir, 0755) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

static void fresh_name(const char *path, char ret_path[4096])
{
    (void)snprintf(ret_path, 4096, "%s.new", path);
}

FILE *stek_unit_file_begin(const char *path)
{
    char fresh[4096];

    fresh_name(path, fresh);
    if (!make_dirs(path) || (unlink(fresh) != 0 && errno != ENOENT))
        return NULL;
    const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return NULL;
    (void)fchmod(fd, 0644); /* whatever the umask */
    return fdopen(fd, "w");
}

bool stek_unit_file_end(FILE *out, const char *path)
{
    char fresh[4096];

    fresh_name(path, fresh);
    const bool whole = fflush(out) == 0 && !ferror(out) && fsync(fileno(out)) == 0;
    const int error = errno;
    if (fclose(out) == 0 && whole && rename(fresh, path) == 0)
        return true;
    (void)unlink(fresh);
    errno = whole ? errno : error;
    return false;
}

bool stek_unit_file_remove(const char *path)
{
    char dir[4096];

    if (unlink(path) != 0)
        return false;
    (void)snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = '\0';
    (void)rmdir(dir);
    return true;
}
