/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report/print.h"

#include "cli/format.h"
#include "core/plural.h"

#include <inttypes.h>
#include <pwd.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *member)
{
    return (int64_t)json_integer_value(json_object_get(object, member));
}

static bool has(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    return value != NULL && !json_is_null(value);
}

/* ---- the period ---- */

static void print_period(FILE *out, const json_t *report)
{
    const int64_t since = number_of(report, "since");
    struct stek_text from;
    struct stek_text begins;
    struct stek_text length;

    (void)fprintf(out, "Since %s (%s).", stek_format_time(since, &from),
                  stek_format_duration(number_of(report, "until") - since, &length));
    if (number_of(report, "begins") > since)
        (void)fprintf(out, " Nothing is known from before %s: the history begins there.",
                      stek_format_time(number_of(report, "begins"), &begins));
    (void)fputc('\n', out);
}

/* ---- rings ---- */

static const char *policy_text(const json_t *ring, const char *member, struct stek_text *text)
{
    return has(ring, member) ? stek_format_setting(number_of(ring, member), text) : "-";
}

static void print_ring(FILE *out, const json_t *ring, int columns)
{
    struct stek_text rotate;
    struct stek_text accept;
    struct stek_text longest;

    (void)fprintf(out, "%-*s %6s %6s %6" PRId64 " %9" PRId64 " %6" PRId64 " %7s  %s%s\n", columns,
                  text_of(ring, "name"), policy_text(ring, "rotate_s", &rotate),
                  policy_text(ring, "accept_s", &accept), number_of(ring, "keys"),
                  number_of(ring, "continued"), number_of(ring, "late"),
                  stek_format_duration(number_of(ring, "longest_s"), &longest),
                  json_is_true(json_object_get(ring, "as_policy")) ? "yes" : "NO",
                  json_is_true(json_object_get(ring, "gone")) ? " (removed)" : "");
}

static void print_rings(FILE *out, const json_t *rings)
{
    int columns = 4;

    for (size_t i = 0; i < json_array_size(rings); i++) {
        const int len = (int)strlen(text_of(json_array_get(rings, i), "name"));
        columns = len > columns ? len : columns;
    }
    (void)fprintf(out, "\n%-*s ROTATE ACCEPT   KEYS CONTINUED   LATE LONGEST  AS POLICY\n", columns,
                  "RING");
    for (size_t i = 0; i < json_array_size(rings); i++)
        print_ring(out, json_array_get(rings, i), columns);
}

/* ---- gaps ---- */

static const char *gap_text(const char *kind)
{
    static const struct {
        const char *kind;
        const char *text;
    } known[] = {{"stekd-stopped", "stekd did not run: it was stopped"},
                 {"stekd-ended", "stekd did not run: it or its host ended, at the earliest then"},
                 {"history-lost", "the history could not be written"},
                 {"no-fresh-key", "no fresh key in time: the ring went on by continuation"},
                 {"late", "the key sealed for longer than the policy says"},
                 {"not-kept", "stekd could not keep the ring"}};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(kind, known[i].kind) == 0)
            return known[i].text;
    return kind;
}

static void print_gap(FILE *out, const json_t *gap, int64_t now)
{
    const bool open = !has(gap, "until");
    const int64_t until = open ? now : number_of(gap, "until");
    struct stek_text from;
    struct stek_text length;

    (void)fprintf(out, "  %s  %6s  %s%s%s%s\n", stek_format_time(number_of(gap, "from"), &from),
                  stek_format_duration(until - number_of(gap, "from"), &length),
                  text_of(gap, "ring"), has(gap, "ring") ? ": " : "",
                  gap_text(text_of(gap, "kind")), open ? "; it goes on" : "");
}

static void print_gaps(FILE *out, const json_t *gaps, int64_t now)
{
    (void)fputs(json_array_size(gaps) > 0 ? "\nGaps:\n" : "\nNo gaps.\n", out);
    for (size_t i = 0; i < json_array_size(gaps); i++)
        print_gap(out, json_array_get(gaps, i), now);
}

/* ---- who ordered what ---- */

static void print_user(FILE *out, const json_t *event)
{
    const uid_t uid = (uid_t)number_of(event, "uid");

    if (!has(event, "uid"))
        return;
    const struct passwd *user = getpwuid(uid);
    (void)fprintf(out, ", by %s (user id %ju, process %" PRId64 ")",
                  user != NULL ? user->pw_name : "a user without a name", (uintmax_t)uid,
                  number_of(event, "pid"));
}

static void print_event(FILE *out, const json_t *event)
{
    struct stek_text when;

    (void)fprintf(out, "  %s  %s%s%s", stek_format_time(number_of(event, "time"), &when),
                  text_of(event, "ring"), has(event, "ring") ? ": " : "", text_of(event, "what"));
    if (has(event, "revoked"))
        (void)fprintf(out, " of %" PRId64 " %s", number_of(event, "revoked"),
                      stek_plural((uint64_t)number_of(event, "revoked"), "key", "keys"));
    print_user(out, event);
    if (has(event, "refused"))
        (void)fprintf(out, ": refused: %s", text_of(event, "refused"));
    (void)fputc('\n', out);
}

static void print_events(FILE *out, const json_t *events)
{
    (void)fputs(json_array_size(events) > 0 ? "\nOrders and reloads:\n"
                                            : "\nNo orders and no reloads.\n",
                out);
    for (size_t i = 0; i < json_array_size(events); i++)
        print_event(out, json_array_get(events, i));
}

/* ---- what is missing ---- */

static void print_missing(FILE *out, const json_t *report)
{
    const json_t *left_out = json_object_get(report, "left_out");
    const int64_t gaps = number_of(left_out, "gaps");
    const int64_t events = number_of(left_out, "events");

    if (gaps > 0 || events > 0)
        (void)fprintf(out,
                      "\nThere are more: %" PRId64 " gaps and %" PRId64
                      " orders before these: give a later --since.\n",
                      gaps, events);
    if (number_of(report, "damaged") > 0)
        (void)fprintf(out, "\n%" PRId64 " lines of the history are cut short or unsound.\n",
                      number_of(report, "damaged"));
}

void stek_report_print(FILE *out, const json_t *report)
{
    print_period(out, report);
    if (json_array_size(json_object_get(report, "rings")) > 0)
        print_rings(out, json_object_get(report, "rings"));
    else
        (void)fputs("\nNo rings.\n", out);
    print_gaps(out, json_object_get(report, "gaps"), number_of(report, "until"));
    print_events(out, json_object_get(report, "events"));
    print_missing(out, report);
}
