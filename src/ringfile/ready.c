/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of ready.h after the first: prepare.c has that. */
#include "ringfile/ready.h"

#include "ringfile/kept_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum stek_result stek_ready_state(const struct stek_ready *ready, struct stek_ring_state *ret_state)
{
    uint64_t generation;

    if (ready->room == NULL)
        return stek_image_read(ready->writer->image, ret_state, &generation);
    *ret_state = ready->room->state;
    return STEK_OK;
}

static bool is_new(const struct stek_ready *ready)
{
    return ready->start != STEK_WRITER_TOOK_OVER;
}

/* By name: nobody else may write into this directory. */
static bool give_to(const struct stek_writer *writer, gid_t group)
{
    const struct stek_kept_name name = stek_kept_own_name(writer);

    return group == (gid_t)-1 ||
           fchownat(writer->dir_fd, name.text, (uid_t)-1, group, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool open_to(const struct stek_writer *writer, mode_t mode)
{
    const struct stek_kept_name name = stek_kept_own_name(writer);

    return fchmodat(writer->dir_fd, name.text, mode, 0) == 0;
}

static bool place_new(struct stek_ready *ready)
{
    const struct stek_writer *writer = ready->writer;
    const struct stek_kept_name name = stek_kept_own_name(writer);

    if (ready->start == STEK_WRITER_REPLACED)
        ready->is_aside = stek_kept_rename(writer, name, stek_kept_aside_name(writer));
    if (ready->start == STEK_WRITER_REPLACED && !ready->is_aside)
        return false;
    ready->is_named = stek_kept_rename(writer, stek_kept_filling_name(writer), name);
    return ready->is_named;
}

static bool place_old(struct stek_ready *ready)
{
    if (!ready->new_readers)
        return true;
    ready->is_given = give_to(ready->writer, ready->group);
    ready->is_opened = ready->is_given && open_to(ready->writer, STEK_KEPT_FILE_MODE);
    return ready->is_opened;
}

enum stek_result stek_ready_place(struct stek_ready *ready)
{
    return (is_new(ready) ? place_new(ready) : place_old(ready)) ? STEK_OK : STEK_ERR_SYSTEM;
}

/* The mode first: it is the narrower one that was there. */
static bool take_back_old(struct stek_ready *ready)
{
    bool done = true;

    if (ready->is_opened)
        done = open_to(ready->writer, ready->old_mode);
    if (ready->is_given && !give_to(ready->writer, ready->old_group))
        done = false;
    return done;
}

/* Whoever has mapped the new file meanwhile finds no key in it. */
static bool take_back_new(struct stek_ready *ready)
{
    const struct stek_writer *writer = ready->writer;
    const struct stek_kept_name name = stek_kept_own_name(writer);
    bool done;

    if (writer->image != NULL)
        stek_image_clear(writer->image);
    done = stek_kept_unlink(writer, ready->is_named ? name : stek_kept_filling_name(writer)) ||
           !ready->is_named;
    if (ready->is_aside && !stek_kept_rename(writer, stek_kept_aside_name(writer), name))
        done = false;
    return done;
}

bool stek_ready_give_up(struct stek_ready *ready)
{
    if (ready == NULL)
        return true;
    const bool done = is_new(ready) ? take_back_new(ready) : take_back_old(ready);
    stek_change_room_close(ready->room);
    if (!ready->borrowed) {
        stek_kept_unmap(ready->writer);
        free(ready->writer);
    }
    free(ready);
    return done;
}

struct stek_writer *stek_ready_commit(struct stek_ready *ready)
{
    struct stek_writer *writer = ready->writer;

    /* A writer that died while it filled the side that does not hold left no trace but that: so
     * scrub in any case. */
    if (!is_new(ready) && !ready->borrowed)
        stek_image_scrub(writer->image);
    if (ready->room != NULL)
        stek_change_write(writer->image, ready->room);
    stek_change_room_close(ready->room);
    ready->room = NULL;
    return writer;
}

enum stek_writer_start stek_ready_start(const struct stek_ready *ready, const char **ret_problem)
{
    *ret_problem = ready->problem;
    return ready->start;
}

bool stek_ready_finish(struct stek_ready *ready)
{
    const bool done =
        !ready->is_aside || stek_kept_unlink(ready->writer, stek_kept_aside_name(ready->writer));

    free(ready);
    return done;
}
