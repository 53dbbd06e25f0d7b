/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fleet.h"

#include "cli/format.h"
#include "core/plural.h"
#include "fleet/rules/epoch.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LAGGARDS_MAX = 10, DAY_LATE_S = 2 * 3600 };

static const char *text_of(const json_t *object, const char *member)
{
    const char *text = json_string_value(json_object_get(object, member));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *object, const char *member)
{
    return json_integer_value(json_object_get(object, member));
}

bool stek_fleet_has_key(const json_t *host, const char *key)
{
    const json_t *keys = json_object_get(host, "keys");

    for (size_t i = 0; key != NULL && i < json_array_size(keys); i++)
        if (json_is_string(json_array_get(keys, i)) &&
            strcmp(json_string_value(json_array_get(keys, i)), key) == 0)
            return true;
    return false;
}

static json_t *hosts_of(const json_t *fleet)
{
    return json_object_get(json_object_get(fleet, "members"), "hosts");
}

static const json_t *ring_of(const json_t *host, const char *ring)
{
    return json_object_get(json_object_get(host, "rings"), ring);
}

void stek_fleet_coverage(const json_t *fleet, const char *ring, int64_t seq, int64_t floor,
                         size_t *ret_holders, size_t *ret_floors, size_t *ret_all)
{
    const char *name;
    json_t *host;

    *ret_holders = *ret_floors = *ret_all = 0;
    json_object_foreach(hosts_of(fleet), name, host)
    {
        const json_t *said = ring_of(host, ring);
        if (said == NULL)
            continue;
        (*ret_all)++;
        *ret_holders += number_of(said, "held") >= seq;
        *ret_floors += number_of(said, "floor") >= floor;
    }
}

bool stek_fleet_is_well(const json_t *fleet)
{
    const json_t *rings = json_object_get(fleet, "rings");
    bool well = json_is_true(json_object_get(fleet, "online"));

    for (size_t i = 0; i < json_array_size(rings); i++) {
        const json_t *ring = json_array_get(rings, i);
        well = well && strcmp(text_of(ring, "standing"), "in-step") == 0 &&
               text_of(ring, "problem")[0] == '\0';
    }
    return well;
}

static void print_store(const json_t *fleet)
{
    struct stek_text since;

    (void)printf("Store: %s %s since %s\n", text_of(fleet, "endpoint"),
                 json_is_true(json_object_get(fleet, "online")) ? "connected" : "UNREACHABLE",
                 stek_format_time(number_of(fleet, "since"), &since));
    if (text_of(fleet, "problem")[0] != '\0')
        (void)printf("  %s\n", text_of(fleet, "problem"));
    const int64_t ahead = number_of(fleet, "clock_ahead_s");
    if (ahead > 5 || ahead < -5)
        (void)printf("  this host's clock is %lld s %s the store's\n",
                     (long long)(ahead > 0 ? ahead : -ahead), ahead > 0 ? "ahead of" : "behind");
}

/* Those that lag, by name. */
static void print_laggards(const json_t *fleet, const char *ring, int64_t next)
{
    json_t *hosts = hosts_of(fleet);
    unsigned count = 0;

    for (void *at = json_object_iter(hosts); at != NULL; at = json_object_iter_next(hosts, at)) {
        const json_t *said = ring_of(json_object_iter_value(at), ring);
        if (said == NULL || number_of(said, "held") >= next)
            continue;
        count++;
        if (count <= LAGGARDS_MAX)
            (void)printf("  %s holds keys up to %lld\n", json_object_iter_key(at),
                         (long long)number_of(said, "held"));
    }
    if (count > LAGGARDS_MAX)
        (void)printf("  and %u more\n", count - LAGGARDS_MAX);
}

/* The numbers of the keys that this host has. */
static void print_seqs(const json_t *ring)
{
    const int64_t active = number_of(ring, "active");
    const int64_t next = number_of(ring, "next");

    if (active > 0)
        (void)printf("  key %lld seals, ", (long long)active);
    else
        (void)printf("  no key of the fleet seals, ");
    if (next > 0)
        (void)printf("then %lld; ", (long long)next);
    else
        (void)printf("no next key yet; ");
    (void)printf("floor %lld\n  ", (long long)number_of(ring, "floor"));
}

static void print_ring(const json_t *fleet, const json_t *ring)
{
    const char *name = text_of(ring, "name");
    const int64_t next = number_of(ring, "next");
    size_t holders;
    size_t floors;
    size_t all;
    struct stek_text since;

    (void)printf("Ring %s: %s (since %s)\n", name, text_of(ring, "text"),
                 stek_format_time(number_of(ring, "since"), &since));
    if (text_of(ring, "problem")[0] != '\0')
        (void)printf("  %s\n", text_of(ring, "problem"));
    if (json_is_true(json_object_get(ring, "store_is_older")))
        (void)puts("  the store is older than what this host has seen of it: restored from a "
                   "backup?");
    stek_fleet_coverage(fleet, name, next, number_of(ring, "floor"), &holders, &floors, &all);
    print_seqs(ring);
    if (all > 0 && next > 0)
        (void)printf("next key held by %zu of %zu %s; ", holders, all,
                     stek_plural(all, "host", "hosts"));
    if (all > 0)
        (void)printf("floor on %zu of %zu %s\n", floors, all, stek_plural(all, "host", "hosts"));
    else
        (void)puts("what other hosts have is not known yet");
    if (next > 0)
        print_laggards(fleet, name, next);

    const char *reason;
    json_t *count;
    json_object_foreach(json_object_get(ring, "refused"), reason, count)(void)
        printf("  refused in the store: %lld (%s)\n", (long long)json_integer_value(count), reason);
    const int64_t foreign = number_of(ring, "foreign_keys");
    if (foreign > 0)
        (void)printf(
            "  %lld %s not belong to stek\n", (long long)foreign,
            stek_plural((uint64_t)foreign, "key in the store does", "keys in the store do"));
}

