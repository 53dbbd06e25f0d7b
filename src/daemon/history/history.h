/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The history on a disk: docs/formats.md, "History". Lines are appended to the file `history` in
 * the state folder. When it is full it becomes history.1, in the place of an older one, so both
 * have at most 8 MiB. Nothing waits for it: what cannot be written is counted, and the count is
 * written once that works again. A line that a crash cut short is skipped by whoever reads.
 *
 * It is not forced onto the disk: a host that loses its power may lose the last half minute.
 */
#ifndef STEK_DAEMON_HISTORY_HISTORY_H
#define STEK_DAEMON_HISTORY_HISTORY_H

#include "history/report.h"

#include <sys/types.h>

enum {
    STEK_HISTORY_FILE_MAX = 4 * 1024 * 1024, /* of each of the two */
    STEK_HISTORY_ALIVE_S = 600               /* how often it says that stekd runs, at most */
};

struct stekd_history {
    int dir_fd; /* the state folder; -1: there is none */
    int fd;     /* -1: no history is kept, and `problem` says why */
    off_t size;
    bool torn;          /* the last line was cut short, and could not be taken back */
    bool anew;          /* the file has begun anew, and tells of no ring yet */
    bool failing;       /* the last entry could not be written: said once */
    uint64_t lost;      /* entries that could not be, since `lost_since` */
    int64_t lost_since; /* Unix seconds */
    int64_t last;       /* time of the last entry; -1: there is none */
    int64_t before;     /* of the last one before this start; -1: there is none */
    int64_t refused_at; /* of the last refusal, and whose */
    int64_t refused_uid;
    char folder[256];
    char problem[256];
};

/* No folder, no file. */
void stekd_history_init(struct stekd_history *history);

/*
 * Root's part: opens the state folder, and makes it for `owner` and `group` if its parent is there;
 * (uid_t)-1: for this user.
 */
void stekd_history_open_folder(struct stekd_history *history, const char *path, uid_t owner,
                               gid_t group);

/* Opens the file, and looks at where it ends. If there is no history, one line of the log says why.
 */
void stekd_history_begin(struct stekd_history *history);

/* Appends an entry, as of now. NULL, or a history that is not kept, is fine. */
void stekd_history_add(struct stekd_history *history, const struct stek_history_entry *entry,
                       int64_t now);

/* Gives the report every entry, and counts lines that are none. False: no memory, or the files
 * cannot be read (errno). */
bool stekd_history_read(const struct stekd_history *history, struct stek_report *report);

void stekd_history_close(struct stekd_history *history);

#endif
