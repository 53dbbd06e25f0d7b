/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor/look.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
    DEPTH_MAX = 4,
    GROUPS_MAX = 256,
    ENVIRONMENT_MAX = 6 << 20 /* execve(2) takes no more; a process may show all its memory there */
};

/* What is looked for in each process. */
struct search {
    const char *conf;
    const char *ring_file; /* "": none */
    struct stat ring;      /* of the file, if there is one */
    struct stek_doctor_facts *facts;
};

static FILE *open_of(long pid, const char *name)
{
    char path[64];

    (void)snprintf(path, sizeof path, "/proc/%ld/%s", pid, name);
    return fopen(path, "re");
}

static void look_at_environment(long pid, const struct search *search,
                                struct stek_doctor_process *process)
{
    static const char name[] = "OPENSSL_CONF=";
    FILE *file = open_of(pid, "environ");
    char *all = malloc(ENVIRONMENT_MAX + 1);
    const size_t len = file != NULL && all != NULL ? fread(all, 1, ENVIRONMENT_MAX, file) : 0;

    process->environment = len > 0 || (file != NULL && feof(file) != 0);
    if (len > 0)
        all[len] = '\0';
    for (size_t at = 0; at < len; at += strlen(all + at) + 1)
        if (strncmp(all + at, name, sizeof name - 1) == 0 &&
            strcmp(all + at + sizeof name - 1, search->conf) == 0)
            process->asked = true;
    free(all);
    if (file != NULL)
        (void)fclose(file);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t len = strlen(text);
    const size_t end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static const char *base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

/* A file that the process has mapped. */
struct mapping {
    const char *path; /* as it is called where the process is: a chroot, another mount namespace */
    dev_t device;
    ino_t inode;
    bool executable;
    bool deleted; /* it has no name any more */
};

static bool is_ring(const struct mapping *mapping, const struct search *search)
{
    return search->ring_file[0] != '\0' &&
           (strcmp(mapping->path, search->ring_file) == 0 ||
            (mapping->device == search->ring.st_dev && mapping->inode == search->ring.st_ino));
}

/* Of a module that could not be loaded, since it may not be executed, the C library leaves a
 * mapping behind. */
static void take_mapping(const struct mapping *mapping, const struct search *search,
                         char *libcrypto, struct stek_doctor_process *process)
{
    const char *path = mapping->path;
    const char *name = base(path);

    if (strncmp(name, "libssl.so", 9) == 0)
        process->libssl = true;
    if (strncmp(name, "libgnutls.so", 12) == 0)
        process->gnutls = true;
    if (strcmp(name, "stek.so") == 0 && mapping->executable)
        process->module = true;
    if (strncmp(name, "libcrypto.so", 12) == 0 && libcrypto[0] == '\0')
        (void)snprintf(libcrypto, STEK_DOCTOR_TEXT, "%.255s", path);
    else if (strncmp(name, "libcrypto", 9) == 0 && strcmp(libcrypto, path) != 0)
        (void)snprintf(process->foreign, sizeof process->foreign, "%.255s", path);
    if (!ends_with(path, ".ring"))
        return;
    if (mapping->deleted)
        process->old_ring = true;
    else if (is_ring(mapping, search))
        process->ring = true;
    else
        (void)snprintf(process->other_ring, sizeof process->other_ring, "%.255s", path);
}

/* A line of proc(5), maps: ADDRESSES RIGHTS OFFSET MAJOR:MINOR INODE PATH, with rights such as
 * r-xp. Takes it apart. False: no file. */
static bool parse_mapping(char *line, struct mapping *ret_mapping)
{
    static const char mark[] = " (deleted)";
    char *path = strchr(line, '/');
    char *field[5];
    char *rest = line;

    if (path == NULL)
        return false;
    path[strcspn(path, "\n")] = '\0';
    for (size_t i = 0; i < 5; i++)
        if ((field[i] = strtok_r(NULL, " ", &rest)) == NULL)
            return false;
    char *minor = strchr(field[3], ':');
    if (minor == NULL)
        return false;
    *ret_mapping = (struct mapping){.path = path,
                                    .device = makedev((unsigned)strtoul(field[3], NULL, 16),
                                                      (unsigned)strtoul(minor + 1, NULL, 16)),
                                    .inode = (ino_t)strtoul(field[4], NULL, 10),
                                    .executable = strncmp(field[1], "r-x", 3) == 0,
                                    .deleted = ends_with(path, mark)};
    if (ret_mapping->deleted)
        path[strlen(path) - strlen(mark)] = '\0';
    return true;
}

static void look_at_mappings(long pid, const struct search *search,
                             struct stek_doctor_process *process)
{
    char libcrypto[STEK_DOCTOR_TEXT] = "";
    char *line = NULL;
    size_t size = 0;
    struct mapping mapping;
    FILE *file = open_of(pid, "maps");

