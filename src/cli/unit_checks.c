/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unit_checks.h"

#include "cli/systemctl.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

bool stek_unit_is_ours(const char *unit)
{
    return strcmp(unit, "stekd.service") == 0 || strcmp(unit, "stek-feed.service") == 0;
}

void stek_unit_asked_as(const char *unit, char ret_name[STEK_UNIT_NAME_MAX + 1])
{
    const char *at = stek_unit_is_template(unit) ? strchr(unit, '@') : NULL;

    (void)snprintf(ret_name, STEK_UNIT_NAME_MAX + 1, "%.*s%s%s",
                   at != NULL ? (int)(at - unit + 1) : 0, unit, at != NULL ? "stek" : "",
                   at != NULL ? at + 1 : unit);
}

/* A property of a unit; "" where systemd does not answer. */
static void ask(const char *unit, const char *property, char *ret_value, size_t size)
{
    char answer[4096];

    ret_value[0] = '\0';
    if (stek_systemctl_show(unit, property, answer, sizeof answer))
        stek_systemctl_property(answer, property, ret_value, size);
}

bool stek_unit_is_masked(const char *unit)
{
    char state[32];

    ask(unit, "LoadState", state, sizeof state);
    return strcmp(state, "masked") == 0;
}

void stek_unit_follow_alias(struct stek_unit_files *files)
{
    char id[STEK_UNIT_NAME_MAX + 1];
    char state[32];

    ask(files->unit, "LoadState", state, sizeof state);
    ask(files->unit, "Id", id, sizeof id);
    if (strcmp(state, "loaded") == 0 && strcmp(id, files->unit) != 0)
        (void)stek_unit_files_find(id, files);
}

/* The groups of an image; those that its own name services would add are not seen. */
static bool image_has_group(FILE *groups, const char *name)
{
    const struct group *entry;

    while ((entry = fgetgrent(groups)) != NULL)
        if (strcmp(entry->gr_name, name) == 0)
            return true;
    return false;
}

bool stek_group_is_there(const char *root, const char *group)
{
    char path[4096];

    if (root[0] == '\0')
        return getgrnam(group) != NULL;
    (void)snprintf(path, sizeof path, "%s/etc/group", root);
    FILE *groups = fopen(path, "re");
    if (groups == NULL)
        return true;
    const bool found = image_has_group(groups, group);
    (void)fclose(groups);
    return found;
}

void stek_unit_limits_ask(const char *unit, struct stek_unit_limits *ret_limits)
{
    char answer[8192];
    char system[16];
    char read_only[4096];
    char no_exec[4096];
    char name[STEK_UNIT_NAME_MAX + 1];

    stek_unit_asked_as(unit, name);
    *ret_limits = (struct stek_unit_limits){false, false};
    if (!stek_systemctl_show(name, "ProtectSystem,ReadOnlyPaths,NoExecPaths", answer,
                             sizeof answer))
        return;
    stek_systemctl_property(answer, "ProtectSystem", system, sizeof system);
    stek_systemctl_property(answer, "ReadOnlyPaths", read_only, sizeof read_only);
    stek_systemctl_property(answer, "NoExecPaths", no_exec, sizeof no_exec);
    ret_limits->read_only = strcmp(system, "strict") == 0 || read_only[0] != '\0';
    ret_limits->no_exec = no_exec[0] != '\0';
}
