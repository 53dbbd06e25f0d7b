/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the two files of a history, the older one first. */
#include "daemon/history/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 64 * 1024 };

/* Part of a file: of its last line only the beginning may be there. */
struct piece {
    struct stek_report *report;
    char text[PIECE];
    size_t len;
    bool skipping; /* the line is longer than a piece, so none of ours */
};

static void take_line(struct piece *piece, const char *line, size_t len)
{
    struct stek_history_entry entry;

    if (!piece->skipping && stek_history_parse(line, len, &entry))
        stek_report_take(piece->report, &entry);
    else if (len > 0 || piece->skipping)
        piece->report->damaged++;
    piece->skipping = false;
}

/* Takes whole lines, and leaves what follows them at the beginning. */
static void take_lines(struct piece *piece)
{
    const char *at = piece->text;
    const char *end = piece->text + piece->len;

    for (const char *stop; (stop = memchr(at, '\n', (size_t)(end - at))) != NULL; at = stop + 1)
        take_line(piece, at, (size_t)(stop - at));
    piece->len = (size_t)(end - at);
    if (piece->len == sizeof piece->text) {
        piece->skipping = true;
        piece->len = 0;
    }
    memmove(piece->text, at, piece->len);
}

/* At most what a file of ours can have. */
static bool read_file(int fd, struct piece *piece)
{
    off_t offset = 0;

    piece->len = 0;
    piece->skipping = false;
    while (offset < STEK_HISTORY_FILE_MAX + PIECE) {
        const ssize_t got =
            pread(fd, piece->text + piece->len, sizeof piece->text - piece->len, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        offset += got;
        piece->len += (size_t)got;
        take_lines(piece);
    }
    if (piece->len > 0 || piece->skipping)
        piece->report->damaged++; /* cut short, and nothing has followed yet */
    return true;
}

static bool read_previous(const struct stekd_history *history, struct piece *piece)
{
    const int fd =
        openat(history->dir_fd, "history.1", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT;
    const bool read = read_file(fd, piece);
    const int error = errno;
    (void)close(fd);
    errno = error;
    return read;
}

bool stekd_history_read(const struct stekd_history *history, struct stek_report *report)
{
    struct piece *piece = malloc(sizeof *piece);

    if (piece == NULL)
        return false;
    piece->report = report;
    const bool read = read_previous(history, piece) && read_file(history->fd, piece);
    const int error = errno;
    free(piece);
    errno = error;
    return read;
}
