/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This host's announcement in the store, and what the others announce. JSON, under a lease that
 * ends when the host does; written when what it says has changed, and at most once a second. It is
 * believed for display only: an attacker who can write into the store can write anything here, but
 * no key depends on it.
 */
#include "fleet/state.h"
#include "core/hex.h"
#include "crypto/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <event2/event.h>
#include <event2/util.h>

enum {
    TICK_S = 1,
    LEASE_S = 30,
    RENEW_EVERY_TICKS = 10,
    PAGE = 500,
    PAGES_MAX = 16, /* of one reading: a store that always has more would keep this host busy */
    CLOCK_SANE_S = 1 << 30,
    HOSTS_MAX = 2000,
    ANNOUNCEMENT_MAX = 2048
};

static json_t *keys_json(const struct stek_fleet *fleet)
{
    json_t *keys = json_array();
    char hex[2 * STEK_KEK_ID_LEN + 1];

    for (uint32_t i = 0; i < fleet->keks->count; i++) {
        stek_hex_text(fleet->keks->at[i].id, STEK_KEK_ID_LEN, hex);
        json_array_append_new(keys, json_string(hex));
    }
    return keys;
}

static json_t *rings_json(const struct stek_fleet *fleet)
{
    json_t *rings = json_object();

    for (size_t i = 0; i < fleet->rings_count; i++) {
        const struct stek_fleet_ring *ring = &fleet->rings[i];
        json_object_set_new(rings, ring->name,
                            json_pack("{s:I, s:I}", "held", (json_int_t)stek_fleet_ring_held(ring),
                                      "floor", (json_int_t)ring->sync->floor));
    }
    return rings;
}

/* With so many rings that they do not fit, their numbers are left out. */
static bool compose(const struct stek_fleet *fleet, char ret_text[ANNOUNCEMENT_MAX])
{
    json_t *said = json_pack("{s:s, s:o, s:o}", "version", STEK_VERSION, "keys", keys_json(fleet),
                             "rings", rings_json(fleet));

    if (said != NULL && fleet->clock_known)
        json_object_set_new(said, "clock_ahead_s", json_integer(fleet->clock_ahead_s));
    size_t len = json_dumpb(said, ret_text, ANNOUNCEMENT_MAX - 1, JSON_COMPACT);
    if (len >= ANNOUNCEMENT_MAX) {
        json_object_del(said, "rings");
        len = json_dumpb(said, ret_text, ANNOUNCEMENT_MAX - 1, JSON_COMPACT);
    }
    json_decref(said);
    if (len == 0 || len >= ANNOUNCEMENT_MAX)
        return false;
    ret_text[len] = '\0';
    return true;
}

static void on_announced(void *arg, const struct stek_etcd_problem *problem,
                         const struct stek_etcd_answer *answer)
{
    struct stek_fleet *fleet = arg;

    (void)problem;
    fleet->members.busy = false;
    if (answer == NULL) { /* the lease may be gone: begin anew */
        fleet->members.leased = false;
        fleet->members.said[0] = '\0';
    }
}

static void announce(struct stek_fleet *fleet)
{
    struct stek_fleet_members *members = &fleet->members;
    const struct stek_etcd_caller caller = {NULL, on_announced, fleet};
    char text[ANNOUNCEMENT_MAX];
    struct stek_key_name name;

    if (!compose(fleet, text) || strcmp(text, members->said) == 0) {
        members->dirty = false;
        return;
    }
    stek_name_member(fleet->options.prefix, fleet->options.host, &name);
    const struct stek_etcd_put put = {.key = stek_key_name_bytes(&name),
                                      .value = {(const uint8_t *)text, strlen(text)},
                                      .lease = members->lease,
                                      .expected = -1};
    const struct stek_etcd_write write = {.count = 1, .puts = &put};
    if (stek_etcd_write(fleet->etcd, &write, &caller) != STEK_OK)
        return;
    members->busy = true;
    members->dirty = false;
    memcpy(members->said, text, sizeof text);
}

static void on_lease(void *arg, const struct stek_etcd_problem *problem,
                     const struct stek_etcd_answer *answer)
{
    struct stek_fleet *fleet = arg;

    fleet->members.busy = false;
    fleet->members.leased = answer != NULL || problem->fault == STEK_ETCD_EXISTS;
    if (fleet->members.leased)
        announce(fleet);
}

static void take_lease(struct stek_fleet *fleet)
{
    const struct stek_etcd_caller caller = {NULL, on_lease, fleet};
    const uint64_t random = stek_random_dice();

    fleet->members.lease = (int64_t)(random >> 1 | 1);
    fleet->members.said[0] = '\0';
    fleet->members.busy =
        stek_etcd_lease(fleet->etcd, fleet->members.lease, LEASE_S, &caller) == STEK_OK;
}

static void on_renewed(void *arg, const struct stek_etcd_problem *problem,
                       const struct stek_etcd_answer *answer)
{
    struct stek_fleet *fleet = arg;

    (void)problem;
    fleet->members.busy = false;
    if (answer != NULL && answer->ttl_s <= 0)
        fleet->members.leased = false; /* it ran out while this host was away */
}

static void renew(struct stek_fleet *fleet)
{
    const struct stek_etcd_caller caller = {NULL, on_renewed, fleet};

    fleet->members.busy =
        stek_etcd_keepalive(fleet->etcd, fleet->members.lease, &caller) == STEK_OK;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct stek_fleet *fleet = arg;
    struct stek_fleet_members *members = &fleet->members;

    (void)fd;
    (void)what;
    members->ticks++;
    if (!stek_etcd_is_online(fleet->etcd) || members->busy)
        return;
    if (!members->leased)
        take_lease(fleet);
    else if (members->ticks % RENEW_EVERY_TICKS == 0)
        renew(fleet);
    else if (members->dirty)
        announce(fleet);
}

