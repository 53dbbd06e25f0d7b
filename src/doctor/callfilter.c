/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/callfilter.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* Beside what servers call anyway: FILTERS OF SYSTEM CALLS in stek-openssl(5). Some processors have
 * no readlink(2), and systemd shows what the processor has. */
static const struct {
    const char *name;
    bool ring_from_file;
} needed[] = {
    {"madvise", false}, {"fstatfs", true}, {"fallocate", true}, {"fchmod", true},
#ifdef SYS_readlink
    {"readlink", true},
#endif
};

/* Whether the list has the name: as it is, or with what the call is answered by, "name:EPERM". */
static bool has(const char *list, const char *name)
{
    const size_t len = strlen(name);

    while (*list != '\0') {
        const size_t word = strcspn(list, " ");
        const size_t word_name = strcspn(list, " :");
        if (word_name == len && strncmp(list, name, len) == 0)
            return true;
        list += word;
        list += strspn(list, " ");
    }
    return false;
}

static void append(char ret_calls[STEK_CALLFILTER_LEN], const char *name)
{
    const size_t len = strlen(ret_calls);

    (void)snprintf(ret_calls + len, STEK_CALLFILTER_LEN - len, "%s%s", len > 0 ? " " : "", name);
}

void stek_callfilter_missing(const char *filter, bool ring_from_file,
                             char ret_calls[STEK_CALLFILTER_LEN])
{
    const bool denies = filter[0] == '~';
    const char *list = filter + (denies ? 1 : 0);

    ret_calls[0] = '\0';
    if (list[0] == '\0')
        return;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if ((ring_from_file || !needed[i].ring_from_file) && has(list, needed[i].name) == denies)
            append(ret_calls, needed[i].name);
}
