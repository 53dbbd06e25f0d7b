/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration's text, line by line: sections in brackets, NAME = VALUE, and comments that begin
 * with ; or #.
 */
#ifndef STEK_CONF_LINES_H
#define STEK_CONF_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { STEK_LINES_LEN_MAX = 1024, STEK_LINES_PROBLEM_LEN = 512 };

struct stek_lines {
    const char *file; /* its name for faults */
    const char *at;   /* the rest of the text */
    const char *end;
    unsigned line;                        /* from 1 on; 0: none was read yet */
    char problem[STEK_LINES_PROBLEM_LEN]; /* the first fault, "FILE:LINE: …"; empty: none yet */
};

/* Begins with a text, without UTF-8's mark that some editors put at its beginning. Both are
 * borrowed. */
void stek_lines_begin(struct stek_lines *lines, const char *file, const char *text, size_t len);

enum stek_line {
    STEK_LINE_END,     /* of the text, or a fault */
    STEK_LINE_SECTION, /* begins with a bracket */
    STEK_LINE_SETTING  /* NAME = VALUE */
};

/* A line: `text` is a section's whole line, or a setting's name. Both are in `buffer`. */
struct stek_line_parts {
    char buffer[STEK_LINES_LEN_MAX + 1];
    char *text;
    char *value; /* a setting's */
};

/*
 * Takes the next line out of the text that is not empty and no comment, trimmed. Any other than
 * these two is a fault, whose words name `section`, such as "[feed NAME]".
 */
enum stek_line stek_lines_next(struct stek_lines *lines, const char *section,
                               struct stek_line_parts *ret_parts);

/* Notes a fault in the line that was read last, unless there is one already. */
void stek_lines_fault(struct stek_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Ends the text before the blanks at its end, and returns it without those at its beginning. */
char *stek_lines_trim(char *text);

/* Ends the value before a comment, and the blanks before that: for values that are no commands. */
void stek_lines_cut_comment(char *value);

#endif
