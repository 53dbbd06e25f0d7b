/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/metrics.h"

#include <inttypes.h>
#include <string.h>

/* The text as it grows; once something failed, nothing is added any more. */
struct metrics {
    struct evbuffer *text;
    const struct stek_metrics_ring *rings;
    size_t count;
    int64_t now;
    bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct metrics *metrics, const char *format,
                                                      ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (!metrics->failed && evbuffer_add_vprintf(metrics->text, format, arguments) < 0)
        metrics->failed = true;
    va_end(arguments);
}

static void add_head(struct metrics *metrics, const char *name, const char *type, const char *help)
{
    add(metrics, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A metric with one value for each ring that can be read. Names of rings need no escapes. */
typedef int64_t (*value_fn)(const struct stek_metrics_ring *ring, int64_t now);

static bool is_readable(const struct stek_metrics_ring *ring)
{
    return !stek_status_is_unknown(&ring->status);
}

static void add_each(struct metrics *metrics, const char *name, const char *type, const char *help,
                     value_fn value)
{
    add_head(metrics, name, type, help);
    for (size_t i = 0; i < metrics->count; i++)
        if (is_readable(&metrics->rings[i]))
            add(metrics, "%s{ring=\"%s\"} %" PRId64 "\n", name, metrics->rings[i].status.name,
                value(&metrics->rings[i], metrics->now));
}

static int64_t active_age(const struct stek_metrics_ring *ring, int64_t now)
{
    const struct stek_status_key *active = stek_status_active(&ring->status);

    return active != NULL && active->active_from < now ? now - active->active_from : 0;
}

static int64_t policy_rotate(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return ring->status.policy.rotate_s;
}

static int64_t policy_accept(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return ring->status.policy.accept_s;
}

static int64_t published_left(const struct stek_metrics_ring *ring, int64_t now)
{
    return ring->status.published_until > now ? ring->status.published_until - now : 0;
}

static int64_t is_continued(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return ring->status.health == STEK_STATUS_CONTINUATION;
}

static int64_t rotations(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->rotations;
}

static int64_t continuations(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->continuations;
}

static int64_t consumers(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->status.stats.processes;
}

static int64_t left_out(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)(ring->status.stats.files_ignored + ring->status.stats.files_over);
}

static int64_t sealed(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->status.stats.count[STEK_COUNT_SEALED];
}

static int64_t renewed(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->status.stats.count[STEK_COUNT_RENEWED];
}

static int64_t not_sealed(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->status.stats.count[STEK_COUNT_NOT_SEALED];
}

static int64_t resumed_by_id(const struct stek_metrics_ring *ring, int64_t now)
{
    (void)now;
    return (int64_t)ring->status.stats.count[STEK_COUNT_RESUMED_BY_ID];
}

static void add_up(struct metrics *metrics)
{
    add_head(metrics, "stek_ring_up", "gauge", "Whether a key of the ring seals tickets.");
    for (size_t i = 0; i < metrics->count; i++) {
        const enum stek_status_health health = metrics->rings[i].status.health;
        add(metrics, "stek_ring_up{ring=\"%s\"} %d\n", metrics->rings[i].status.name,
            health == STEK_STATUS_FINE || health == STEK_STATUS_CONTINUATION);
    }
}

/* Each ring of the configuration, also one of which nothing else is known. */
static void add_kept(struct metrics *metrics)
{
    add_head(metrics, "stek_ring_kept", "gauge",
             "Whether stekd keeps the ring: if not, it tries again, and its log says why.");
    for (size_t i = 0; i < metrics->count; i++)
        add(metrics, "stek_ring_kept{ring=\"%s\"} %d\n", metrics->rings[i].status.name,
            metrics->rings[i].status.health != STEK_STATUS_NOT_KEPT);
}

static void add_keys(struct metrics *metrics)
{
    static const enum stek_state states[] = {STEK_STATE_PENDING, STEK_STATE_ACTIVE,
                                             STEK_STATE_DRAINING};

    add_head(metrics, "stek_ring_keys", "gauge", "Keys of the ring by state.");
    for (size_t i = 0; i < metrics->count; i++)
        for (size_t s = 0; s < sizeof states / sizeof *states && is_readable(&metrics->rings[i]);
             s++)
            add(metrics, "stek_ring_keys{ring=\"%s\",state=\"%s\"} %zu\n",
                metrics->rings[i].status.name, stek_state_name(states[s]),
                stek_status_count(&metrics->rings[i].status, states[s]));
}

/* Each presented ticket once, by what became of it. */
static void add_presented(struct metrics *metrics)
{
    add_head(metrics, "stek_tickets_presented_total", "counter",
             "Tickets that clients presented, by result: opened, or why they were refused.");
    for (size_t i = 0; i < metrics->count; i++) {
        const struct stek_status_ring *status = &metrics->rings[i].status;
        for (int counter = 0; counter < STEK_COUNTERS && is_readable(&metrics->rings[i]); counter++)
            if (counter == STEK_COUNT_OPENED || stek_counter_is_refusal((enum stek_counter)counter))
                add(metrics,
                    "stek_tickets_presented_total{ring=\"%s\",result=\"%s\"} %" PRIu64 "\n",
                    status->name, stek_counter_name((enum stek_counter)counter),
                    status->stats.count[counter]);
    }
}

static void add_early_data(struct metrics *metrics)
{
    add_head(metrics, "stek_early_data_total", "counter",
             "Early data (0-RTT) by result: accepted, why it was refused, or not checked.");
    for (size_t i = 0; i < metrics->count; i++) {
        const struct stek_status_ring *status = &metrics->rings[i].status;
        for (int counter = 0; counter < STEK_COUNTERS && is_readable(&metrics->rings[i]); counter++)
            if (stek_counter_is_early((enum stek_counter)counter))
                add(metrics, "stek_early_data_total{ring=\"%s\",result=\"%s\"} %" PRIu64 "\n",
                    status->name, stek_counter_name((enum stek_counter)counter) + strlen("early_"),
                    status->stats.count[counter]);
    }
}

/* What became of SSL_CTXs that share less than the ring allows, or do not use it at all. */
static void add_contexts(struct metrics *metrics)
{
    static const enum stek_counter shown[] = {STEK_COUNT_NOT_MET, STEK_COUNT_REPLACED,
                                              STEK_COUNT_VERIFIED_PEERS};

    add_head(metrics, "stek_ssl_ctxs_total", "counter",
             "SSL_CTXs, in each process, that do not use the ring as others do, by reason.");
    for (size_t i = 0; i < metrics->count; i++)
        for (size_t r = 0; r < sizeof shown / sizeof *shown && is_readable(&metrics->rings[i]); r++)
            add(metrics, "stek_ssl_ctxs_total{ring=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
                metrics->rings[i].status.name, stek_counter_name(shown[r]),
                metrics->rings[i].status.stats.count[shown[r]]);
}

static void add_rings(struct metrics *metrics)
{
    add_up(metrics);
    add_kept(metrics);
    add_keys(metrics);
    add_each(metrics, "stek_ring_active_key_age_seconds", "gauge",
             "Time since the active key began to seal.", active_age);
    add_each(metrics, "stek_ring_policy_rotate_seconds", "gauge",
             "How long a key is to seal, by the policy.", policy_rotate);
    add_each(metrics, "stek_ring_policy_accept_seconds", "gauge",
             "How long a key is to open afterwards, by the policy.", policy_accept);
    add_each(metrics, "stek_ring_published_remaining_seconds", "gauge",
             "Time until the last published key ends; then the ring goes on by continuation.",
             published_left);
    add_each(metrics, "stek_ring_continued", "gauge", "Whether the active key is a continuation.",
             is_continued);
    add_each(metrics, "stek_ring_rotations_total", "counter",
             "Keys that began to seal since stekd took the ring over.", rotations);
    add_each(metrics, "stek_ring_continuations_total", "counter",
             "Keys that began to seal as continuations, because they were not published in time.",
             continuations);
    add_each(metrics, "stek_ring_consumers", "gauge", "Processes that use the ring.", consumers);
    add_each(metrics, "stek_ring_stats_files_left_out", "gauge",
             "Files of consumers that do not count: unsound, or over a limit.", left_out);
    add_each(metrics, "stek_tickets_sealed_total", "counter", "Tickets given to clients.", sealed);
    add_each(metrics, "stek_tickets_renewed_total", "counter",
             "Tickets given to clients on resumed connections.", renewed);
    add_each(metrics, "stek_tickets_not_sealed_total", "counter",
             "Handshakes without a new ticket: no usable key, or no lifetime left to promise.",
             not_sealed);
    add_each(metrics, "stek_session_id_resumptions_total", "counter",
             "Sessions resumed by session id, without a ticket.", resumed_by_id);
    add_presented(metrics);
    add_early_data(metrics);
    add_contexts(metrics);
}

static void add_daemon(struct metrics *metrics, const struct stek_metrics_daemon *daemon)
{
    add_head(metrics, "stek_build_info", "gauge", "The version of stekd, as a label.");
    add(metrics, "stek_build_info{version=\"%s\"} 1\n", STEK_VERSION);
    add_head(metrics, "stek_start_time_seconds", "gauge", "When stekd started, in Unix time.");
    add(metrics, "stek_start_time_seconds %" PRId64 "\n", daemon->since);
    add_head(metrics, "stek_config_last_reload_successful", "gauge",
             "Whether the last configuration was loaded.");
    add(metrics, "stek_config_last_reload_successful %d\n", daemon->last_reload_ok);
    add_head(metrics, "stek_config_last_reload_success_timestamp_seconds", "gauge",
             "When a configuration was last loaded, in Unix time.");
    add(metrics, "stek_config_last_reload_success_timestamp_seconds %" PRId64 "\n",
        daemon->last_reload);
    add_head(metrics, "stek_orphan_rings", "gauge",
             "Ring files in the run directory that no configuration names.");
    add(metrics, "stek_orphan_rings %zu\n", daemon->orphans);
    add_head(metrics, "stek_clock_in_doubt", "gauge",
             "Whether stekd takes the calendar clock for wrong.");
    add(metrics, "stek_clock_in_doubt %d\n", daemon->clock_in_doubt);
}

bool stek_metrics_write(struct evbuffer *text, const struct stek_metrics_daemon *daemon,
                        const struct stek_metrics_ring *rings, size_t count, int64_t now)
{
    struct metrics metrics = {.text = text, .rings = rings, .count = count, .now = now};

    add_daemon(&metrics, daemon);
    add_rings(&metrics);
    return !metrics.failed;
}
