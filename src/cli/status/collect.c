/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status/statuses.h"

#include "cli/command.h"
#include "cli/rundir.h"
#include "cli/format.h"
#include "ringfile/ringfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void stek_statuses_fini(struct stek_statuses *statuses)
{
    free(statuses->ring);
    statuses->ring = NULL;
}

static int no_memory(const struct stek_statuses *statuses)
{
    (void)fprintf(stderr, "stek %s: no memory\n", statuses->command);
    return STEK_EXIT_FAILED;
}

static bool make_room(struct stek_statuses *statuses, size_t count)
{
    statuses->count = 0;
    statuses->ring = calloc(count > 0 ? count : 1, sizeof *statuses->ring);
    return statuses->ring != NULL;
}

/* Takes stekd's answer apart. */
static int take_answer(const json_t *answer, struct stek_statuses *statuses)
{
    const json_t *stekd = json_object_get(answer, "stekd");
    const json_t *rings = json_object_get(answer, "rings");
    const char *version = json_string_value(json_object_get(stekd, "version"));

    if (!make_room(statuses, json_array_size(rings)))
        return no_memory(statuses);
    (void)snprintf(statuses->version, sizeof statuses->version, "%s",
                   version != NULL ? version : "of unknown version");
    statuses->pid = (int64_t)json_integer_value(json_object_get(stekd, "pid"));
    statuses->since = (int64_t)json_integer_value(json_object_get(stekd, "since"));
    const char *clock = json_string_value(json_object_get(stekd, "clock_problem"));
    (void)snprintf(statuses->clock, sizeof statuses->clock, "%s", clock != NULL ? clock : "");
    statuses->from_stekd = true;
    for (size_t i = 0; i < json_array_size(rings); i++) {
        const char *problem = stek_status_parse(json_array_get(rings, i), &statuses->ring[i]);
        if (problem != NULL) {
            (void)fprintf(stderr, "stek %s: stekd's answer has %s: is it another version?\n",
                          statuses->command, problem);
            return STEK_EXIT_FAILED;
        }
        statuses->count++;
    }
    return STEK_EXIT_FINE;
}

/* What one ring file says. */
static void read_ring(int dir, const char *name, int64_t now, struct stek_status_ring *ret_ring)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    struct stek_stats_sum stats;
    unsigned steps = STEK_STATS_READ_STEPS;
    const char *problem = NULL;

    enum stek_result result = stek_ringfile_read(dir, name, &state, &problem);
    if (result == STEK_OK) {
        const bool counted = stek_stats_read(dir, name, &steps, &stats) == STEK_OK;
        result = stek_status_describe(name, &state, counted ? &stats : NULL, now, ret_ring);
    }
    if (result != STEK_OK)
        stek_status_unreadable(name, problem != NULL ? problem : stek_format_result(result),
                               ret_ring);
}