static void print_keys(const json_t *fleet)
{
    const json_t *keys = json_object_get(fleet, "keys");

    for (size_t i = 0; i < json_array_size(keys); i++) {
        const char *key = json_string_value(json_array_get(keys, i));
        const char *name;
        json_t *host;
        size_t having = 0;
        json_object_foreach(hosts_of(fleet), name, host) having += stek_fleet_has_key(host, key);
        (void)printf("Key-encryption key %s (%s)", key, i == 0 ? "seals" : "opens only");
        const size_t all = json_object_size(hosts_of(fleet));
        if (all > 0)
            (void)printf(": on %zu of %zu %s", having, all, stek_plural(all, "host", "hosts"));
        (void)puts("");
    }
}

/* The first day (UTC) of what a key opens. */
static const char *day_text(int64_t since, char ret_text[32])
{
    const time_t at = (time_t)since;
    struct tm parts;

    if (since == 0)
        return "all days";
    if (gmtime_r(&at, &parts) == NULL || strftime(ret_text, 32, "%Y-%m-%d and later", &parts) == 0)
        return "?";
    return ret_text;
}

/* The latest day that the floor of a ring is sealed for. */
static int64_t latest_floor(const json_t *fleet)
{
    const json_t *rings = json_object_get(fleet, "rings");
    int64_t latest = 0;

    for (size_t i = 0; i < json_array_size(rings); i++) {
        const int64_t epoch = number_of(json_array_get(rings, i), "epoch");
        if (epoch > latest)
            latest = epoch;
    }
    return latest > 0 ? stek_epoch_begins((uint64_t)latest) : 0;
}

/* Where a key opens days that are over, or is of one that is to come: why. */
static void print_wrong_day(const json_t *fleet, int64_t since)
{
    const int64_t now = (int64_t)time(NULL);
    const int64_t floor = latest_floor(fleet);

    if (since > now + DAY_LATE_S)
        (void)puts("  that day is to come: the key was made, or moved on, under a wrong clock, and "
                   "no\n  day is destroyed before it: see DAYS in stek-fleet(1)");
    else if (since + STEK_EPOCH_S + DAY_LATE_S >= now)
        return;
    else if (since < floor)
        (void)puts("  older than the fleet's: it is destroyed within an hour if the clocks are "
                   "right");
    else if (json_is_true(json_object_get(fleet, "online")))
        (void)puts("  days that are over stay: nobody has put the floor again for today");
    else
        (void)puts("  days that are over stay until the store is reached");
}

/* What a thief of this host's disk could open, and why it may be more than it must. */
static void print_epochs(const json_t *fleet)
{
    const json_t *epochs = json_object_get(fleet, "epochs");
    const json_t *state = json_object_get(fleet, "state");
    char day[32];

    for (size_t i = 0; i < json_array_size(epochs); i++) {
        const json_t *key = json_array_get(epochs, i);
        (void)printf("  key %s opens what was sealed for %s\n", text_of(key, "key"),
                     day_text(number_of(key, "opens_since"), day));
        print_wrong_day(fleet, number_of(key, "opens_since"));
        if (text_of(key, "problem")[0] != '\0')
            (void)printf("  %s:\n  whoever takes that file opens what was sealed for %s\n",
                         text_of(key, "problem"),
                         day_text(number_of(key, "file_opens_since"), day));
    }
    if (!json_is_true(json_object_get(fleet, "clock_confirmed")))
        (void)puts("  no epoch ends: the store's clock does not confirm this host's");
    if (text_of(state, "problem")[0] != '\0')
        (void)printf("State folder %s: %s:\n  after a reboot this host believes whatever the store "
                     "says\n",
                     text_of(state, "folder"), text_of(state, "problem"));
}

static void print_members(const json_t *fleet)
{
    const char *name;
    json_t *host;

    if (json_object_size(hosts_of(fleet)) == 0) {
        (void)puts("No members are known: the store has not been reached yet.");
        return;
    }
    (void)printf("\n%-40s %-10s %s\n", "HOST", "VERSION", "CLOCK");
    json_object_foreach(hosts_of(fleet), name, host)
    {
        const json_t *clock = json_object_get(host, "clock_ahead_s");
        (void)printf("%-40.40s %-10.10s ", name, text_of(host, "version"));
        if (clock != NULL)
            (void)printf("%+lld s\n", (long long)json_integer_value(clock));
        else
            (void)puts("?");
    }
}

void stek_fleet_print(const json_t *fleet)
{
    const json_t *rings = json_object_get(fleet, "rings");

    if (!json_is_true(json_object_get(fleet, "configured"))) {
        (void)puts("This host is not in a fleet: no ring has source = fleet. See stekd.conf(5).");
        return;
    }
    print_store(fleet);
    for (size_t i = 0; i < json_array_size(rings); i++)
        print_ring(fleet, json_array_get(rings, i));
    print_keys(fleet);
    print_epochs(fleet);
    print_members(fleet);
}
