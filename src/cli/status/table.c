/* SPDX-License-Identifier: Apache-2.0 */
/* All rings as a table. */
#include "cli/format.h"
#include "cli/rundir.h"
#include "cli/status/statuses.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* How many columns there are beside the name. */
enum { NARROW = 29, WIDE = 62, WIDE_FROM = 80, HEALTH_COLUMNS = 12 };

/* Names are cut only where there is no room. */
static int name_columns(const struct stek_screen *screen, const struct stek_statuses *statuses)
{
    const int room = screen->columns - (screen->columns < WIDE_FROM ? NARROW : WIDE);
    int columns = 4;

    for (size_t i = 0; i < statuses->count; i++)
        if ((int)strlen(statuses->ring[i].name) > columns)
            columns = (int)strlen(statuses->ring[i].name);
    return columns < room ? columns : room;
}

static enum stek_paint paint_of(const struct stek_status_ring *ring)
{
    if (ring->orphan)
        return STEK_PAINT_WARNING;
    return ring->health == STEK_STATUS_FINE ? STEK_PAINT_GOOD : STEK_PAINT_BAD;
}

static void print_counts(const struct stek_screen *screen, const struct stek_status_ring *ring)
{
    struct stek_text sealed;
    struct stek_text opened;
    struct stek_text refused;

    if (ring->has_stats)
        (void)fprintf(screen->out, " %5" PRIu64 " %6s %6s %7s", ring->stats.processes,
                      stek_format_count(ring->stats.count[STEK_COUNT_SEALED], &sealed),
                      stek_format_count(ring->stats.count[STEK_COUNT_OPENED], &opened),
                      stek_format_count(stek_status_refused(ring), &refused));
    else
        (void)fputs("     -      -      -       -", screen->out);
}

static void print_row(const struct stek_screen *screen, const struct stek_status_ring *ring,
                      int64_t now, int columns)
{
    const struct stek_status_key *active = stek_status_active(ring);
    const bool wide = screen->columns >= WIDE_FROM;
    struct stek_text next;
    struct stek_text share;

    (void)fprintf(screen->out, "%-*.*s ", columns, columns, ring->name);
    stek_screen_paint(screen, paint_of(ring), HEALTH_COLUMNS,
                      ring->orphan ? "orphan" : stek_health_name(ring->health));
    if (stek_status_is_unknown(ring)) {
        (void)fprintf(screen->out, " %.*s\n", screen->columns - columns - HEALTH_COLUMNS - 2,
                      ring->problem);
        return;
    }
    if (wide)
        (void)fprintf(screen->out, " %4zu", ring->key_count);
    (void)fprintf(screen->out, " %7s",
                  active != NULL ? stek_format_duration(active->active_until - now, &next) : "-");
    if (wide)
        print_counts(screen, ring);
    (void)fprintf(screen->out, " %7s\n",
                  ring->has_stats
                      ? stek_format_permille(stek_status_resumption_permille(ring), &share)
                      : "-");
}

static void print_table(const struct stek_screen *screen, const struct stek_statuses *statuses)
{
    const int columns = name_columns(screen, statuses);

    if (screen->columns < WIDE_FROM)
        (void)fprintf(screen->out, "%-*s %-12s %7s %7s\n", columns, "RING", "HEALTH", "ROTATES",
                      "RESUMED");
    else
        (void)fprintf(screen->out, "%-*s %-12s %4s %7s %5s %6s %6s %7s %7s\n", columns, "RING",
                      "HEALTH", "KEYS", "ROTATES", "PROCS", "SEALED", "OPENED", "REFUSED",
                      "RESUMED");
    for (size_t i = 0; i < statuses->count; i++)
        print_row(screen, &statuses->ring[i], statuses->now, columns);
    (void)fputs("\n'stek status RING' shows its keys, and why tickets were refused.\n",
                screen->out);
}

static void print_head(const struct stek_screen *screen, const struct stek_statuses *statuses)
{
    struct stek_text now;
    struct stek_text up;

    if (statuses->from_stekd)
        (void)fprintf(screen->out, "stekd %s, process %" PRId64 ", up %s", statuses->version,
                      statuses->pid, stek_format_duration(statuses->now - statuses->since, &up));
    else
        (void)fprintf(screen->out, "%s (%s)",
                      statuses->denied ? "stekd NOT ASKED" : "stekd NOT RUNNING", statuses->why);
    (void)fprintf(screen->out, "\n%s\n", stek_format_time(statuses->now, &now));
    if (statuses->clock[0] != '\0')
        (void)fprintf(screen->out, "CLOCK IN DOUBT: %s\n", statuses->clock);
    if (!statuses->from_stekd)
        (void)fprintf(screen->out, "The following was read from the ring files in %s.\n",
                      stek_rundir());
    (void)fputs("\n", screen->out);
}

void stek_statuses_print(const struct stek_screen *screen, const struct stek_statuses *statuses)
{
    print_head(screen, statuses);
    if (statuses->count == 0)
        (void)fputs("No rings. Add a section [ring NAME] to /etc/stek/stekd.conf: stekd.conf(5).\n",
                    screen->out);
    else if (statuses->count == 1)
        stek_status_print(screen, &statuses->ring[0], statuses->now);
    else
        print_table(screen, statuses);
}