static int read_named(int dir, const char *only, struct stek_statuses *statuses)
{
    char file[STEK_RINGFILE_NAME_LEN];

    stek_ringfile_name(only, file);
    if (faccessat(dir, file, F_OK, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
        (void)fprintf(stderr,
                      "stek %s: there is no ring '%s' in %s: 'stek status' lists the rings\n",
                      statuses->command, only, stek_rundir());
        return STEK_EXIT_FAILED;
    }
    if (!make_room(statuses, 1))
        return no_memory(statuses);
    read_ring(dir, only, statuses->now, &statuses->ring[0]);
    statuses->count = 1;
    return STEK_EXIT_FINE;
}

static int read_all(int dir, struct stek_statuses *statuses)
{
    char(*names)[STEK_RING_NAME_MAX + 1] = NULL;
    const int count = stek_rundir_list(dir, &names);

    if (count < 0) {
        (void)fprintf(stderr, "stek %s: %s: %s\n", statuses->command, stek_rundir(),
                      strerror(errno));
        return STEK_EXIT_FAILED;
    }
    const bool room = make_room(statuses, (size_t)count);
    for (int i = 0; room && i < count; i++)
        read_ring(dir, names[i], statuses->now, &statuses->ring[statuses->count++]);
    free(names);
    return room ? STEK_EXIT_FINE : no_memory(statuses);
}

/* Without stekd: from the files. */
static int read_files(const char *only, struct stek_statuses *statuses)
{
    const int dir = stek_rundir_open();

    if (dir < 0) {
        (void)fprintf(
            stderr,
            "stek %s: %s: %s; is stekd installed and running? Try 'systemctl start stekd' "
            "or --run-dir DIR\n",
            statuses->command, stek_rundir(), strerror(errno));
        return errno == EACCES ? STEK_EXIT_FAILED : STEK_EXIT_UNREACHABLE;
    }
    const int code = only != NULL ? read_named(dir, only, statuses) : read_all(dir, statuses);
    (void)close(dir);
    return code;
}

int stek_statuses_collect(const char *command, const char *only, struct stek_statuses *ret_statuses)
{
    json_t *request = only != NULL ? json_pack("{s:s, s:s}", "command", "status", "ring", only)
                                   : json_pack("{s:s}", "command", "status");
    struct stek_statuses statuses = {.command = command, .now = (int64_t)time(NULL)};
    json_t *answer = NULL;
    int code = STEK_EXIT_FINE;

    switch (stek_client_ask(request, &answer, statuses.why)) {
    case STEK_CLIENT_ANSWERED:
        code = take_answer(answer, &statuses);
        json_decref(answer);
        break;
    case STEK_CLIENT_FAILED:
        (void)fprintf(stderr, "stek %s: %s\n", command, statuses.why);
        return STEK_EXIT_FAILED;
    case STEK_CLIENT_DENIED:
        statuses.denied = true;
        code = read_files(only, &statuses);
        break;
    default:
        code = read_files(only, &statuses);
    }
    if (code == STEK_EXIT_FINE)
        *ret_statuses = statuses;
    else
        stek_statuses_fini(&statuses);
    return code;
}

int stek_statuses_exit(const struct stek_statuses *statuses)
{
    int code = statuses->from_stekd || statuses->denied ? STEK_EXIT_FINE : STEK_EXIT_UNREACHABLE;

    for (size_t i = 0; i < statuses->count; i++)
        if (!statuses->ring[i].orphan && (statuses->ring[i].health == STEK_STATUS_CONTINUATION ||
                                          statuses->ring[i].health == STEK_STATUS_NO_KEY ||
                                          statuses->ring[i].health == STEK_STATUS_NOT_KEPT))
            code = STEK_EXIT_DEGRADED;
    for (size_t i = 0; i < statuses->count; i++)
        if (!statuses->ring[i].orphan && statuses->ring[i].health == STEK_STATUS_UNREADABLE)
            code = STEK_EXIT_FAILED;
    return code;
}

static json_t *rings_json(const struct stek_statuses *statuses)
{
    json_t *rings = json_array();

    for (size_t i = 0; rings != NULL && i < statuses->count; i++) {
        if (json_array_append_new(rings, stek_status_json(&statuses->ring[i])) != 0) {
            json_decref(rings);
            return NULL;
        }
    }
    return rings;
}

json_t *stek_statuses_json(const struct stek_statuses *statuses)
{
    json_t *stekd =
        statuses->from_stekd
            ? json_pack("{s:s, s:I, s:I, s:s?}", "version", statuses->version, "pid",
                        (json_int_t)statuses->pid, "since", (json_int_t)statuses->since,
                        "clock_problem", statuses->clock[0] != '\0' ? statuses->clock : NULL)
            : json_null();

    return json_pack("{s:I, s:o, s:o}", "time", (json_int_t)statuses->now, "stekd", stekd, "rings",
                     rings_json(statuses));
}
