/* SPDX-License-Identifier: Apache-2.0 */
/* All rings as a table, in 80 columns. */
#include "cli/format.h"
#include "cli/rundir.h"
#include "cli/status/statuses.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 80, NAME_COLUMNS_MAX = 18 };

static int name_columns(const struct stek_statuses *statuses)
{
    size_t columns = 4;

    for (size_t i = 0; i < statuses->count; i++)
        if (strlen(statuses->ring[i].name) > columns)
            columns = strlen(statuses->ring[i].name);
    return (int)(columns < NAME_COLUMNS_MAX ? columns : NAME_COLUMNS_MAX);
}

static void print_row(const struct stek_status_ring *ring, int64_t now, int columns)
{
    const struct stek_status_key *active = stek_status_active(ring);
    struct stek_text next;
    struct stek_text sealed;
    struct stek_text opened;
    struct stek_text refused;
    struct stek_text share;

    (void)printf("%-*.*s %-12s", columns, columns, ring->name,
                 ring->orphan ? "orphan" : stek_health_name(ring->health));
    if (stek_status_is_unknown(ring)) {
        (void)printf(" %.*s\n", COLUMNS - columns - 14, ring->problem);
        return;
    }
    (void)printf(" %4zu %7s", ring->key_count,
                 active != NULL ? stek_format_duration(active->active_until - now, &next) : "-");
    if (ring->has_stats)
        (void)printf(" %5" PRIu64 " %6s %6s %7s %7s\n", ring->stats.processes,
                     stek_format_count(ring->stats.count[STEK_COUNT_SEALED], &sealed),
                     stek_format_count(ring->stats.count[STEK_COUNT_OPENED], &opened),
                     stek_format_count(stek_status_refused(ring), &refused),
                     stek_format_permille(stek_status_resumption_permille(ring), &share));
    else
        (void)puts("     -      -      -       -       -");
}

static void print_table(const struct stek_statuses *statuses)
{
    const int columns = name_columns(statuses);

    (void)printf("%-*s %-12s %4s %7s %5s %6s %6s %7s %7s\n", columns, "RING", "HEALTH", "KEYS",
                 "ROTATES", "PROCS", "SEALED", "OPENED", "REFUSED", "RESUMED");
    for (size_t i = 0; i < statuses->count; i++)
        print_row(&statuses->ring[i], statuses->now, columns);
    (void)puts("\n'stek status RING' shows its keys, and why tickets were refused.");
}

static void print_head(const struct stek_statuses *statuses)
{
    struct stek_text now;
    struct stek_text up;

    if (statuses->from_stekd)
        (void)printf("stekd %s, process %" PRId64 ", up %s", statuses->version, statuses->pid,
                     stek_format_duration(statuses->now - statuses->since, &up));
    else
        (void)printf("%s (%s)", statuses->denied ? "stekd NOT ASKED" : "stekd NOT RUNNING",
                     statuses->why);
    (void)printf("\n%s\n", stek_format_time(statuses->now, &now));
    if (statuses->clock[0] != '\0')
        (void)printf("CLOCK IN DOUBT: %s\n", statuses->clock);
    if (!statuses->from_stekd)
        (void)printf("The following was read from the ring files in %s.\n", stek_rundir());
    (void)puts("");
}

void stek_statuses_print(const struct stek_statuses *statuses)
{
    print_head(statuses);
    if (statuses->count == 0)
        (void)puts("No rings. Add a section [ring NAME] to /etc/stek/stekd.conf: stekd.conf(5).");
    else if (statuses->count == 1)
        stek_status_print(&statuses->ring[0], statuses->now);
    else
        print_table(statuses);
}
