/* SPDX-License-Identifier: Apache-2.0 */
/* The status of all rings, or of one: from stekd, or without it from the ring files themselves. */
#ifndef STEK_CLI_STATUS_STATUSES_H
#define STEK_CLI_STATUS_STATUSES_H

#include "cli/client.h"
#include "cli/screen.h"
#include "status/status.h"

struct stek_statuses {
    const char *command; /* that wants them: "status" */
    int64_t now;
    bool from_stekd; /* else from the files, and `why` says why */
    char why[STEK_CLIENT_PROBLEM_LEN];
    bool denied; /* there is a stekd, which this user may not ask */
    char version[32];
    int64_t pid;
    int64_t since;
    char
        clock[STEK_STATUS_PROBLEM_MAX + 1]; /* what stekd finds wrong with the clock; "": nothing */
    size_t count;
    struct stek_status_ring *ring;
};

/*
 * Collects them for a command, which complaints name; `only` is a ring's name, or NULL. Returns
 * STEK_EXIT_FINE, and the caller frees *ret_statuses with stek_statuses_fini(); or another exit
 * code, having said why.
 */
int stek_statuses_collect(const char *command, const char *only,
                          struct stek_statuses *ret_statuses);

void stek_statuses_fini(struct stek_statuses *statuses);

/* What they amount to: STEK_EXIT_FINE, …_FAILED (a ring cannot be read), …_DEGRADED, …_UNREACHABLE.
 */
int stek_statuses_exit(const struct stek_statuses *statuses);

/* As JSON: {"time":…, "stekd":{…} or null, "rings":[…]}. NULL: no memory. */
json_t *stek_statuses_json(const struct stek_statuses *statuses);

/* As text for a screen: one ring in full, several as a table. Lines of one ring may be longer than
 * a narrow screen: stek_screen_show() breaks them. */
void stek_statuses_print(const struct stek_screen *screen, const struct stek_statuses *statuses);

/* One ring in full. */
void stek_status_print(const struct stek_screen *screen, const struct stek_status_ring *ring,
                       int64_t now);

/* The keys of a ring, with a line for the life of each. */
void stek_status_print_keys(const struct stek_screen *screen, const struct stek_status_ring *ring,
                            int64_t now);

#endif
