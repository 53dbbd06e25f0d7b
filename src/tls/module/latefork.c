/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/module/latefork.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { STAT_MAX = 1024, FIELD_STATE = 3, FIELD_START_STACK = 28 };

/* proc(5), "startstack": 0 where this process may not see it. */
static unsigned long start_of_stack(pid_t pid)
{
    char path[32], line[STAT_MAX];

    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    /* The name may hold spaces and parentheses; the fields begin after the last one. */
    const char *at = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    (void)fclose(file);
    for (int field = FIELD_STATE - 1; at != NULL && field < FIELD_START_STACK; field++)
        at = strchr(at + 1, ' ');
    return at != NULL ? strtoul(at, NULL, 10) : 0;
}

bool stek_latefork_is_fork(void)
{
    const unsigned long own = start_of_stack(getpid());

    return own != 0 && own == start_of_stack(getppid());
}
