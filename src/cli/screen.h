/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal has room for, and colours that mean something only beside words. */
#ifndef STEK_CLI_SCREEN_H
#define STEK_CLI_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

enum { STEK_SCREEN_COLUMNS = 80, STEK_SCREEN_COLUMNS_MIN = 40, STEK_SCREEN_COLUMNS_MAX = 240 };

enum stek_paint { STEK_PAINT_GOOD, STEK_PAINT_WARNING, STEK_PAINT_BAD };

/* Where text is written, and for how many columns. */
struct stek_screen {
    FILE *out;
    int columns;
    bool colours;
};

/*
 * What standard output has: $COLUMNS or the terminal's own width, within the limits above; 80 where
 * there is no terminal. Colours on a terminal, unless $NO_COLOR is set and not empty or $TERM is
 * dumb (no-color.org). `out` is standard output.
 */
void stek_screen_find(struct stek_screen *ret_screen);

/* Writes words in a colour, padded with blanks to `width` columns. */
void stek_screen_paint(const struct stek_screen *screen, enum stek_paint paint, int width,
                       const char *words);

/*
 * Copies the text to screen->out. Lines that are too long are broken at blanks, and go on under the
 * place where their text begins. `in_place`: over what the terminal shows, without emptying it
 * first.
 */
void stek_screen_show(const struct stek_screen *screen, const char *text, bool in_place);

#endif
