/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char bom[3] = {'\xef', '\xbb', '\xbf'};

void stek_lines_begin(struct stek_lines *lines, const char *file, const char *text, size_t len)
{
    const bool marked = len >= sizeof bom && memcmp(text, bom, sizeof bom) == 0;

    *lines = (struct stek_lines){
        .file = file, .at = marked ? text + sizeof bom : text, .end = text + len, .problem = ""};
}

void stek_lines_fault(struct stek_lines *lines, const char *format, ...)
{
    char words[400];
    va_list arguments;

    if (lines->problem[0] != '\0')
        return;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    (void)snprintf(lines->problem, sizeof lines->problem, "%.100s:%u: %s", lines->file, lines->line,
                   words);
}

/* Copies the next line, without its newline. False: at the end, or a fault. */
static bool copy_line(struct stek_lines *lines, char ret_line[STEK_LINES_LEN_MAX + 1])
{
    if (lines->problem[0] != '\0' || lines->at == lines->end)
        return false;
    const char *begin = lines->at;
    const char *newline = memchr(begin, '\n', (size_t)(lines->end - begin));
    const size_t len = (size_t)((newline != NULL ? newline : lines->end) - begin);
    lines->at = newline != NULL ? newline + 1 : lines->end;
    lines->line++;
    if (len > STEK_LINES_LEN_MAX)
        stek_lines_fault(lines, "a line of %zu bytes: at most %d are allowed", len,
                         STEK_LINES_LEN_MAX);
    else if (memchr(begin, '\0', len) != NULL)
        stek_lines_fault(lines, "a zero byte: a configuration is text");
    if (lines->problem[0] != '\0')
        return false;
    memcpy(ret_line, begin, len);
    ret_line[len] = '\0';
    return true;
}

char *stek_lines_trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

/* After a blank it begins with a semicolon or a hash. */
void stek_lines_cut_comment(char *value)
{
    for (char *at = value; (at = strpbrk(at, ";#")) != NULL; at++) {
        if (at == value || at[-1] == ' ' || at[-1] == '\t') {
            *at = '\0';
            (void)stek_lines_trim(value);
            return;
        }
    }
}

/* Takes NAME = VALUE apart; false: it is none. */
static bool split(char *line, struct stek_line_parts *parts)
{
    char *equals = strchr(line, '=');

    if (equals == NULL || equals == line)
        return false;
    *equals = '\0';
    parts->text = stek_lines_trim(line);
    parts->value = stek_lines_trim(equals + 1);
    return true;
}

enum stek_line stek_lines_next(struct stek_lines *lines, const char *section,
                               struct stek_line_parts *ret_parts)
{
    while (copy_line(lines, ret_parts->buffer)) {
        char *line = stek_lines_trim(ret_parts->buffer);
        ret_parts->text = line;
        if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
            continue;
        if (line[0] == '[')
            return STEK_LINE_SECTION;
        if (split(line, ret_parts))
            return STEK_LINE_SETTING;
        stek_lines_fault(lines, "expected %s, NAME = VALUE or a comment", section);
    }
    return STEK_LINE_END;
}
