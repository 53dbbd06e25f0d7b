/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/unit_checks.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>

bool stek_unit_is_stekd(const char *unit)
{
    return strcmp(unit, "stekd.service") == 0;
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
