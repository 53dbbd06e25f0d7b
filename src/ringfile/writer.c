/* SPDX-License-Identifier: Apache-2.0 */
#include "ringfile/writer.h"

#include "ringfile/kept_file.h"
#include "ringfile/locked.h"

#include <errno.h>
#include <stdlib.h>

enum stek_result stek_writer_open(const struct stek_writer_place *place,
                                  const struct stek_policy *policy, int64_t now,
                                  enum stek_writer_start *ret_start, const char **ret_problem,
                                  struct stek_writer **ret_writer)
{
    struct stek_ready *ready;
    const char *problem;
    enum stek_result result = stek_ready_open(place, policy, now, ret_problem, &ready);

    if (result != STEK_OK)
        return result;
    result = stek_ready_place(ready);
    if (result != STEK_OK) {
        const int error = errno;
        (void)stek_ready_give_up(ready);
        errno = error;
        return result;
    }
    *ret_writer = stek_ready_commit(ready);
    *ret_start = stek_ready_start(ready, &problem);
    if (problem != NULL)
        *ret_problem = problem;
    (void)stek_ready_finish(ready);
    return STEK_OK;
}

void stek_writer_close(struct stek_writer *writer)
{
    if (writer == NULL)
        return;
    stek_locked_unmap(writer->image, STEK_RINGFILE_LEN);
    free(writer);
}

enum stek_result stek_writer_remove(struct stek_writer *writer)
{
    enum stek_result result = STEK_OK;

    stek_image_clear(writer->image);
    if (!stek_kept_unlink(writer, stek_kept_own_name(writer)) && errno != ENOENT)
        result = STEK_ERR_SYSTEM;
    const int error = errno;
    stek_writer_close(writer);
    errno = error;
    return result;
}

enum stek_result stek_writer_update(struct stek_writer *writer, int64_t now)
{
    struct stek_change_room *room;
    enum stek_result result = stek_change_room_open(&room);

    if (result != STEK_OK)
        return result;
    result = stek_image_update(writer->image, room, now);
    stek_change_room_close(room);
    return result;
}

int64_t stek_writer_due(const struct stek_writer *writer, int64_t now)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    struct stek_view view;

    if (stek_writer_state(writer, &state) != STEK_OK)
        return INT64_MAX;
    const struct stek_policy policy = stek_ring_state_policy(&state);
    if (stek_records_due(&state.records, &policy, now))
        return INT64_MIN;
    stek_records_view(&state.records, now, &view);
    return view.valid_until;
}

enum stek_result stek_writer_change(struct stek_writer *writer, stek_change_fn change, void *arg,
                                    int64_t now)
{
    struct stek_change_room *room;
    enum stek_result result = stek_change_room_open(&room);

    if (result != STEK_OK)
        return result;
    result = stek_image_change(writer->image, room, change, arg, now);
    stek_change_room_close(room);
    return result;
}

enum stek_result stek_writer_state(const struct stek_writer *writer,
                                   struct stek_ring_state *ret_state)
{
    uint64_t generation;

    return stek_image_read(writer->image, ret_state, &generation);
}
