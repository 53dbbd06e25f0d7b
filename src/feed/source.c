/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/source.h"

#include "core/schedule.h"
#include "feed/rules/choose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEK_FEED_WHY_LEN = 192 };

static enum stek_feed_seen unread(const struct stek_feed_source *source, const char *why,
                                  struct stek_feed_fault *ret_fault)
{
    stek_feed_fault_say(ret_fault, "ring %s cannot be read: %.150s", source->ring, why);
    return STEK_FEED_UNREAD;
}

/* The words for a result, and errno's. */
static const char *explain(enum stek_result result, char ret_words[STEK_FEED_WHY_LEN])
{
    const char *system = errno != 0 ? strerror(errno) : "";
    const char *what =
        result == STEK_ERR_SYSTEM ? "a system call failed" : stek_result_text(result);

    (void)snprintf(ret_words, STEK_FEED_WHY_LEN, "%.110s%s%s", what, errno != 0 ? ": " : "",
                   system);
    return ret_words;
}

static void unmap(struct stek_feed_source *source)
{
    if (source->file.image != NULL)
        stek_ringfile_unmap(&source->file);
    source->file.image = NULL;
    source->generation = 0;
}

/* Maps the file that is there now. NULL, or what is wrong. */
static const char *map(struct stek_feed_source *source, char why[STEK_FEED_WHY_LEN])
{
    struct stek_ringfile_place place = {
        .dir_fd = open(source->run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    const char *problem = NULL;

    if (place.dir_fd < 0)
        return strerror(errno);
    (void)snprintf(place.ring, sizeof place.ring, "%s", source->ring);
    if (source->file.image != NULL && !stek_ringfile_is_at(&source->file, &place))
        unmap(source);
    if (source->file.image == NULL) {
        errno = 0;
        const enum stek_result result =
            stek_ringfile_map(place.dir_fd, place.ring, &source->file, &problem);
        if (result != STEK_OK) {
            source->file.image = NULL;
            problem = problem != NULL ? problem : explain(result, why);
        }
    }
    (void)close(place.dir_fd);
    return problem;
}

static enum stek_feed_seen read_records(struct stek_feed_source *source, int64_t now,
                                        struct stek_records *ret_records,
                                        struct stek_feed_fault *ret_fault)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    struct stek_view view;
    uint64_t generation;
    const enum stek_result result = stek_image_read(source->file.image, &state, &generation);

    if (result != STEK_OK)
        return unread(source, stek_result_text(result), ret_fault);
    const struct stek_policy policy = stek_ring_state_policy(&state);
    if (stek_records_settle(&state.records, &policy, now) != STEK_OK)
        return unread(source, "its keys are all over: is stekd running?", ret_fault);
    const enum stek_result foreseen = stek_feed_foresee(&state.records, &policy, now);
    if (foreseen != STEK_OK)
        return unread(source, stek_result_text(foreseen), ret_fault);
    stek_records_view(&state.records, now, &view);
    source->generation = generation;
    source->valid_from = view.valid_from;
    source->valid_until = view.valid_until;
    *ret_records = state.records;
    return STEK_FEED_CHANGED;
}

enum stek_feed_seen stek_feed_source_look(struct stek_feed_source *source, int64_t now, bool anew,
                                          struct stek_records *ret_records,
                                          struct stek_feed_fault *ret_fault)
{
    char why[STEK_FEED_WHY_LEN];
    const char *problem = map(source, why);

    if (problem != NULL)
        return unread(source, problem, ret_fault);
    if (!anew && source->generation != 0 &&
        stek_image_generation(source->file.image) == source->generation &&
        now >= source->valid_from && now < source->valid_until)
        return STEK_FEED_SAME;
    return read_records(source, now, ret_records, ret_fault);
}
