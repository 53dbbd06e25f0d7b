/* SPDX-License-Identifier: Apache-2.0 */
/* After an order for all hosts: how it goes. */
#include "cli/fleet.h"

#include "cli/client.h"
#include "cli/command.h"
#include "core/plural.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PAUSE_MS = 100, ORDER_WAIT_MS = 15000, HOSTS_WAIT_MS = 10000 };

static void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    (void)nanosleep(&pause, NULL);
}

static const json_t *find_ring(const json_t *fleet, const char *name)
{
    const json_t *rings = json_object_get(fleet, "rings");

    for (size_t i = 0; i < json_array_size(rings); i++) {
        const char *said = json_string_value(json_object_get(json_array_get(rings, i), "name"));
        if (said != NULL && strcmp(said, name) == 0)
            return json_array_get(rings, i);
    }
    return NULL;
}

/* Waits until the store has it. */
static int follow_order(const char *command, const char *ring)
{
    for (int waited = 0; waited < ORDER_WAIT_MS; waited += PAUSE_MS) {
        json_t *fleet = NULL;
        const int code =
            stek_client_command(command, json_pack("{s:s}", "command", "fleet"), &fleet);
        const json_t *said = find_ring(fleet, ring);
        const char *operation = json_string_value(json_object_get(said, "operation"));
        const bool done = operation != NULL && strcmp(operation, "done") == 0;
        const bool failed = operation == NULL || strcmp(operation, "failed") == 0;
        const char *problem = json_string_value(json_object_get(said, "operation_problem"));
        if (code == STEK_EXIT_FINE && failed)
            (void)fprintf(stderr, "stek %s: ring %s: %s\n", command, ring,
                          problem != NULL ? problem : "the ring is gone");
        json_decref(fleet);
        if (code != STEK_EXIT_FINE || done || failed)
            return code != STEK_EXIT_FINE ? code : done ? STEK_EXIT_FINE : STEK_EXIT_FAILED;
        pause_ms(PAUSE_MS);
    }
    (void)fprintf(stderr,
                  "stek %s: ring %s: not done yet: 'stek fleet status' shows the progress\n",
                  command, ring);
    return STEK_EXIT_FAILED;
}

/* Whether all known members have it; says how many when that changed. */
static int look_at_hosts(const char *command, const char *ring, const char *removed, size_t *shown,
                         bool *ret_all)
{
    json_t *fleet = NULL;
    size_t holders = 0;
    size_t floors = 0;
    size_t all = 0;

    const int code = stek_fleet_ask(command, &fleet);
    const json_t *said = find_ring(fleet, ring);
    if (removed != NULL)
        json_object_del(json_object_get(json_object_get(fleet, "members"), "hosts"), removed);
    stek_fleet_coverage(fleet, ring, json_integer_value(json_object_get(said, "active")),
                        json_integer_value(json_object_get(said, "floor")), &holders, &floors,
                        &all);
    const size_t having = holders < floors ? holders : floors;
    if (code == STEK_EXIT_FINE && having != *shown)
        (void)printf("Ring %s: on %zu of %zu %s.\n", ring, having, all,
                     stek_plural(all, "host", "hosts"));
    (void)fflush(stdout);
    *shown = having;
    *ret_all = having == all;
    json_decref(fleet);
    return code;
}

int stek_fleet_follow(const char *command, const char *ring, const char *removed)
{
    int code = follow_order(command, ring);
    size_t shown = (size_t)-1;
    bool all = false;

    for (int waited = 0; code == STEK_EXIT_FINE && !all && waited < HOSTS_WAIT_MS; waited += 1000) {
        code = look_at_hosts(command, ring, removed, &shown, &all);
        if (!all)
            pause_ms(1000);
    }
    if (code == STEK_EXIT_FINE && !all)
        (void)puts(
            "The others follow as soon as they reach the store: 'stek fleet status' shows them.");
    return code;
}
