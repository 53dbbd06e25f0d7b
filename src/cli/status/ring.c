/* SPDX-License-Identifier: Apache-2.0 */
/* One ring as people read it. */
#include "cli/format.h"
#include "cli/status/statuses.h"
#include "core/plural.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_health(const struct stek_screen *screen, const struct stek_status_ring *ring,
                         int64_t now)
{
    struct stek_text ago;

    (void)fprintf(screen->out, "Ring %s: ", ring->name);
    switch (ring->health) {
    case STEK_STATUS_FINE:
        stek_screen_paint(screen, STEK_PAINT_GOOD, 0, "fine");
        (void)fputs("\n", screen->out);
        if (ring->problem[0] != '\0') /* what keeps it from being in step with others */
            (void)fprintf(screen->out, "  fleet      %s\n", ring->problem);
        return;
    case STEK_STATUS_CONTINUATION:
        stek_screen_paint(screen, STEK_PAINT_BAD, 0, "DEGRADED");
        (void)fprintf(
            screen->out,
            ": on continuations for %s\n"
            "  No keys were published in time, so each is derived from the one before it.\n"
            "  Resumption works, but an attacker who learns one key knows all later ones.\n"
            "  Check that stekd runs (systemctl status stekd): it publishes fresh keys.\n",
            stek_format_duration(now - ring->continued_since, &ago));
        return;
    case STEK_STATUS_NOT_KEPT:
        stek_screen_paint(screen, STEK_PAINT_BAD, 0, "NOT KEPT");
        (void)fprintf(
            screen->out,
            ": %s\n  stekd tries again by itself. Servers that have the ring continue it.\n",
            ring->problem);
        return;
    default:
        stek_screen_paint(screen, STEK_PAINT_BAD, 0,
                          ring->health == STEK_STATUS_NO_KEY ? "NO KEY" : "UNREADABLE");
        (void)fprintf(screen->out, ": %s\n", ring->problem);
    }
}

static void print_orphan(const struct stek_screen *screen, const struct stek_status_ring *ring,
                         int64_t now)
{
    struct stek_text left;

    (void)fprintf(screen->out, "Ring %s: ", ring->name);
    stek_screen_paint(screen, STEK_PAINT_WARNING, 0, "ORPHAN");
    (void)fputs(": no configuration names it\n", screen->out);
    if (ring->removed_at != 0)
        (void)fprintf(
            screen->out,
            "  stekd wipes and removes it in %s; 'stek revoke %s --all' does so now.\n",
            stek_format_duration(ring->removed_at > now ? ring->removed_at - now : 0, &left),
            ring->name);
    if (ring->problem[0] != '\0')
        (void)fprintf(screen->out, "  %s\n", ring->problem);
}

/* "until 2026-11-24 23:00:00 UTC (in 2h50m)". */
static void print_published(const struct stek_screen *screen, const struct stek_status_ring *ring,
                            int64_t now)
{
    struct stek_text when;
    struct stek_text left;

    if (ring->published_until <= now) {
        (void)fputs("  published  no key for now or later\n", screen->out);
        return;
    }
    (void)fprintf(screen->out, "  published  keys until %s (for %s)\n",
                  stek_format_time(ring->published_until, &when),
                  stek_format_duration(ring->published_until - now, &left));
}

static void print_policy(const struct stek_screen *screen, const struct stek_status_ring *ring,
                         int64_t now)
{
    struct stek_text rotate;
    struct stek_text accept;
    struct stek_text session_age;
    struct stek_text ago;

    (void)fprintf(screen->out,
                  "  policy     rotate %s, accept %s, ahead %" PRIu32 ", max_session_age %s\n",
                  stek_format_setting(ring->policy.rotate_s, &rotate),
                  stek_format_setting(ring->policy.accept_s, &accept), ring->policy.ahead,
                  stek_format_setting(ring->policy.max_session_age_s, &session_age));
    (void)fprintf(screen->out, "  source     %s, last changed %s ago\n",
                  stek_source_name(ring->source),
                  stek_format_duration(now - ring->changed_at, &ago));
    print_published(screen, ring, now);
}

