/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a ring, with a line for the life of each. */
#include "cli/format.h"
#include "cli/status/statuses.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FINGERPRINT_COLUMNS = 8, TIMELINE_MIN = 10, WIDE_FROM = 80 };

/* The times between which the timelines run. */
struct window {
    int64_t from;
    int64_t until;
    size_t width;
    int seq_columns;
    bool narrow; /* no room for all columns */
};

static struct window find_window(const struct stek_screen *screen,
                                 const struct stek_status_ring *ring, int64_t now)
{
    struct window window = {now, now + 1, 0, 3, screen->columns < WIDE_FROM};

    for (size_t i = 0; i < ring->key_count; i++) {
        const struct stek_status_key *key = &ring->key[i];
        const int digits = snprintf(NULL, 0, "%" PRIu64, key->seq);
        window.from = key->active_from < window.from ? key->active_from : window.from;
        window.until = key->accept_until > window.until ? key->accept_until : window.until;
        window.seq_columns = digits > window.seq_columns ? digits : window.seq_columns;
    }
    /* As in print_key() */
    const int used = 2 + FINGERPRINT_COLUMNS + 1 + 8 + 1 + 6 + 2 +
                     (window.narrow ? 0 : window.seq_columns + 1 + 10 + 1 + 10 + 1);
    const int left = screen->columns - used;
    window.width = left < TIMELINE_MIN ? TIMELINE_MIN : (size_t)left;
    return window;
}

static void print_key(const struct stek_screen *screen, const struct stek_status_key *key,
                      int64_t now, const struct window *window)
{
    const bool pending = key->active_from > now;
    char line[STEK_SCREEN_COLUMNS_MAX + 1];
    char began[24];
    struct stek_text since;
    struct stek_text left;

    (void)snprintf(began, sizeof began, pending ? "in %s" : "%s ago",
                   stek_format_duration(now - key->active_from, &since));
    stek_format_timeline(key, window->from, window->until, now, window->width, line);
    (void)fprintf(screen->out, "  %.*s", FINGERPRINT_COLUMNS, key->fingerprint);
    if (!window->narrow)
        (void)fprintf(screen->out, " %*" PRIu64, window->seq_columns, key->seq);
    (void)fprintf(screen->out, " %-8s", stek_state_name(key->state));
    if (!window->narrow)
        (void)fprintf(screen->out, " %-10s %10s", stek_origin_name(key->origin), began);
    (void)fprintf(screen->out, " %6s  %s\n", stek_format_duration(key->accept_until - now, &left),
                  line);
}

/* The columns' names, and over the timelines how far they reach to both sides of now. */
static void print_keys_head(const struct stek_screen *screen, const struct window *window,
                            int64_t now)
{
    struct stek_text duration;
    char from[STEK_FORMAT_LEN + 1];
    char until[STEK_FORMAT_LEN + 1];

    (void)snprintf(from, sizeof from, "-%s", stek_format_duration(now - window->from, &duration));
    (void)snprintf(until, sizeof until, "+%s",
                   stek_format_duration(window->until - now, &duration));
    if (window->narrow)
        (void)fprintf(screen->out, "\n  %-*s %-8s %6s  ", FINGERPRINT_COLUMNS, "KEY", "STATE",
                      "OPENS");
    else
        (void)fprintf(screen->out, "\n  %-*s %*s %-8s %-10s %10s %6s  ", FINGERPRINT_COLUMNS, "KEY",
                      window->seq_columns, "SEQ", "STATE", "ORIGIN", "SEALS FROM", "OPENS");
    (void)fprintf(screen->out, "%-*s%s\n", (int)(window->width - strlen(until)), from, until);
}

void stek_status_print_keys(const struct stek_screen *screen, const struct stek_status_ring *ring,
                            int64_t now)
{
    const struct window window = find_window(screen, ring, now);

    if (ring->key_count == 0)
        return;
    print_keys_head(screen, &window, now);
    for (size_t i = 0; i < ring->key_count; i++)
        print_key(screen, &ring->key[i], now, &window);
    (void)fputs(window.narrow
                    ? "  # seals  - opens  . later  | now\n"
                    : "  # seals and opens   - opens   . published, seals later   | now\n",
                screen->out);
}
