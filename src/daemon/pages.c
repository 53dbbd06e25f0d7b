/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pages.h"

#include "daemon/commands.h"
#include "daemon/metrics.h"
#include "daemon/turn.h"
#include "daemon/watch/clock.h"

#include <stdlib.h>

enum { MEMBERS_EVERY_S = 5 };

static bool write_metrics(struct evbuffer *text, struct stekd *daemon)
{
    char clock[STEK_CLOCK_TEXT_LEN];
    const int64_t now = stekd_now();
    struct stek_metrics_ring *rings = calloc(daemon->rings.count + 1, sizeof *rings);

    if (rings == NULL)
        return false;
    stekd_begin_answer(daemon);
    const struct stek_metrics_daemon self = {.since = daemon->since,
                                             .last_reload_ok = daemon->last_reload_ok,
                                             .last_reload = daemon->last_reload,
                                             .orphans = daemon->orphans.count,
                                             .clock_in_doubt =
                                                 stek_clock_problem(&daemon->rings, clock)};
    for (size_t i = 0; i < daemon->rings.count; i++) {
        const struct stek_kept *kept = &daemon->rings.at[i];
        rings[i].rotations = kept->rotations;
        rings[i].continuations = kept->continuations;
        stek_rings_describe(&daemon->rings, kept, now, &rings[i].status);
        stekd_fleet_annotate(&daemon->fleet, &rings[i].status);
    }
    const bool written =
        stek_metrics_write(text, &self, rings, daemon->rings.count, now) &&
        (daemon->fleet.fleet == NULL || stek_metrics_write_fleet(text, &daemon->fleet));
    free(rings);
    return written;
}

/* Without its buffer, and with a zero at the end. */
static char *take_text(struct evbuffer *buffer)
{
    const size_t len = evbuffer_get_length(buffer);
    char *text = malloc(len + 1);

    if (text == NULL || evbuffer_remove(buffer, text, len) != (int)len) {
        free(text);
        return NULL;
    }
    text[len] = '\0';
    return text;
}

/* stek_answer_fn */
static char *compose_metrics(void *arg)
{
    struct evbuffer *buffer = evbuffer_new();
    char *text = buffer != NULL && write_metrics(buffer, arg) ? take_text(buffer) : NULL;

    if (buffer != NULL)
        evbuffer_free(buffer);
    return text;
}

static bool write_health(struct evbuffer *text, void *arg)
{
    const struct stekd *daemon = arg;

    for (size_t i = 0; i < daemon->rings.count; i++)
        if (!stek_kept_is_well(&daemon->rings.at[i])) {
            (void)evbuffer_add_printf(text, "ring %s cannot be read or updated\n",
                                      daemon->rings.at[i].config.name);
            return false;
        }
    (void)evbuffer_add_printf(text, "ok\n");
    return true;
}

static char *dump(json_t *answer)
{
    char *text = answer != NULL ? json_dumps(answer, JSON_COMPACT) : NULL;

    json_decref(answer);
    return text;
}

/* stek_answer_fn: as `stek status --json` prints it. */
static char *compose_status(void *arg)
{
    struct stekd *daemon = arg;
    const int64_t now = stekd_now();

    stekd_begin_answer(daemon);
    return dump(json_pack("{s:I, s:o, s:o}", "time", (json_int_t)now, "stekd",
                          stek_commands_self(daemon), "rings",
                          stek_commands_rings(daemon, "", now)));
}

/* stek_answer_fn: as `stek fleet status --json` prints it. The members are read from the store
 * again, but not for each visitor. */
static char *compose_fleet(void *arg)
{
    struct stekd *daemon = arg;
    const int64_t now = stekd_now();
    const bool again = now < daemon->members_at || now - daemon->members_at >= MEMBERS_EVERY_S;

    if (again)
        daemon->members_at = now;
    return dump(stekd_fleet_json(&daemon->fleet, again));
}

struct stek_http_pages stekd_pages(struct stekd *daemon)
{
    struct stek_http_pages pages = {
        .metrics = compose_metrics, .health = write_health, .arg = daemon};

    if (daemon->config.status_page)
        pages.page = (struct stek_page_sources){.status = compose_status, .fleet = compose_fleet};
    return pages;
}
