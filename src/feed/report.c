/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/report.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define METRICS_FILE "metrics.prom"

const char *stek_feed_state_name(enum stek_feed_state state)
{
    static const char *const names[] = {"starting", "fed", "waiting", "failing"};

    return names[state];
}

static json_t *feed_json(const struct stek_feed_config *config,
                         const struct stek_feed_report *report)
{
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "name", config->name,
        "ring", config->ring, "context", config->context, "to", config->to, "target",
        stek_feed_place_of(config), "state", stek_feed_state_name(report->state), "problem",
        report->fault.text, "handed_over", (json_int_t)report->handed_over, "failures",
        (json_int_t)report->failures, "handed_over_at", (json_int_t)report->handed_over_at, "keys",
        (json_int_t)report->keys, "sealing_key", report->sealing);
}

static bool write_json(FILE *out, const struct stek_feed_news *news)
{
    json_t *feeds = json_array(), *left = json_array();

    for (size_t i = 0; i < news->configs->count; i++)
        (void)json_array_append_new(feeds, feed_json(&news->configs->at[i], &news->reports[i]));
    for (size_t i = 0; i < news->left->count; i++)
        (void)json_array_append_new(left, json_string(news->left->at[i]));
    json_t *status = json_pack("{s:I, s:o, s:o}", "since", (json_int_t)news->since, "feeds", feeds,
                               "left", left);
    const bool ok =
        status != NULL && json_dumpf(status, out, JSON_INDENT(2)) == 0 && fputc('\n', out) != EOF;
    json_decref(status);
    return ok;
}

static int64_t is_fed(const struct stek_feed_report *report)
{
    return report->state == STEK_FEED_FED;
}

static int64_t times(const struct stek_feed_report *report)
{
    return (int64_t)report->handed_over;
}

static int64_t failures(const struct stek_feed_report *report)
{
    return (int64_t)report->failures;
}

static int64_t last_time(const struct stek_feed_report *report)
{
    return report->handed_over_at;
}

static int64_t keys(const struct stek_feed_report *report)
{
    return (int64_t)report->keys;
}

static const struct metric {
    const char *name;
    const char *type;
    const char *help;
    int64_t (*value)(const struct stek_feed_report *report);
} metrics[] = {
    {"stek_feed_fed", "gauge", "Whether the server has the ring's keys.", is_fed},
    {"stek_feed_handed_over_total", "counter", "How often keys were handed over.", times},
    {"stek_feed_failures_total", "counter", "How often that did not succeed.", failures},
    {"stek_feed_handed_over_timestamp_seconds", "gauge", "When keys were last handed over.",
     last_time},
    {"stek_feed_keys", "gauge", "How many keys the server was given.", keys},
};

/* Each with a sample for each feed. */
static bool write_metrics(FILE *out, const struct stek_feed_news *news)
{
    const struct stek_feed_configs *configs = news->configs;

    (void)fprintf(out,
                  "# HELP stek_feed_timestamp_seconds When stek feed wrote this.\n"
                  "# TYPE stek_feed_timestamp_seconds gauge\n"
                  "stek_feed_timestamp_seconds %" PRId64 "\n",
                  (int64_t)time(NULL));
    for (size_t k = 0; k < sizeof metrics / sizeof *metrics; k++) {
        const struct metric *metric = &metrics[k];
        (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name,
                      metric->type);
        for (size_t i = 0; i < configs->count; i++)
            (void)fprintf(out, "%s{feed=\"%s\",ring=\"%s\",to=\"%s\"} %" PRId64 "\n", metric->name,
                          configs->at[i].name, configs->at[i].ring, configs->at[i].to,
                          metric->value(&news->reports[i]));
    }
    return ferror(out) == 0;
}

typedef bool (*write_fn)(FILE *out, const struct stek_feed_news *news);

/* Whoever reads it finds the old text or the new one, and never a part. */
static bool replace(const char *dir, const char *name, write_fn write_text,
                    const struct stek_feed_news *news)
{
    char path[PATH_MAX], made[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path ||
        snprintf(made, sizeof made, "%s/.%s.new", dir, name) >= (int)sizeof made)
        return false;
    FILE *out = fopen(made, "we");
    if (out == NULL)
        return false;
    const bool written = write_text(out, news) && fchmod(fileno(out), 0644) == 0;
    return fclose(out) == 0 && written && rename(made, path) == 0;
}

bool stek_feed_write_status(const char *dir, const struct stek_feed_news *news)
{
    const bool status = replace(dir, "status.json", write_json, news);

    return replace(dir, METRICS_FILE, write_metrics, news) && status;
}

void stek_feed_forget_metrics(const char *dir)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/" METRICS_FILE, dir) < (int)sizeof path)
        (void)unlink(path);
}
