/* SPDX-License-Identifier: Apache-2.0 */
/* odd NAME FILE: one of the odd programs; FILE has a certificate and its key. */
#include "odd.h"

#include <string.h>

extern const char *identity;

static const struct {
    const char *name;
    odd_fn *run;
} programs[] = {
    {"jobs", odd_jobs},
    {"depth", odd_depth},
    {"forks", odd_forks},
    {"freed", odd_freed},
    {"clean-up", odd_clean_up},
    {"at-exit", odd_at_exit},
    {"broken-pipe", odd_broken_pipe},
    {"full-pipe", odd_full_pipe},
    {"inetd", odd_inetd},
    {"daemon", odd_daemon},
    {"numbers", odd_numbers},
    {"timeouts", odd_timeouts},
    {"later", odd_later},
    {"toggled", odd_toggled},
    {"reused", odd_reused},
    {"datagrams", odd_datagrams},
    {"both-roles", odd_both_roles},
    {"own-callbacks", odd_own_callbacks},
    {"indexes", odd_indexes},
    {"faults", odd_faults},
    {"own-memory", odd_own_memory},
    {"one-more", odd_one_more},
    {"given-session", odd_given_session},
    {"late-ids", odd_late_ids},
    {"there-and-back", odd_there_and_back},
    {"holds", odd_holds},
    {"thread-forks", odd_thread_forks},
    {"listens", odd_listens},
    {"closed", odd_closed},
    {"closes", odd_closes},
    {"spawns", odd_spawns},
};

int main(int argc, char **argv)
{
    must(argc == 3, "odd NAME FILE");
    identity = argv[2];
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].name, argv[1]) == 0) {
            programs[i].run();
            return 0;
        }
    must(false, "no such program");
    return 2;
}