static void print_consumers(const struct stek_screen *screen, const struct stek_status_ring *ring,
                            int64_t now)
{
    const struct stek_stats_sum *stats = &ring->stats;
    struct stek_text ago;

    (void)fprintf(screen->out, "  consumers  %" PRIu64 " %s, %" PRIu64 " of them with tickets",
                  stats->processes, stek_plural(stats->processes, "process", "processes"),
                  stats->processes_used);
    if (stats->consumer_count > 0 && stats->consumer[0].last_use != 0)
        (void)fprintf(screen->out, "; the latest %s ago (%" PRId64 ")",
                      stek_format_duration(now - stats->consumer[0].last_use, &ago),
                      stats->consumer[0].pid);
    (void)fputs("\n", screen->out);
    if (stats->files_ignored > 0 || stats->incomplete)
        (void)fprintf(screen->out, "             %" PRIu64 " %s in %s.stats %s ignored%s\n",
                      stats->files_ignored, stek_plural(stats->files_ignored, "file", "files"),
                      ring->name,
                      stek_plural(stats->files_ignored, "is not a counter and was",
                                  "are not counters and were"),
                      stats->incomplete ? "; too many to read them all" : "");
    if (stats->files_over > 0)
        (void)fprintf(screen->out, "             %" PRIu64 " %s user or the ring, and left out\n",
                      stats->files_over,
                      stek_plural(stats->files_over, "file is over the limit of its",
                                  "files are over the limit of their"));
}

/* "refused 12: unknown 10, damaged 2", broken where the screen ends. */
static void print_refused(const struct stek_screen *screen, const struct stek_status_ring *ring)
{
    int column = fprintf(screen->out, "             refused %" PRIu64, stek_status_refused(ring));
    const char *gap = ": ";

    for (int i = 0; i < STEK_COUNTERS; i++) {
        char item[64];
        if (!stek_counter_is_refusal((enum stek_counter)i) || ring->stats.count[i] == 0)
            continue;
        const int len = snprintf(item, sizeof item, "%s %" PRIu64,
                                 stek_counter_name((enum stek_counter)i), ring->stats.count[i]);
        if (column + len + 3 > screen->columns) {
            (void)fprintf(screen->out, "%s\n", gap);
            column = fprintf(screen->out, "               ");
            gap = "";
        }
        column += fprintf(screen->out, "%s%s", gap, item);
        gap = ", ";
    }
    (void)fputs("\n", screen->out);
}

/* Programs that make up a session-id context for each process resume nothing after a restart, and
 * their own logs do not say why. */
static void print_id_context_hint(const struct stek_screen *screen,
                                  const struct stek_status_ring *ring)
{
    if (ring->stats.count[STEK_COUNT_ID_CONTEXT] > 0)
        (void)fputs(
            "             id_context: the program's session-id context was another one when\n"
            "             the ticket was sealed; 'session_id_context = ring' in\n"
            "             stek-openssl(5) helps\n",
            screen->out);
}

/* Such programs resume nothing after a reload or a restart, where others do. */
static void print_verified_peers_hint(const struct stek_screen *screen,
                                      const struct stek_status_ring *ring)
{
    const uint64_t count = ring->stats.count[STEK_COUNT_VERIFIED_PEERS];

    if (count > 0)
        (void)fprintf(screen->out,
                      "             verified_peers: %" PRIu64
                      " SSL_CTXs share tickets as OpenSSL does\n"
                      "             and no further, since their program verifies peers; see\n"
                      "             verified_peers in stek-openssl(5)\n",
                      count);
}

