/* SPDX-License-Identifier: Apache-2.0 */
/* The text that Prometheus reads, line for line. */
#include "unit.h"

#include "daemon/metrics.h"

#include <stdlib.h>
#include <string.h>

enum { NOW = 1800000000 };

static const struct stek_metrics_daemon self = {.since = NOW - 50,
                                                .last_reload_ok = true,
                                                .last_reload = NOW - 20,
                                                .orphans = 2,
                                                .clock_in_doubt = true};

/* A ring with one key in each state; 7 tickets opened, 2 refused. */
static struct stek_metrics_ring ring_of(const char *name)
{
    struct stek_metrics_ring ring = {.rotations = 5, .continuations = 1};

    memcpy(ring.status.name, name, strlen(name) + 1);
    ring.status.health = STEK_STATUS_FINE;
    ring.status.published_until = NOW + 300;
    ring.status.policy = (struct stek_policy){.rotate_s = 200, .accept_s = 4000};
    ring.status.key_count = 3;
    ring.status.key[0] =
        (struct stek_status_key){.state = STEK_STATE_DRAINING, .active_from = NOW - 200};
    ring.status.key[1] =
        (struct stek_status_key){.state = STEK_STATE_ACTIVE, .active_from = NOW - 100};
    ring.status.key[2] =
        (struct stek_status_key){.state = STEK_STATE_PENDING, .active_from = NOW + 100};
    ring.status.has_stats = true;
    ring.status.stats.count[STEK_COUNT_SEALED] = 9;
    ring.status.stats.count[STEK_COUNT_OPENED] = 7;
    ring.status.stats.count[STEK_COUNT_DAMAGED] = 2;
    ring.status.stats.count[STEK_COUNT_NOT_MET] = 3;
    ring.status.stats.count[STEK_COUNT_REPLACED] = 6;
    ring.status.stats.count[STEK_COUNT_VERIFIED_PEERS] = 8;
    ring.status.stats.count[STEK_COUNT_EARLY_ACCEPTED] = 10;
    ring.status.stats.count[STEK_COUNT_EARLY_REPLAYED] = 11;
    ring.status.stats.count[STEK_COUNT_EARLY_FOREIGN] = 12;
    ring.status.stats.count[STEK_COUNT_EARLY_TOO_OLD] = 13;
    ring.status.stats.count[STEK_COUNT_EARLY_UNCHECKED] = 14;
    ring.status.stats.count[STEK_COUNT_RESUMED_BY_ID] = 15;
    ring.status.stats.processes = 4;
    ring.status.stats.files_ignored = 2;
    ring.status.stats.files_over = 3;
    return ring;
}

/* The whole text, to be freed. */
static char *written(const struct stek_metrics_ring *rings, size_t count, int64_t now)
{
    struct evbuffer *buffer = evbuffer_new();

    assert_non_null(buffer);
    assert_true(stek_metrics_write(buffer, &self, rings, count, now));
    const size_t len = evbuffer_get_length(buffer);
    char *text = calloc(1, len + 1);
    assert_non_null(text);
    assert_int_equal(evbuffer_remove(buffer, text, len), len);
    evbuffer_free(buffer);
    return text;
}

static void assert_line(const char *text, const char *line)
{
    const char *at = strstr(text, line);

    if (at == NULL || (at != text && at[-1] != '\n') || at[strlen(line)] != '\n')
        fail_msg("no line \"%s\" in\n%s", line, text);
}