    process->hidden = file == NULL && (errno == EACCES || errno == EPERM);
    while (file != NULL && getline(&line, &size, file) > 0)
        if (parse_mapping(line, &mapping))
            take_mapping(&mapping, search, libcrypto, process);
    free(line);
    if (file != NULL)
        (void)fclose(file);
}

/* Whether one of the numbers on a line of /proc/PID/status is this one. */
static bool has_number(const char *line, unsigned long wanted)
{
    const char *at = strchr(line, ':');
    char *end = NULL;

    for (at = at != NULL ? at + 1 : ""; *at != '\0'; at = end) {
        const unsigned long number = strtoul(at, &end, 10);
        if (end == at)
            return false;
        if (number == wanted)
            return true;
    }
    return false;
}

static void look_at_status(long pid, const struct search *search,
                           struct stek_doctor_process *process)
{
    char line[4096];
    FILE *file = open_of(pid, "status");
    bool may = false;

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Name:", 5) == 0)
            (void)sscanf(line, "Name: %31s", process->name);
        if (strncmp(line, "Uid:", 4) == 0)
            may = may || has_number(line, 0) || has_number(line, search->ring.st_uid);
        if (strncmp(line, "Gid:", 4) == 0 || strncmp(line, "Groups:", 7) == 0)
            may = may || has_number(line, search->ring.st_gid);
        if (strncmp(line, "Seccomp:", 8) == 0)
            process->filtered = has_number(line, 2);
    }
    process->may_read = may && search->ring_file[0] != '\0';
    if (file != NULL)
        (void)fclose(file);
}

/* Whether the kernel told the process to be in secure mode: getauxval(3). */
static bool is_secure(long pid)
{
    FILE *file = open_of(pid, "auxv");
    unsigned long entry[2] = {0, 0};
    bool secure = false;

    while (file != NULL && !secure && fread(entry, sizeof entry, 1, file) == 1)
        secure = entry[0] == AT_SECURE && entry[1] != 0;
    if (file != NULL)
        (void)fclose(file);
    return secure;
}

/* Programs that the C library starts in its secure mode: OpenSSL takes no file from their
 * environment. Set-user-id, file capabilities, or a parent that had two user ids, as Squid's. */
static bool is_privileged(long pid)
{
    if (is_secure(pid))
        return true;
    char path[64];
    char target[4096];
    struct stat about;

    (void)snprintf(path, sizeof path, "/proc/%ld/exe", pid);
    const ssize_t len = readlink(path, target, sizeof target - 1);
    if (len <= 0)
        return false;
    target[len] = '\0';
    return (stat(path, &about) == 0 && (about.st_mode & (S_ISUID | S_ISGID)) != 0) ||
           getxattr(target, "security.capability", NULL, 0) > 0;
}

/* AppArmor says "PROFILE (enforce)"; other security modules, and other kernels, something else or
 * nothing. */
static void look_at_confinement(long pid, struct stek_doctor_process *process)
{
    static const char enforced[] = " (enforce)\n";
    char line[256] = "";
    FILE *file = open_of(pid, "attr/apparmor/current");

    if (file == NULL)
        file = open_of(pid, "attr/current");
    if (file == NULL)
        return;
    if (fgets(line, sizeof line, file) != NULL && ends_with(line, enforced))
        (void)snprintf(process->profile, sizeof process->profile, "%.*s",
                       (int)(strlen(line) - strlen(enforced)), line);
    (void)fclose(file);
}

static void look_at(long pid, const struct search *search)
{
    struct stek_doctor_facts *facts = search->facts;

    if (facts->process_count == STEK_DOCTOR_PROCESSES)
        return;
    struct stek_doctor_process *process = &facts->process[facts->process_count++];
    *process = (struct stek_doctor_process){.pid = pid, .name = "?"};
    look_at_environment(pid, search, process);
    look_at_mappings(pid, search, process);
    look_at_status(pid, search, process);
    look_at_confinement(pid, process);
    process->privileged = is_privileged(pid);
}

static void look_at_group(const char *folder, int depth, const struct search *search)
{
    char path[4096];
    char number[32];
    const struct dirent *entry;

    (void)snprintf(path, sizeof path, "%.4000s/cgroup.procs", folder);
    FILE *pids = fopen(path, "re");
    while (pids != NULL && fgets(number, sizeof number, pids) != NULL)
        look_at(strtol(number, NULL, 10), search);
    if (pids != NULL)
        (void)fclose(pids);
    DIR *below = depth < DEPTH_MAX ? opendir(folder) : NULL;
    while (below != NULL && (entry = readdir(below)) != NULL)
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path)
            look_at_group(path, depth + 1, search);
    if (below != NULL)
        (void)closedir(below);
}

void stek_doctor_look_processes(const char *group, const char *conf, const char *ring_file,
                                struct stek_doctor_facts *facts)
{
    struct search search = {.conf = conf, .ring_file = ring_file, .facts = facts};
    char folder[4096];

    if (ring_file[0] != '\0' && stat(ring_file, &search.ring) != 0)
        search.ring_file = "";
    /* The unified hierarchy, or systemd's own beside the older ones. */
    const char *root = access("/sys/fs/cgroup/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup"
                                                                        : "/sys/fs/cgroup/systemd";
    (void)snprintf(folder, sizeof folder, "%s%.3000s", root, group);
    look_at_group(folder, 0, &search);
}
