/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/doctor/look.h"

#include "counters/stats.h"
#include "ringfile/ringfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether programs have counted no ticket, and no connection that wanted one. */
static bool is_unused(const struct stek_stats_sum *sum)
{
    bool met = sum->count[STEK_COUNT_SEALED] > 0 || sum->count[STEK_COUNT_OPENED] > 0 ||
               sum->count[STEK_COUNT_NOT_SEALED] > 0;

    for (int i = 0; i < STEK_COUNTERS; i++)
        met = met || (stek_counter_is_refusal((enum stek_counter)i) && sum->count[i] > 0);
    return !met;
}

/* What its programs counted. */
static void look_at_counters(const struct stek_ringfile_place *place,
                             struct stek_doctor_facts *facts)
{
    struct stek_stats_sum sum;
    unsigned steps = STEK_STATS_READ_STEPS;

    if (stek_stats_read(place->dir_fd, place->ring, &steps, &sum) != STEK_OK)
        return;
    facts->unused = is_unused(&sum);
    facts->verifies_peers = sum.count[STEK_COUNT_VERIFIED_PEERS] > 0;
    facts->own_ids = sum.count[STEK_COUNT_ID_CONTEXT] > 0;
    facts->replaced = sum.count[STEK_COUNT_REPLACED] > 0;
}

static void look_at_file(const struct stek_ringfile_place *place, struct stek_doctor_facts *facts)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    const char *problem = NULL;

    if (stek_ringfile_read(place->dir_fd, place->ring, &state, &problem) == STEK_OK)
        facts->accept_s = state.accept_s;
    else if (errno != EACCES)
        (void)snprintf(facts->ring_problem, sizeof facts->ring_problem, "%s",
                       problem != NULL ? problem : "it cannot be read");
}

void stek_doctor_look_ring(struct stek_doctor_facts *facts, char *ret_file, size_t size)
{
    struct stek_ringfile_place place = {.dir_fd = -1};
    char name[STEK_RINGFILE_NAME_LEN];
    const char *problem = NULL;
    struct stat about;

    ret_file[0] = '\0';
    if (facts->ring[0] == '\0' || facts->private_ring ||
        stek_ringfile_find(facts->ring, &place, &problem) != STEK_OK)
        return;
    stek_ringfile_name(place.ring, name);
    facts->ring_there = fstatat(place.dir_fd, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
    if (facts->ring_there) {
        char link[64];
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", place.dir_fd);
        const ssize_t len = readlink(link, ret_file, size - sizeof name - 1);
        (void)snprintf(ret_file + (len > 0 ? len : 0), size - (size_t)(len > 0 ? len : 0), "/%s",
                       name);
        errno = 0;
        look_at_file(&place, facts);
        look_at_counters(&place, facts);
    }
    (void)close(place.dir_fd);
}
