/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { LINE_LEN_MAX = 1024 };

/* A file that is read line by line. */
struct parse {
    struct stek_feed_configs *configs;
    const char *file;
    const char *at; /* the rest of the text */
    const char *end;
    unsigned line;
    struct stek_feed_problem *problem; /* its text is empty as long as there is none */
};

static const struct setting {
    const char *name;
    size_t offset;
} settings[] = {
    {"ring", offsetof(struct stek_feed_config, ring)},
    {"context", offsetof(struct stek_feed_config, context)},
    {"to", offsetof(struct stek_feed_config, to)},
    {"file", offsetof(struct stek_feed_config, file)},
    {"directory", offsetof(struct stek_feed_config, directory)},
    {"group", offsetof(struct stek_feed_config, group)},
    {"keys", offsetof(struct stek_feed_config, keys)},
    {"signal", offsetof(struct stek_feed_config, signal)},
    {"pid_file", offsetof(struct stek_feed_config, pid_file)},
    {"socket", offsetof(struct stek_feed_config, socket)},
    {"line", offsetof(struct stek_feed_config, line)},
    {"command", offsetof(struct stek_feed_config, command)},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

__attribute__((format(printf, 2, 3))) static void fault(struct parse *parse, const char *format,
                                                        ...)
{
    char words[400];
    va_list arguments;

    if (parse->problem->text[0] != '\0')
        return;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    (void)snprintf(parse->problem->text, sizeof parse->problem->text, "%.100s:%u: %s", parse->file,
                   parse->line, words);
}

/* Ends the text before the blanks at its end, and returns it without those at its beginning. */
static char *trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
        len--;
    text[len] = '\0';
    return text;
}

static void begin_feed(struct parse *parse, const char *name)
{
    struct stek_feed_configs *configs = parse->configs;

    if (!stek_ring_name_is_valid(name)) {
        fault(parse, "'%.80s' is not a valid name of a feed: " STEK_RING_NAME_RULE, name);
        return;
    }
    for (size_t i = 0; i < configs->count; i++)
        if (strcmp(configs->at[i].name, name) == 0) {
            fault(parse, "[feed %.80s] stands twice: first in line %u", name, configs->at[i].place);
            return;
        }
    if (configs->count == STEK_FEEDS_MAX) {
        fault(parse, "too many feeds: at most %d", STEK_FEEDS_MAX);
        return;
    }
    struct stek_feed_config *config = &configs->at[configs->count++];
    *config = (struct stek_feed_config){.gid = (gid_t)-1, .place = parse->line};
    memcpy(config->name, name, strlen(name) + 1);
}

/* A line that begins with a bracket. */
static void read_section(struct parse *parse, char *line)
{
    char *end = strchr(line, ']');

    if (end == NULL || *trim(end + 1) != '\0') {
        fault(parse, "a section is a line of its own: [feed NAME]");
        return;
    }
    *end = '\0';
    if (strncmp(line, "[feed ", 6) != 0)
        fault(parse, "unknown section %.80s]: allowed is [feed NAME]", line);
    else
        begin_feed(parse, trim(line + 6));
}

static void list_settings(char *list, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < SETTINGS && len < size; i++)
        len +=
            (size_t)snprintf(list + len, size - len, "%s%s", i > 0 ? ", " : "", settings[i].name);
}

static void take_setting(struct parse *parse, const char *name, const char *value)
{
    char list[256];
    const size_t len = strlen(value);

    if (parse->configs->count == 0) {
        fault(parse, "'%.80s' is not in a section: begin with [feed NAME]", name);
        return;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        char *to = (char *)&parse->configs->at[parse->configs->count - 1] + settings[i].offset;
        if (strcmp(settings[i].name, name) != 0)
            continue;
        if (to[0] != '\0')
            fault(parse, "%s is set twice", name);
        else if (len == 0 || len >= STEK_FEED_VALUE_MAX)
            fault(parse, "%s: a value has 1 to %d bytes", name, STEK_FEED_VALUE_MAX - 1);
        else
            memcpy(to, value, len + 1);
        return;
    }
    list_settings(list, sizeof list);
    fault(parse, "unknown setting '%.80s': allowed are %s", name, list);
}

/* A section, NAME = VALUE, a comment, or nothing. */
static void read_line(struct parse *parse, char *line)
{
    line = trim(line);
    char *equals = strchr(line, '=');

    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return;
    if (line[0] == '[') {
        read_section(parse, line);
        return;
    }
    if (equals == NULL || equals == line) {
        fault(parse, "expected [feed NAME], NAME = VALUE or a comment");
        return;
    }
    *equals = '\0';
    take_setting(parse, trim(line), trim(equals + 1));
}

/* Takes the next line out of the text, without its newline. False: at the end, or a fault. */
static bool next_line(struct parse *parse, char line[LINE_LEN_MAX + 1])
{
    if (parse->problem->text[0] != '\0' || parse->at == parse->end)
        return false;
    const char *begin = parse->at;
    const char *newline = memchr(begin, '\n', (size_t)(parse->end - begin));
    const size_t len = (size_t)((newline != NULL ? newline : parse->end) - begin);
    parse->at = newline != NULL ? newline + 1 : parse->end;
    parse->line++;
    if (len > LINE_LEN_MAX)
        fault(parse, "a line of %zu bytes: at most %d are allowed", len, LINE_LEN_MAX);
    else if (memchr(begin, '\0', len) != NULL)
        fault(parse, "a zero byte: a configuration is text");
    if (parse->problem->text[0] != '\0')
        return false;
    memcpy(line, begin, len);
    line[len] = '\0';
    return true;
}

bool stek_feed_config_parse(struct stek_feed_configs *configs, const char *file, const char *text,
                            size_t len, struct stek_feed_problem *ret_problem)
{
    char line[LINE_LEN_MAX + 1];
    struct stek_feed_problem problem = {.text = ""};
    struct parse parse = {
        .configs = configs, .file = file, .at = text, .end = text + len, .problem = &problem};

    configs->count = 0;
    while (next_line(&parse, line))
        read_line(&parse, line);
    for (size_t i = 0; i < configs->count && problem.text[0] == '\0'; i++) {
        const char *fits = stek_feed_config_resolve(&configs->at[i]);
        parse.line = configs->at[i].place;
        if (fits != NULL)
            fault(&parse, "[feed %s]: %s", configs->at[i].name, fits);
    }
    if (problem.text[0] == '\0')
        return true;
    *ret_problem = problem;
    return false;
}
