/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program under a filter that ends it for some system calls, as systemd's SystemCallFilter=
 * does by default:
 *
 *     kill-calls mlock,mlock2 PROGRAM [ARGUMENT]...
 */
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int set_up(char *calls)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    char *rest = NULL;
    int result = filter == NULL ? -1 : 0;

    for (char *call = strtok_r(calls, ",", &rest); call != NULL && result == 0;
         call = strtok_r(NULL, ",", &rest))
        result =
            seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, seccomp_syscall_resolve_name(call), 0);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    return result;
}

int main(int argc, char **argv)
{
    if (argc < 3 || set_up(argv[1]) != 0) {
        (void)fprintf(stderr, "Usage: kill-calls CALL[,CALL]... PROGRAM [ARGUMENT]...\n");
        return 2;
    }
    (void)execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 1;
}
