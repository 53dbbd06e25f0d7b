/* SPDX-License-Identifier: Apache-2.0 */
/* stek feed status: what the service wrote about itself, for people. */
#include "cli/feed/feed.h"

#include "cli/command.h"
#include "cli/format.h"

#include "feed/left.h"
#include "feed/lock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME_SHOWN = 8 };

static const char *text_of(const json_t *feed, const char *member)
{
    const char *text = json_string_value(json_object_get(feed, member));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *feed, const char *member)
{
    return (int64_t)json_integer_value(json_object_get(feed, member));
}

static void print_feed(const json_t *feed, int64_t now)
{
    const int64_t at = number_of(feed, "handed_over_at");
    struct stek_text ago = {"-"};

    if (at > 0)
        (void)stek_format_duration(now - at, &ago);
    (void)printf("%-16s %-9s %-12s %-14s %5" PRId64 " %6s  %.*s\n", text_of(feed, "name"),
                 text_of(feed, "state"), text_of(feed, "ring"), text_of(feed, "to"),
                 number_of(feed, "keys"), ago.at, NAME_SHOWN, text_of(feed, "sealing_key"));
    if (text_of(feed, "problem")[0] != '\0')
        (void)printf("  %s\n", text_of(feed, "problem"));
}

static void print_left(const json_t *left)
{
    for (size_t i = 0; i < json_array_size(left); i++) {
        const char *path = json_string_value(json_array_get(left, i));
        if (path != NULL)
            (void)printf("%s: keys of a feed that is not configured any more: 'stek feed wipe'\n",
                         path);
    }
}

static bool is_fed(const json_t *feed)
{
    return strcmp(text_of(feed, "state"), "fed") == 0;
}

static int print_all(const json_t *status, bool json)
{
    const json_t *feeds = json_object_get(status, "feeds");
    bool fine = true;

    if (json) {
        (void)json_dumpf(status, stdout, JSON_INDENT(2));
        (void)puts("");
    } else
        (void)printf("%-16s %-9s %-12s %-14s %5s %6s  %s\n", "FEED", "STATE", "RING", "TO", "KEYS",
                     "AGO", "SEALS");
    for (size_t i = 0; i < json_array_size(feeds); i++) {
        const json_t *feed = json_array_get(feeds, i);
        fine = fine && is_fed(feed);
        if (!json)
            print_feed(feed, (int64_t)time(NULL));
    }
    if (!json)
        print_left(json_object_get(status, "left"));
    return fine ? STEK_EXIT_FINE : STEK_EXIT_DEGRADED;
}

int stek_feed_status(const char *state_dir, bool json)
{
    struct stek_feed_fault fault;

    if (!stek_feed_is_served(state_dir)) {
        (void)fprintf(stderr, "stek feed: it does not run: systemctl start stek-feed\n");
        return STEK_EXIT_UNREACHABLE;
    }
    json_t *status = stek_feed_status_read(state_dir, &fault);
    if (status == NULL) {
        (void)fprintf(stderr, "stek feed: %s\n", fault.text);
        return STEK_EXIT_FAILED;
    }
    const int code = print_all(status, json);
    json_decref(status);
    return code;
}