enum stek_result stek_fleet_members_open(struct stek_fleet *fleet)
{
    const struct timeval every = {.tv_sec = TICK_S};

    fleet->members.timer = event_new(fleet->base, -1, EV_PERSIST, on_tick, fleet);
    if (fleet->members.timer == NULL || event_add(fleet->members.timer, &every) != 0)
        return STEK_ERR_MEMORY;
    return STEK_OK;
}

void stek_fleet_members_close(struct stek_fleet *fleet)
{
    if (fleet->members.timer != NULL)
        event_free(fleet->members.timer);
    json_decref(fleet->members.hosts);
    json_decref(fleet->members.known);
}

void stek_fleet_members_online(struct stek_fleet *fleet)
{
    fleet->members.busy = false;
    fleet->members.dirty = true;
    if (!fleet->members.leased)
        take_lease(fleet);
}

/* A host's announcement, taken as far as it is JSON at all. */
static void on_member(void *arg, const struct stek_etcd_answer *head,
                      const struct stek_etcd_item *item)
{
    struct stek_fleet *fleet = arg;
    struct stek_fleet_members *members = &fleet->members;
    const size_t folder_len = strlen(fleet->options.prefix) + sizeof "/.members/" - 1;
    char name[STEK_FLEET_HOST_MAX + 1];

    (void)head;
    members->count++;
    members->last_len =
        item->key.len < sizeof members->last - 1 ? item->key.len : sizeof members->last - 1;
    memcpy(members->last, item->key.at, members->last_len);
    members->last[members->last_len++] = 0;
    if (item->key.len <= folder_len || item->key.len - folder_len > STEK_FLEET_HOST_MAX ||
        item->value.len > ANNOUNCEMENT_MAX || json_object_size(members->hosts) >= HOSTS_MAX)
        return;
    memcpy(name, item->key.at + folder_len, item->key.len - folder_len);
    name[item->key.len - folder_len] = '\0';
    json_t *said =
        json_loadb((const char *)item->value.at, item->value.len, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(said))
        json_object_set(members->hosts, name, said);
    json_decref(said);
}

static int compare(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a;
    const int64_t two = *(const int64_t *)b;

    return (one > two) - (one < two);
}

/* The median of the other hosts' clocks, measured against the store's like ours. */
static bool median_clock(const struct stek_fleet *fleet, int64_t *ret_ahead_s)
{
    static int64_t clocks[HOSTS_MAX];
    size_t count = 0;
    const char *name;
    json_t *host;

    json_object_foreach(fleet->members.hosts, name, host)
    {
        const json_t *clock = json_object_get(host, "clock_ahead_s");
        /* cppcheck-suppress knownConditionTrueFalse ; it does not see that this is a loop */
        if (strcmp(name, fleet->options.host) != 0 && json_is_integer(clock) && count < HOSTS_MAX)
            clocks[count++] = json_integer_value(clock);
    }
    if (count == 0)
        return false;
    qsort(clocks, count, sizeof *clocks, compare);
    *ret_ahead_s = clocks[count / 2];
    return true;
}

static void end_reading(struct stek_fleet *fleet)
{
    struct stek_fleet_members *members = &fleet->members;
    int64_t others_s;

    if (fleet->clock_known && median_clock(fleet, &others_s) && others_s > -CLOCK_SANE_S &&
        others_s < CLOCK_SANE_S)
        stek_fleet_saw_clock(fleet, (fleet->clock_ahead_s - others_s) * 1000);

    json_decref(members->known);
    members->known = json_pack("{s:I, s:I, s:I, s:o}", "reading", (json_int_t)++members->readings,
                               "as_of", (json_int_t)(stek_fleet_now_ms() / 1000), "count",
                               (json_int_t)members->count, "hosts", members->hosts);
    members->hosts = NULL;
    members->reading = false;
}

static void read_page(struct stek_fleet *fleet);

static void on_page(void *arg, const struct stek_etcd_problem *problem,
                    const struct stek_etcd_answer *answer)
{
    struct stek_fleet *fleet = arg;

    (void)problem;
    if (answer != NULL && answer->more && fleet->members.pages < PAGES_MAX) {
        read_page(fleet);
        return;
    }
    if (answer != NULL)
        end_reading(fleet);
    fleet->members.reading = false;
}

static void read_page(struct stek_fleet *fleet)
{
    struct stek_fleet_members *members = &fleet->members;
    const struct stek_etcd_caller caller = {on_member, on_page, fleet};
    struct stek_key_name from;
    struct stek_key_name until;

    stek_name_folder(fleet->options.prefix, ".members", &from, &until);
    const struct stek_etcd_span span = {{(const uint8_t *)members->last, members->last_len},
                                        stek_key_name_bytes(&until)};
    members->pages++;
    members->reading = stek_etcd_range(fleet->etcd, &span, PAGE, &caller) == STEK_OK;
}

static void begin_reading(struct stek_fleet *fleet)
{
    struct stek_fleet_members *members = &fleet->members;
    struct stek_key_name from;
    struct stek_key_name until;

    stek_name_folder(fleet->options.prefix, ".members", &from, &until);
    members->last_len = strlen(from.text);
    memcpy(members->last, from.text, members->last_len);
    members->count = 0;
    members->pages = 0;
    json_decref(members->hosts);
    members->hosts = json_object();
    read_page(fleet);
}

json_t *stek_fleet_members_json(struct stek_fleet *fleet, bool read_again)
{
    if (read_again && !fleet->members.reading && stek_etcd_is_online(fleet->etcd))
        begin_reading(fleet);
    return json_incref(fleet->members.known);
}
