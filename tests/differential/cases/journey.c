/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the clients of a scene from every place to every place, and prints what they saw. */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct mechanism mechanisms[] = {
    {"1.3 ticket", TLS1_3_VERSION, true, true},
    {"1.2 ticket", TLS1_2_VERSION, true, true},
    {"1.2 id", TLS1_2_VERSION, false, false},
    /* A session id and an empty ticket extension: the client would like a ticket. */
    {"1.2 id+ext", TLS1_2_VERSION, false, true},
};

enum { MECHANISMS = sizeof mechanisms / sizeof *mechanisms, CLIENTS = 6 };

struct tour {
    const struct scene *scene;
    struct place places[PLACES_MAX];
    size_t count;
    struct session sessions[MECHANISMS][CLIENTS][PLACES_MAX];
    size_t mechanisms; /* the short run has tickets only */
    bool short_run;
};

/* Which of them. */
struct trip {
    size_t mechanism;
    size_t client;
    size_t source;
    size_t target;
};

static struct session *session_of(struct tour *tour, const struct trip *trip)
{
    return &tour->sessions[trip->mechanism][trip->client][trip->source];
}

static const struct client *client_of(const struct tour *tour, const struct trip *trip)
{
    const char *name = tour->scene->clients[trip->client];

    return name != NULL ? client_named(name) : NULL;
}

static bool may_share(const struct tour *tour, const struct place *one, const struct place *other)
{
    return !tour->scene->verifies && one->names != NULL && other->names != NULL &&
           strcmp(one->names, other->names) == 0;
}

static void print(const struct tour *tour, const struct trip *trip, const char *when,
                  const char *offer, const struct seen *seen)
{
    const struct place *from = &tour->places[trip->source];
    const struct place *to = &tour->places[trip->target];

    (void)printf("%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\t%d\t%s\t%lu\t%s\n", when,
                 mechanisms[trip->mechanism].name, client_of(tour, trip)->name, from->name,
                 to->name, offer, may_share(tour, from, to), seen->refused, seen->resumed,
                 seen->answer, seen->hint_s, seen->by_id ? "id" : "");
}

static void replace(struct session *session, struct session newer)
{
    free(session->bytes);
    *session = newer;
}

/* The session at the target, with and without the client showing itself again. */
static void offer(struct tour *tour, const struct trip *trip, const char *when, bool keeps)
{
    struct session *session = session_of(tour, trip);
    const struct client *client = client_of(tour, trip);
    const bool can_show = client->file != NULL || client->psk != NULL;

    if (session->bytes == NULL)
        return;
    for (int shows = 0; shows <= (can_show && !tour->short_run); shows++) {
        struct session got;
        const struct seen seen = talk(client, &mechanisms[trip->mechanism],
                                      &tour->places[trip->target], shows != 0, session, &got);
        print(tour, trip, when, shows ? "with" : "without", &seen);
        if (keeps && got.bytes != NULL)
            replace(session, got);
        else
            free(got.bytes);
    }
}

static bool next(const struct tour *tour, struct trip *trip, bool crosses)
{
    if (crosses && ++trip->target < tour->count)
        return true;
    trip->target = 0;
    if (++trip->source < tour->count)
        return true;
    trip->source = 0;
    if (++trip->client < CLIENTS && client_of(tour, trip) != NULL)
        return true;
    trip->client = 0;
    return ++trip->mechanism < tour->mechanisms;
}

static void first(struct tour *tour)
{
    struct trip trip = {0};

    do {
        struct session got;
        trip.target = trip.source;
        const struct seen seen = talk(client_of(tour, &trip), &mechanisms[trip.mechanism],
                                      &tour->places[trip.source], true, NULL, &got);
        print(tour, &trip, "first", "", &seen);
        replace(session_of(tour, &trip), got);
        trip.target = 0;
    } while (next(tour, &trip, false));
}

static void cross(struct tour *tour)
{
    struct trip trip = {0};

    do
        offer(tour, &trip, "cross", false);
    while (next(tour, &trip, true));
}

/* Each session where it came from. */
static void again(struct tour *tour, const char *when, bool keeps)
{
    struct trip trip = {0};

    do {
        trip.target = trip.source;
        offer(tour, &trip, when, keeps);
        trip.target = 0;
    } while (next(tour, &trip, false));
}

/* Sessions on their way into another process, in the order of the journeys; 0 stands for none. */
static void carry(struct tour *tour, const char *path, bool out)
{
    FILE *file = fopen(path, out ? "wb" : "rb");
    struct trip trip = {0};

    must(file != NULL, path);
    do {
        struct session *session = session_of(tour, &trip);
        if (out) {
            must(fwrite(&session->len, sizeof session->len, 1, file) == 1 &&
                     fwrite(session->bytes, 1, (size_t)session->len, file) == (size_t)session->len,
                 "writing a session");
        } else {
            must(fread(&session->len, sizeof session->len, 1, file) == 1, "reading a session");
            session->bytes = session->len > 0 ? malloc((size_t)session->len) : NULL;
            must(fread(session->bytes, 1, (size_t)session->len, file) == (size_t)session->len,
                 "reading a session");
        }
    } while (next(tour, &trip, false));
    must(fclose(file) == 0, path);
}

void walk(const struct scene *scene, const char *kept, bool from_file, bool short_run)
{
    static struct tour tour;

    tour = (struct tour){.scene = scene, .mechanisms = short_run ? 2 : MECHANISMS};
    tour.short_run = short_run;
    tour.count = scene->build(tour.places);
    if (from_file) {
        carry(&tour, kept, false);
        again(&tour, "restart", false);
        return;
    }
    first(&tour);
    cross(&tour);
    if (kept != NULL)
        carry(&tour, kept, true);
    for (size_t i = 0; i < CHANGES_MAX && scene->changes[i].happen != NULL; i++) {
        scene->changes[i].happen(tour.places, tour.count);
        again(&tour, scene->changes[i].step, scene->changes[i].keeps);
    }
}
