/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { INDENT_MAX = 13 };

/* 0: unknown. */
static long width_of_terminal(void)
{
    const char *columns = getenv("COLUMNS");
    const long given = columns != NULL ? strtol(columns, NULL, 10) : 0;
    struct winsize size;

    if (given > 0)
        return given;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void stek_screen_find(struct stek_screen *ret_screen)
{
    const char *none = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    const bool is_terminal = isatty(STDOUT_FILENO) == 1;
    long columns = is_terminal ? width_of_terminal() : 0;

    if (columns <= 0)
        columns = STEK_SCREEN_COLUMNS;
    if (columns < STEK_SCREEN_COLUMNS_MIN)
        columns = STEK_SCREEN_COLUMNS_MIN;
    if (columns > STEK_SCREEN_COLUMNS_MAX)
        columns = STEK_SCREEN_COLUMNS_MAX;
    *ret_screen =
        (struct stek_screen){.out = stdout,
                             .columns = (int)columns,
                             .colours = is_terminal && (none == NULL || *none == '\0') &&
                                        terminal != NULL && strcmp(terminal, "dumb") != 0};
}

void stek_screen_paint(const struct stek_screen *screen, enum stek_paint paint, int width,
                       const char *words)
{
    static const char *const begin[] = {"\033[32m", "\033[33m", "\033[1;31m"};
    const int blanks = width - (int)strlen(words);

    (void)fprintf(screen->out, "%s%s%s%*s", screen->colours ? begin[paint] : "", words,
                  screen->colours ? "\033[0m" : "", blanks > 0 ? blanks : 0, "");
}

/* How many bytes an escape sequence at this place has; 0: there is none. */
static size_t escape_len(const char *at)
{
    if (at[0] != '\033' || at[1] != '[')
        return 0;
    return 2 + strcspn(at + 2, "mHJK") + 1;
}

/* The first byte that does not fit into so many columns. Characters of several bytes take one. */
static const char *fits_until(const char *at, const char *end, int columns)
{
    while (at < end) {
        const size_t escape = escape_len(at);
        if (escape > 0) {
            at += escape;
            continue;
        }
        if (((unsigned char)*at & 0xc0) != 0x80 && columns-- == 0)
            return at;
        at++;
    }
    return end;
}

/* Where a line that is too long is broken: behind its last blank that fits, if one does. */
static const char *break_at(const char *begin, const char *fits)
{
    for (const char *at = fits; at > begin; at--)
        if (*at == ' ' && strspn(begin, " ") < (size_t)(at - begin))
            return at;
    return fits;
}

/* Where the text of a line begins: after blanks, or behind a label and two blanks or more. */
static int indent_of(const char *line, const char *end)
{
    const char *at = line + strspn(line, " ");
    const char *gap = at < end ? memmem(at, (size_t)(end - at), "  ", 2) : NULL;

    if (gap != NULL)
        gap += strspn(gap, " ");
    if (gap != NULL && gap - line <= INDENT_MAX)
        return (int)(gap - line);
    return at - line <= INDENT_MAX ? (int)(at - line) : INDENT_MAX;
}

static void show_line(const struct stek_screen *screen, const char *line, const char *end,
                      const char *erase)
{
    const int indent = indent_of(line, end);
    const char *fits = fits_until(line, end, screen->columns);
    int room = screen->columns - indent;

    while (fits < end) {
        const char *stop = break_at(line, fits);
        (void)fprintf(screen->out, "%.*s%s\n%*s", (int)(stop - line), line, erase, indent, "");
        line = stop + strspn(stop, " ");
        fits = fits_until(line, end, room);
    }
    (void)fprintf(screen->out, "%.*s%s\n", (int)(end - line), line, erase);
}

void stek_screen_show(const struct stek_screen *screen, const char *text, bool in_place)
{
    if (in_place)
        (void)fputs("\033[H", screen->out);
    while (*text != '\0') {
        const char *end = strchrnul(text, '\n');
        show_line(screen, text, end, in_place ? "\033[K" : "");
        text = *end == '\n' ? end + 1 : end;
    }
    if (in_place)
        (void)fputs("\033[J", screen->out);
}