/* Nothing, where no server of the ring was offered early data. */
static void print_early_data(const struct stek_screen *screen, const struct stek_status_ring *ring)
{
    const uint64_t *count = ring->stats.count;
    const uint64_t refused = count[STEK_COUNT_EARLY_REPLAYED] + count[STEK_COUNT_EARLY_FOREIGN] +
                             count[STEK_COUNT_EARLY_TOO_OLD];

    if (count[STEK_COUNT_EARLY_ACCEPTED] + refused > 0)
        (void)fprintf(screen->out,
                      "  early data accepted %" PRIu64 ", refused %" PRIu64 ": replayed %" PRIu64
                      ", foreign %" PRIu64 ", too old %" PRIu64 "\n",
                      count[STEK_COUNT_EARLY_ACCEPTED], refused, count[STEK_COUNT_EARLY_REPLAYED],
                      count[STEK_COUNT_EARLY_FOREIGN], count[STEK_COUNT_EARLY_TOO_OLD]);
    if (count[STEK_COUNT_EARLY_UNCHECKED] > 0)
        (void)fprintf(screen->out,
                      "  early data NOT CHECKED %" PRIu64
                      " times: the program accepts it by itself\n"
                      "             and may accept a replay; see early_data in stek-openssl(5)\n",
                      count[STEK_COUNT_EARLY_UNCHECKED]);
}

/* Tickets of such SSL_CTXs are not the ring's, and no other number tells of them. */
static void print_apart_hints(const struct stek_screen *screen, const struct stek_status_ring *ring)
{
    const uint64_t replaced = ring->stats.count[STEK_COUNT_REPLACED];
    const uint64_t not_met = ring->stats.count[STEK_COUNT_NOT_MET];

    if (replaced > 0)
        (void)fprintf(
            screen->out,
            "             replaced: the program set ticket keys of its own in %" PRIu64 "\n"
            "             %s; see override in stek-openssl(5)\n",
            replaced, stek_plural(replaced, "SSL_CTX, and it serves", "SSL_CTXs, and those serve"));
    if (not_met > 0)
        (void)fprintf(
            screen->out,
            "             not_met: %" PRIu64 " %s OpenSSL's own keys, since a\n"
            "             connection did not lead to its ring or this version of OpenSSL\n"
            "             is not known; the program's log says which\n",
            not_met, stek_plural(not_met, "SSL_CTX has", "SSL_CTXs have"));
}

static void print_tickets(const struct stek_screen *screen, const struct stek_status_ring *ring)
{
    const uint64_t *count = ring->stats.count;
    struct stek_text share;

    (void)fprintf(screen->out,
                  "  tickets    sealed %" PRIu64 " (%" PRIu64 " of them %s), not given %" PRIu64
                  "\n",
                  count[STEK_COUNT_SEALED], count[STEK_COUNT_RENEWED],
                  stek_plural(count[STEK_COUNT_RENEWED], "a renewal", "renewals"),
                  count[STEK_COUNT_NOT_SEALED]);
    (void)fprintf(screen->out, "             opened %" PRIu64, count[STEK_COUNT_OPENED]);
    if (stek_status_resumption_permille(ring) >= 0)
        (void)fprintf(screen->out, ": %s of those presented",
                      stek_format_permille(stek_status_resumption_permille(ring), &share));
    (void)fputs("\n", screen->out);
    print_refused(screen, ring);
    if (count[STEK_COUNT_RESUMED_BY_ID] > 0)
        (void)fprintf(screen->out,
                      "             resumed by session id, without a ticket: %" PRIu64 "\n",
                      count[STEK_COUNT_RESUMED_BY_ID]);
    print_id_context_hint(screen, ring);
    print_verified_peers_hint(screen, ring);
    print_early_data(screen, ring);
    print_apart_hints(screen, ring);
}

void stek_status_print(const struct stek_screen *screen, const struct stek_status_ring *ring,
                       int64_t now)
{
    if (ring->orphan)
        print_orphan(screen, ring, now);
    else
        print_health(screen, ring, now);
    if (stek_status_is_unknown(ring))
        return;
    print_policy(screen, ring, now);
    if (ring->has_stats) {
        print_consumers(screen, ring, now);
        print_tickets(screen, ring);
    } else {
        (void)fputs("  tickets    counters cannot be read: run as root, or join the ring's group\n",
                    screen->out);
    }
    stek_status_print_keys(screen, ring, now);
}