static void each_number_has_its_line(void **state)
{
    const struct stek_metrics_ring ring = ring_of("web");
    char *text = written(&ring, 1, NOW);

    (void)state;
    assert_line(text, "stek_orphan_rings 2");
    assert_line(text, "stek_clock_in_doubt 1");
    assert_line(text, "stek_ring_up{ring=\"web\"} 1");
    assert_line(text, "stek_ring_keys{ring=\"web\",state=\"pending\"} 1");
    assert_line(text, "stek_ring_keys{ring=\"web\",state=\"active\"} 1");
    assert_line(text, "stek_ring_keys{ring=\"web\",state=\"draining\"} 1");
    assert_line(text, "stek_ring_active_key_age_seconds{ring=\"web\"} 100");
    assert_line(text, "stek_ring_policy_rotate_seconds{ring=\"web\"} 200");
    assert_line(text, "stek_ring_policy_accept_seconds{ring=\"web\"} 4000");
    assert_line(text, "stek_ring_published_remaining_seconds{ring=\"web\"} 300");
    assert_line(text, "stek_ring_continued{ring=\"web\"} 0");
    assert_line(text, "stek_ring_rotations_total{ring=\"web\"} 5");
    assert_line(text, "stek_ring_continuations_total{ring=\"web\"} 1");
    assert_line(text, "stek_ring_consumers{ring=\"web\"} 4");
    assert_line(text, "stek_ring_stats_files_left_out{ring=\"web\"} 5");
    assert_line(text, "stek_tickets_sealed_total{ring=\"web\"} 9");
    assert_line(text, "stek_tickets_presented_total{ring=\"web\",result=\"opened\"} 7");
    assert_line(text, "stek_tickets_presented_total{ring=\"web\",result=\"damaged\"} 2");
    assert_line(text, "stek_tickets_presented_total{ring=\"web\",result=\"unknown\"} 0");
    assert_line(text, "stek_ssl_ctxs_total{ring=\"web\",reason=\"not_met\"} 3");
    assert_line(text, "stek_ssl_ctxs_total{ring=\"web\",reason=\"replaced\"} 6");
    assert_line(text, "stek_ssl_ctxs_total{ring=\"web\",reason=\"verified_peers\"} 8");
    assert_line(text, "stek_early_data_total{ring=\"web\",result=\"accepted\"} 10");
    assert_line(text, "stek_early_data_total{ring=\"web\",result=\"replayed\"} 11");
    assert_line(text, "stek_early_data_total{ring=\"web\",result=\"foreign\"} 12");
    assert_line(text, "stek_early_data_total{ring=\"web\",result=\"too_old\"} 13");
    assert_line(text, "stek_early_data_total{ring=\"web\",result=\"unchecked\"} 14");
    assert_line(text, "stek_session_id_resumptions_total{ring=\"web\"} 15");
    assert_line(text, "stek_start_time_seconds 1799999950");
    assert_line(text, "stek_config_last_reload_successful 1");
    free(text);
}

static void a_ticket_that_was_sealed_is_not_among_the_presented(void **state)
{
    const struct stek_metrics_ring ring = ring_of("web");
    char *text = written(&ring, 1, NOW);

    (void)state;
    assert_null(strstr(text, "result=\"sealed\""));
    assert_null(strstr(text, "result=\"renewed\""));
    assert_null(strstr(text, "result=\"not_sealed\""));
    assert_null(strstr(text, "result=\"replaced\""));
    free(text);
}

static void a_metric_is_described_once_however_many_rings_there_are(void **state)
{
    const struct stek_metrics_ring rings[2] = {ring_of("a"), ring_of("b")};
    char *text = written(rings, 2, NOW);
    const char *first = strstr(text, "# TYPE stek_ring_up ");

    (void)state;
    assert_non_null(first);
    assert_null(strstr(first + 1, "# TYPE stek_ring_up "));
    assert_line(text, "stek_ring_up{ring=\"a\"} 1");
    assert_line(text, "stek_ring_up{ring=\"b\"} 1");
    free(text);
}

static void what_ran_out_is_zero_and_never_negative(void **state)
{
    struct stek_metrics_ring ring = ring_of("web");

    (void)state;
    ring.status.health = STEK_STATUS_CONTINUATION;
    char *text = written(&ring, 1, NOW + 1000);
    assert_line(text, "stek_ring_published_remaining_seconds{ring=\"web\"} 0");
    assert_line(text, "stek_ring_continued{ring=\"web\"} 1");
    assert_line(text, "stek_ring_up{ring=\"web\"} 1");
    free(text);
    text = written(&ring, 1, NOW - 1000); /* the clock went back */
    assert_line(text, "stek_ring_active_key_age_seconds{ring=\"web\"} 0");
    free(text);
}

static void a_ring_that_cannot_be_read_is_down_and_has_no_other_numbers(void **state)
{
    struct stek_metrics_ring ring = ring_of("web");

    (void)state;
    ring.status.health = STEK_STATUS_UNREADABLE;
    char *text = written(&ring, 1, NOW);
    assert_line(text, "stek_ring_up{ring=\"web\"} 0");
    assert_null(strstr(text, "stek_ring_keys{"));
    assert_null(strstr(text, "stek_tickets_sealed_total{"));
    free(text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_number_has_its_line),
        cmocka_unit_test(a_ticket_that_was_sealed_is_not_among_the_presented),
        cmocka_unit_test(a_metric_is_described_once_however_many_rings_there_are),
        cmocka_unit_test(what_ran_out_is_zero_and_never_negative),
        cmocka_unit_test(a_ring_that_cannot_be_read_is_down_and_has_no_other_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
