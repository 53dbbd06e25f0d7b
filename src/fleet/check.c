/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tries one endpoint after the other as stekd would use it, for `stekd --check-config --connect`:
 * connects, reads and watches each ring's folder, takes a lease, and asks for transactions that
 * write where stekd writes. Their comparisons cannot hold, so nothing is written; etcd checks
 * permission and room all the same. It runs a loop of its own.
 */
#include "fleet/state.h"
#include "crypto/random.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <event2/event.h>

enum { PACE_MS = 2000, LEASE_S = 60, MOST_S = 30 };

/* A ring's folder, and what of it was seen. */
struct folder {
    struct stek_key_name from, until;
    struct stek_fleet_keyed keyed[STEK_KEKS_MAX];
    bool ours;                              /* there is a value under a key that we have */
    char other_id[2 * STEK_KEK_ID_LEN + 1]; /* one under another key; empty: none */
};

struct check {
    const struct stek_fleet_check *what;
    struct event_base *base;
    struct stek_etcd *etcd;
    const char *endpoint;
    struct folder *folders; /* one for each ring */
    size_t written;         /* how many folders were tried; the last is that of the members */
    bool fine;
    bool ended;
};

__attribute__((format(printf, 3, 4))) static void say(struct check *check, bool fine,
                                                      const char *format, ...)
{
    char text[STEK_ETCD_TEXT_MAX + 256];
    char line[sizeof text + 512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "%s: %s", check->endpoint, text);
    check->fine &= fine;
    check->what->say(check->what->arg, fine, line);
}

static void end(struct check *check)
{
    check->ended = true;
    event_base_loopbreak(check->base);
}

/* A problem's words, without the endpoint, which each begins with. */
static const char *words_of(const struct check *check, const struct stek_etcd_problem *problem)
{
    const size_t len = strlen(check->endpoint);

    return strncmp(problem->text, check->endpoint, len) == 0 &&
                   strncmp(problem->text + len, ": ", 2) == 0
               ? problem->text + len + 2
               : problem->text;
}

/* The outcome of one step. A fault of the endpoint ends the connection: on_offline says it. */
static bool tell(struct check *check, const char *where, const char *step,
                 const struct stek_etcd_problem *problem)
{
    if (check->ended || stek_etcd_is_endpoints_fault(problem->fault))
        return false;
    if (problem->fault == STEK_ETCD_OK)
        say(check, true, "%s%s: fine", where, step);
    else
        say(check, false, "%s%s: %s", where, step, words_of(check, problem));
    return true;
}

/* ---- writing ---- */

static void try_next(struct check *check);

/* "ring NAME: ", or where the members are. */
static void name_place(const struct check *check, size_t index, char *ret_text, size_t size)
{
    if (index < check->what->rings_count)
        (void)snprintf(ret_text, size, "ring %s: ", check->what->rings[index]);
    else
        (void)snprintf(ret_text, size, "members: ");
}

static void on_written(void *arg, const struct stek_etcd_problem *problem,
                       const struct stek_etcd_answer *answer)
{
    struct check *check = arg;
    char place[STEK_FLEET_RING_MAX + 16];

    (void)answer;
    name_place(check, check->written, place, sizeof place);
    if (!tell(check, place, "write", problem))
        return;
    check->written++;
    try_next(check);
}

/* No key ever has this revision. */
static void try_next(struct check *check)
{
    const struct stek_etcd_caller caller = {NULL, on_written, check};
    const struct stek_fleet_options *options = check->what->options;
    struct stek_key_name name;

    if (check->written > check->what->rings_count) {
        end(check);
        return;
    }
    if (check->written < check->what->rings_count)
        stek_name_record(options->prefix, check->what->rings[check->written], 0, &name);
    else
        stek_name_member(options->prefix, options->host, &name);
    const struct stek_etcd_put put = {.key = stek_key_name_bytes(&name),
                                      .value = {(const uint8_t *)"check", 5},
                                      .expected = INT64_MAX};
    const struct stek_etcd_write write = {.count = 1, .puts = &put};
    if (stek_etcd_write(check->etcd, &write, &caller) != STEK_OK)
        end(check);
}

