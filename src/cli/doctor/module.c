/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor/module.h"

#include "cli/systemctl.h"
#include "cli/unit_checks.h"
#include "doctor/modulefile.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 20, PATH_LEN = 4096 };

/* How much of a file is read. Folders, pipes and devices have no bytes. */
static size_t size_of(int fd)
{
    struct stat about;

    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size < 0)
        return 0;
    return about.st_size < FILE_MAX ? (size_t)about.st_size : FILE_MAX;
}

/* `at` is NULL, and errno says why, where it cannot be read. The caller frees it. */
static struct stek_doctor_bytes read_file(const char *path)
{
    const struct stek_doctor_bytes none = {NULL, 0};
    size_t len = 0;
    ssize_t part = 1;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return none;
    const size_t size = size_of(fd);
    uint8_t *bytes = malloc(size + 1);
    while (bytes != NULL && len < size && (part = read(fd, bytes + len, size - len)) > 0)
        len += (size_t)part;
    const int error = errno;
    (void)close(fd);
    if (bytes != NULL && part >= 0)
        return (struct stek_doctor_bytes){bytes, len};
    free(bytes);
    errno = error;
    return none;
}

/* What its bytes show. */
static const char *content_problem(const char *place, bool elsewhere)
{
    const struct stek_doctor_bytes file = read_file(place);

    if (file.at == NULL)
        return strerror(errno);
    const struct stek_doctor_bytes own = read_file("/proc/self/exe");
    const char *problem = stek_doctor_module_problem(&file, &own, elsewhere);
    free((void *)(uintptr_t)own.at);
    free((void *)(uintptr_t)file.at);
    return problem;
}

/* Cuts the last part of a path off; false where there is none below the first `keep` bytes. */
static bool go_up(char *path, size_t keep)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL || (size_t)(slash - path) < keep || path[keep] == '\0' ||
        strcmp(path + keep, "/") == 0)
        return false;
    slash[(size_t)(slash - path) == keep ? 1 : 0] = '\0';
    return true;
}

/* Finds the file, or a folder on the way to it, that everybody can write to. In a folder such as
 * /tmp nobody replaces a file of others. */
static bool find_everyones(const char *place, size_t root_len, char ret_path[PATH_LEN])
{
    struct stat about;

    (void)snprintf(ret_path, PATH_LEN, "%s", place);
    do {
        if (stat(ret_path, &about) == 0 && (about.st_mode & S_IWOTH) != 0 &&
            !(S_ISDIR(about.st_mode) && (about.st_mode & S_ISVTX) != 0))
            return true;
    } while (go_up(ret_path, root_len));
    return false;
}

bool stek_module_check(const char *command, const char *root, const char *path)
{
    char place[PATH_LEN];
    char everyones[PATH_LEN];
    struct statvfs mount;

    (void)snprintf(place, sizeof place, "%s%s", root, path);
    const char *problem = content_problem(place, root[0] != '\0');
    if (problem == NULL && root[0] == '\0' && statvfs(place, &mount) == 0 &&
        (mount.f_flag & ST_NOEXEC) != 0)
        problem = "is on a file system that is mounted noexec, so no program can load it: copy it "
                  "elsewhere";
    if (problem != NULL)
        (void)fprintf(stderr, "stek %s: --module %s %s\n", command, path, problem);
    else if (find_everyones(place, strlen(root), everyones))
        (void)fprintf(stderr,
                      "stek %s: --module %s can be replaced by every user: chmod o-w '%s'\n",
                      command, path, everyones);
    else
        return true;
    return false;
}

/* In a child: becomes the user, and tells by its exit code whether that one may read the file. */
static _Noreturn void try_as(const struct passwd *user, const char *path)
{
    if (initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
        setuid(user->pw_uid) != 0)
        _exit(0); /* not seen */
    _exit(access(path, R_OK) == 0 ? 0 : 1);
}

static bool may_read(const struct passwd *user, const char *path)
{
    int status = 0;
    const pid_t child = fork();

    if (child == 0)
        try_as(user, path);
    if (child < 0 || waitpid(child, &status, 0) != child)
        return true;
    return !WIFEXITED(status) || WEXITSTATUS(status) != 1;
}

bool stek_module_check_user(const char *unit, const char *path)
{
    char answer[1024];
    char name[256];
    char asked[STEK_UNIT_NAME_MAX + 1];

    stek_unit_asked_as(unit, asked);
    if (geteuid() != 0 || !stek_systemctl_show(asked, "User,DynamicUser", answer, sizeof answer))
        return true;
    stek_systemctl_property(answer, "DynamicUser", name, sizeof name);
    const bool dynamic = strcmp(name, "yes") == 0;
    stek_systemctl_property(answer, "User", name, sizeof name);
    /* One that systemd makes at the start is in no group, as nobody is. */
    const char *reader = dynamic ? "nobody" : name;
    const struct passwd *user = reader[0] != '\0' ? getpwnam(reader) : NULL;
    if (user == NULL || may_read(user, path))
        return true;
    (void)fprintf(stderr,
                  "stek enable: --module %s: the user of %s, %s, may not read it: 'namei -l %s' "
                  "shows which folder or file stops that user\n",
                  path, unit, dynamic ? "which systemd makes" : user->pw_name, path);
    return false;
}

void stek_module_print_owner(const char *unit, const char *path)
{
    char place[PATH_LEN];
    struct stat about;

    (void)snprintf(place, sizeof place, "%s", path);
    do {
        if (stat(place, &about) != 0)
            return;
        const struct passwd *user = about.st_uid != 0 ? getpwuid(about.st_uid) : NULL;
        if (about.st_uid != 0) {
            (void)printf("Note: %s belongs to %s, who thereby decides what %s executes\n", place,
                         user != NULL ? user->pw_name : "another user than root", unit);
            return;
        }
    } while (go_up(place, 0));
}
