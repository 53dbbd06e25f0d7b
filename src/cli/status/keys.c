/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a ring, with a line for the life of each. */
#include "cli/format.h"
#include "cli/status/statuses.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 80, FINGERPRINT_COLUMNS = 8, TIMELINE_MIN = 10 };

/* The times between which the timelines run. */
struct window {
    int64_t from;
    int64_t until;
    size_t width;
    int seq_columns;
};

static struct window find_window(const struct stek_status_ring *ring, int64_t now)
{
    struct window window = {now, now + 1, 0, 3};

    for (size_t i = 0; i < ring->key_count; i++) {
        const struct stek_status_key *key = &ring->key[i];
        const int digits = snprintf(NULL, 0, "%" PRIu64, key->seq);
        window.from = key->active_from < window.from ? key->active_from : window.from;
        window.until = key->accept_until > window.until ? key->accept_until : window.until;
        window.seq_columns = digits > window.seq_columns ? digits : window.seq_columns;
    }
    const int used = 2 + FINGERPRINT_COLUMNS + 1 + window.seq_columns + 1 + 8 + 1 + 10 + 1 + 10 +
                     1 + 6 + 2; /* print_key */
    window.width = used + TIMELINE_MIN > COLUMNS ? TIMELINE_MIN : (size_t)(COLUMNS - used);
    return window;
}

static void print_key(const struct stek_status_key *key, int64_t now, const struct window *window)
{
    const bool pending = key->active_from > now;
    char line[COLUMNS + 1];
    char began[24];
    struct stek_text since;
    struct stek_text left;

    (void)snprintf(began, sizeof began, pending ? "in %s" : "%s ago",
                   stek_format_duration(now - key->active_from, &since));
    stek_format_timeline(key, window->from, window->until, now, window->width, line);
    (void)printf("  %.*s %*" PRIu64 " %-8s %-10s %10s %6s  %s\n", FINGERPRINT_COLUMNS,
                 key->fingerprint, window->seq_columns, key->seq, stek_state_name(key->state),
                 stek_origin_name(key->origin), began,
                 stek_format_duration(key->accept_until - now, &left), line);
}

/* The columns' names, and over the timelines how far they reach to both sides of now. */
static void print_keys_head(const struct window *window, int64_t now)
{
    struct stek_text duration;
    char from[STEK_FORMAT_LEN + 1];
    char until[STEK_FORMAT_LEN + 1];

    (void)snprintf(from, sizeof from, "-%s", stek_format_duration(now - window->from, &duration));
    (void)snprintf(until, sizeof until, "+%s",
                   stek_format_duration(window->until - now, &duration));
    (void)printf("\n  %-*s %*s %-8s %-10s %10s %6s  %-*s%s\n", FINGERPRINT_COLUMNS, "KEY",
                 window->seq_columns, "SEQ", "STATE", "ORIGIN", "SEALS FROM", "OPENS",
                 (int)(window->width - strlen(until)), from, until);
}

void stek_status_print_keys(const struct stek_status_ring *ring, int64_t now)
{
    const struct window window = find_window(ring, now);

    if (ring->key_count == 0)
        return;
    print_keys_head(&window, now);
    for (size_t i = 0; i < ring->key_count; i++)
        print_key(&ring->key[i], now, &window);
    (void)puts("  # seals and opens   - opens   . published, seals later   | now");
}