static void on_lease(void *arg, const struct stek_etcd_problem *problem,
                     const struct stek_etcd_answer *answer)
{
    (void)answer;
    if (tell(arg, "", "lease", problem))
        try_next(arg);
}

/* ---- connecting and reading ---- */

static void on_online(void *arg)
{
    struct check *check = arg;
    const struct stek_etcd_caller caller = {NULL, on_lease, check};
    const uint64_t random = stek_random_dice();

    say(check, true, "connection and certificates: fine");
    if (stek_etcd_lease(check->etcd, (int64_t)(random >> 1 | 1), LEASE_S, &caller) != STEK_OK)
        end(check);
}

/* A server that refuses our certificate closes, and its alert is often lost with that. So does one
 * that speaks TLS, when it is not spoken to. */
static const char *guess(const struct check *check, const struct stek_etcd_problem *problem)
{
    if (strncmp(check->endpoint, "https:", 6) != 0)
        return strstr(problem->text, "the connection broke") != NULL
                   ? "; perhaps it speaks TLS: https:// in endpoints"
                   : "";
    if (strstr(problem->text, "wrong version number") != NULL)
        return "; perhaps it speaks no TLS: http:// in endpoints, or another port";
    if (check->what->options->cert == NULL)
        return "; no certificate was shown: [fleet] cert and key are not set";
    return strstr(problem->text, "the connection broke") != NULL
               ? "; perhaps etcd refuses the certificate of [fleet] cert"
               : "";
}

static void on_offline(void *arg, const struct stek_etcd_problem *problem)
{
    struct check *check = arg;

    if (check->ended)
        return;
    say(check, false, "%s%s", words_of(check, problem), guess(check, problem));
    end(check);
}

static void on_read_begin(void *arg, size_t span, int64_t revision)
{
    const struct check *check = arg;

    (void)revision;
    check->folders[span].ours = false;
    check->folders[span].other_id[0] = '\0';
}

static bool is_ours(const struct check *check, const struct folder *folder, struct stek_bytes key)
{
    uint64_t seq;

    for (uint32_t i = 0; i < check->what->options->keks->count; i++)
        if (stek_name_parse(&folder->keyed[i].from, key, &seq) != STEK_NAME_FOREIGN)
            return true;
    return false;
}

static void on_item(void *arg, size_t span, const struct stek_etcd_item *item)
{
    const struct check *check = arg;
    struct folder *folder = &check->folders[span];

    if (item->gone || !stek_name_is_keyed(&folder->from, item->key))
        return;
    if (is_ours(check, folder, item->key))
        folder->ours = true;
    else
        (void)snprintf(folder->other_id, sizeof folder->other_id, "%.*s", 2 * STEK_KEK_ID_LEN,
                       (const char *)item->key.at + strlen(folder->from.text));
}

/* Whether the ring's records there are under a key that this host has. */
static void tell_key(struct check *check, size_t ring)
{
    const struct folder *folder = &check->folders[ring];
    const char *name = check->what->rings[ring];

    if (check->what->options->keks->count == 0)
        return;
    if (folder->ours)
        say(check, true, "ring %s: is there under this host's key: fine", name);
    else if (folder->other_id[0] == '\0')
        say(check, true, "ring %s: is not there yet: fine", name);
    else
        say(check, false,
            "ring %s: is there under the key-encryption key %s only, which this host does not have",
            name, folder->other_id);
}

static void on_read_end(void *arg, size_t span, const struct stek_etcd_problem *problem)
{
    struct check *check = arg;
    char place[STEK_FLEET_RING_MAX + 16];

    name_place(check, span, place, sizeof place);
    if (tell(check, place, "read and watch", problem) && problem->fault == STEK_ETCD_OK)
        tell_key(check, span);
}

