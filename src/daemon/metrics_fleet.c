/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics of the fleet, in the words of fleet_status.c. */
#include "daemon/metrics.h"

#include "fleet/rules/epoch.h"

#include <inttypes.h>

static void add_head(struct evbuffer *text, const char *name, const char *type, const char *help)
{
    (void)evbuffer_add_printf(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_connection(struct evbuffer *text, const struct stek_fleet_status *fleet)
{
    add_head(text, "stek_fleet_connected", "gauge", "Whether the fleet's store can be reached.");
    (void)evbuffer_add_printf(text, "stek_fleet_connected %d\n", fleet->online);
    add_head(text, "stek_fleet_connected_changed_timestamp_seconds", "gauge",
             "When that last changed, in Unix time.");
    (void)evbuffer_add_printf(text, "stek_fleet_connected_changed_timestamp_seconds %" PRId64 "\n",
                              fleet->since);
    add_head(text, "stek_fleet_disconnections_total", "counter",
             "Times that the connection was lost.");
    (void)evbuffer_add_printf(text, "stek_fleet_disconnections_total %" PRIu64 "\n",
                              fleet->reconnects);
    if (fleet->clock_known) {
        add_head(text, "stek_fleet_clock_ahead_seconds", "gauge",
                 "How far this host's clock is ahead of the store's.");
        (void)evbuffer_add_printf(text, "stek_fleet_clock_ahead_seconds %" PRId64 "\n",
                                  fleet->clock_ahead_s);
    }
    add_head(text, "stek_fleet_writes_total", "counter", "Transactions by result.");
    (void)evbuffer_add_printf(text,
                              "stek_fleet_writes_total{result=\"won\"} %" PRIu64 "\n"
                              "stek_fleet_writes_total{result=\"lost\"} %" PRIu64 "\n"
                              "stek_fleet_writes_total{result=\"refused\"} %" PRIu64 "\n"
                              "stek_fleet_writes_total{result=\"ambiguous\"} %" PRIu64 "\n",
                              fleet->writes_won, fleet->writes_lost, fleet->writes_refused,
                              fleet->writes_ambiguous);
}

/* Epochs are told by when they begin: 0 for all of them. */
static int64_t opens_from(uint64_t epoch)
{
    return epoch > 0 ? stek_epoch_begins(epoch) : 0;
}

static const char *const places[STEK_KEKS_MAX] = {"first", "second"};

static void add_keys(struct evbuffer *text, const struct stekd_fleet *keeper,
                     const struct stek_fleet_status *fleet)
{
    const struct stekd_fleet_texts *texts = keeper->texts;
    size_t count = texts->config.kek_count;

    if (count > STEK_KEKS_MAX)
        count = STEK_KEKS_MAX;
    add_head(text, "stek_fleet_key_opens_from_timestamp_seconds", "gauge",
             "The first day of which this host's key opens values, in Unix time; 0: all days.");
    for (size_t i = 0; i < count; i++)
        (void)evbuffer_add_printf(
            text, "stek_fleet_key_opens_from_timestamp_seconds{key=\"%s\"} %" PRId64 "\n",
            places[i], opens_from(fleet->epoch[i]));
    add_head(text, "stek_fleet_key_file_opens_from_timestamp_seconds", "gauge",
             "The same of the file that kek names.");
    for (size_t i = 0; i < count; i++)
        (void)evbuffer_add_printf(
            text, "stek_fleet_key_file_opens_from_timestamp_seconds{key=\"%s\"} %" PRId64 "\n",
            places[i], opens_from(texts->key[i].file_epoch));
    add_head(text, "stek_fleet_key_file_rewritten", "gauge",
             "Whether that file was rewritten when epochs ended.");
    for (size_t i = 0; i < count; i++)
        (void)evbuffer_add_printf(text, "stek_fleet_key_file_rewritten{key=\"%s\"} %d\n", places[i],
                                  texts->key[i].problem[0] == '\0');
}

static void add_epochs(struct evbuffer *text, const struct stekd_fleet *keeper,
                       const struct stek_fleet_status *fleet)
{
    add_keys(text, keeper, fleet);
    add_head(text, "stek_fleet_clock_confirmed", "gauge",
             "Whether the store's clock says what this host's says, to an hour: epochs may end.");
    (void)evbuffer_add_printf(text, "stek_fleet_clock_confirmed %d\n", fleet->clock_confirmed);
    add_head(text, "stek_fleet_state_folder_usable", "gauge",
             "Whether this host notes what it has seen of the store.");
    (void)evbuffer_add_printf(text, "stek_fleet_state_folder_usable %d\n",
                              keeper->texts->state_problem[0] == '\0');
}

typedef void (*each_fn)(struct evbuffer *text, const struct stek_fleet_ring_status *ring);

static void add_each(struct evbuffer *text, const struct stekd_fleet *keeper, each_fn each)
{
    struct stek_fleet_ring_status ring;

    for (size_t i = 0; i < keeper->api->rings(keeper->fleet); i++) {
        keeper->api->describe_ring(keeper->fleet, i, &ring);
        each(text, &ring);
    }
}

static void add_standing(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(text, "stek_fleet_ring_standing{ring=\"%s\",standing=\"%s\"} 1\n",
                              ring->name, stek_standing_word(ring->standing));
}

static void add_since(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(
        text, "stek_fleet_ring_standing_changed_timestamp_seconds{ring=\"%s\"} %" PRId64 "\n",
        ring->name, ring->since);
}

static void add_held(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(text, "stek_fleet_ring_held_seq{ring=\"%s\"} %" PRIu64 "\n",
                              ring->name, ring->held);
}

static void add_floor(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(text, "stek_fleet_ring_floor_seq{ring=\"%s\"} %" PRIu64 "\n",
                              ring->name, ring->floor);
}

static void add_revoked_here(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(text, "stek_fleet_ring_revoked_here{ring=\"%s\"} %d\n", ring->name,
                              ring->revoked_here);
}

static void add_epoch(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(
        text, "stek_fleet_ring_floor_sealed_for_timestamp_seconds{ring=\"%s\"} %" PRId64 "\n",
        ring->name, opens_from(ring->epoch));
}

static void add_older(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    (void)evbuffer_add_printf(text, "stek_fleet_ring_store_is_older{ring=\"%s\"} %d\n", ring->name,
                              ring->store_is_older);
}

static void add_refused(struct evbuffer *text, const struct stek_fleet_ring_status *ring)
{
    for (int i = 1; i < STEK_REFUSALS; i++)
        (void)evbuffer_add_printf(
            text, "stek_fleet_values_refused_total{ring=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
            ring->name, stek_refusal_word((enum stek_refusal)i), ring->refused[i]);
}

bool stek_metrics_write_fleet(struct evbuffer *text, const struct stekd_fleet *keeper)
{
    struct stek_fleet_status fleet;

    keeper->api->describe(keeper->fleet, &fleet);
    add_connection(text, &fleet);
    add_epochs(text, keeper, &fleet);
    add_head(text, "stek_fleet_ring_standing", "gauge",
             "The ring's state in the fleet, as a label.");
    add_each(text, keeper, add_standing);
    add_head(text, "stek_fleet_ring_standing_changed_timestamp_seconds", "gauge",
             "When that last changed, in Unix time.");
    add_each(text, keeper, add_since);
    add_head(text, "stek_fleet_ring_held_seq", "gauge",
             "The highest published key that this host holds.");
    add_each(text, keeper, add_held);
    add_head(text, "stek_fleet_ring_floor_seq", "gauge", "No key below it opens.");
    add_each(text, keeper, add_floor);
    add_head(text, "stek_fleet_ring_revoked_here", "gauge",
             "Whether it was revoked on this host alone so far.");
    add_each(text, keeper, add_revoked_here);
    add_head(text, "stek_fleet_ring_floor_sealed_for_timestamp_seconds", "gauge",
             "The day that the ring's floor is sealed for in the store, in Unix time.");
    add_each(text, keeper, add_epoch);
    add_head(text, "stek_fleet_ring_store_is_older", "gauge",
             "Whether the store lacks what this host has seen of it.");
    add_each(text, keeper, add_older);
    add_head(text, "stek_fleet_values_refused_total", "counter",
             "Values in the store that were refused, by reason.");
    add_each(text, keeper, add_refused);
    return evbuffer_get_length(text) > 0;
}