static void on_beside(void *arg, size_t span, uint64_t count)
{
    (void)arg, (void)span, (void)count;
}

static void on_slow(void *arg, size_t span, const struct stek_etcd_problem *problem)
{
    (void)arg, (void)span, (void)problem;
}

static void on_other_store(void *arg)
{
    (void)arg;
}

static void on_clock(void *arg, int64_t ahead_s, int64_t round_trip_ms)
{
    (void)arg, (void)ahead_s, (void)round_trip_ms;
}

/* ---- one endpoint, and all ---- */

static void describe_folder(struct check *check, size_t ring, struct stek_etcd_span *ret_span,
                            struct stek_etcd_parts *ret_parts)
{
    const struct stek_fleet_options *options = check->what->options;
    struct folder *folder = &check->folders[ring];

    stek_name_folder(options->prefix, check->what->rings[ring], &folder->from, &folder->until);
    stek_fleet_keyed_init(options->prefix, check->what->rings[ring], options->keks, folder->keyed);
    *ret_span = (struct stek_etcd_span){stek_key_name_bytes(&folder->from),
                                        stek_key_name_bytes(&folder->until)};
    stek_fleet_parts(ret_span, folder->keyed, options->keks->count, ret_parts);
}

static enum stek_result open_etcd(struct check *check, struct stek_etcd_span *spans,
                                  struct stek_etcd_parts *parts)
{
    const struct stek_fleet_check *what = check->what;
    const struct stek_etcd_handlers handlers = {.on_online = on_online,
                                                .on_offline = on_offline,
                                                .on_read_begin = on_read_begin,
                                                .on_item = on_item,
                                                .on_beside = on_beside,
                                                .on_slow = on_slow,
                                                .on_read_end = on_read_end,
                                                .on_other_store = on_other_store,
                                                .on_clock = on_clock,
                                                .arg = check};
    const struct stek_etcd_options options = {.endpoints = &check->endpoint,
                                              .endpoints_count = 1,
                                              .ca = what->options->ca,
                                              .cert = what->options->cert,
                                              .key = what->options->key,
                                              .spans = spans,
                                              .parts = parts,
                                              .spans_count = what->rings_count,
                                              .pace_ms = PACE_MS,
                                              .back_off_max_ms = PACE_MS};

    for (size_t i = 0; i < what->rings_count; i++)
        describe_folder(check, i, &spans[i], &parts[i]);
    return stek_etcd_new(check->base, &options, &handlers, &check->etcd);
}

static enum stek_result open_check(struct check *check)
{
    const size_t count = check->what->rings_count + 1;
    struct stek_etcd_span *spans = calloc(count, sizeof *spans);
    struct stek_etcd_parts *parts = calloc(count, sizeof *parts);
    enum stek_result result = STEK_ERR_MEMORY;

    check->base = event_base_new();
    check->folders = calloc(count, sizeof *check->folders);
    if (check->base != NULL && check->folders != NULL && spans != NULL && parts != NULL)
        result = open_etcd(check, spans, parts);
    free(spans);
    free(parts);
    return result;
}

static bool check_endpoint(const struct stek_fleet_check *what, const char *endpoint)
{
    const struct timeval most = {MOST_S, 0};
    struct check check = {.what = what, .endpoint = endpoint, .fine = true};

    if (open_check(&check) != STEK_OK) {
        say(&check, false, "cannot be tried: no memory");
    } else {
        event_base_loopexit(check.base, &most);
        event_base_dispatch(check.base);
        if (!check.ended)
            say(&check, false, "not done within %d seconds", MOST_S);
    }
    check.ended = true;
    stek_etcd_free(check.etcd);
    if (check.base != NULL)
        event_base_free(check.base);
    free(check.folders);
    return check.fine;
}

bool stek_fleet_check(const struct stek_fleet_check *what)
{
    bool fine = true;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (size_t i = 0; i < what->options->endpoints_count; i++)
        fine &= check_endpoint(what, what->options->endpoints[i]);
    curl_global_cleanup();
    return fine;
}
