/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/config.h"

#include "conf/lines.h"
#include "feed/left.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* A file that is read. */
struct parse {
    struct stek_feed_configs *configs;
    struct stek_lines lines;
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

static void begin_feed(struct parse *parse, const char *name)
{
    struct stek_feed_configs *configs = parse->configs;

    if (!stek_ring_name_is_valid(name)) {
        stek_lines_fault(&parse->lines,
                         "'%.80s' is not a valid name of a feed: " STEK_RING_NAME_RULE, name);
        return;
    }
    for (size_t i = 0; i < configs->count; i++)
        if (strcmp(configs->at[i].name, name) == 0) {
            stek_lines_fault(&parse->lines, "[feed %.80s] stands twice: first in line %u", name,
                             configs->at[i].place);
            return;
        }
    if (configs->count == STEK_FEEDS_MAX) {
        stek_lines_fault(&parse->lines, "too many feeds: at most %d", STEK_FEEDS_MAX);
        return;
    }
    struct stek_feed_config *config = &configs->at[configs->count++];
    *config = (struct stek_feed_config){.gid = (gid_t)-1, .place = parse->lines.line};
    memcpy(config->name, name, strlen(name) + 1);
}

/* A line that begins with a bracket. */
static void read_section(struct parse *parse, char *line)
{
    char *end = strchr(line, ']');

    if (end == NULL || *stek_lines_trim(end + 1) != '\0') {
        stek_lines_fault(&parse->lines, "a section is a line of its own: [feed NAME]");
        return;
    }
    *end = '\0';
    if (strncmp(line, "[feed ", 6) != 0)
        stek_lines_fault(&parse->lines, "unknown section %.80s]: allowed is [feed NAME]", line);
    else
        begin_feed(parse, stek_lines_trim(line + 6));
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
        stek_lines_fault(&parse->lines, "'%.80s' is not in a section: begin with [feed NAME]",
                         name);
        return;
    }
    for (size_t i = 0; i < SETTINGS; i++) {
        char *to = (char *)&parse->configs->at[parse->configs->count - 1] + settings[i].offset;
        if (strcmp(settings[i].name, name) != 0)
            continue;
        if (to[0] != '\0')
            stek_lines_fault(&parse->lines, "%s is set twice", name);
        else if (len == 0 || len >= STEK_FEED_VALUE_MAX)
            stek_lines_fault(&parse->lines, "%s: a value has 1 to %d bytes", name,
                             STEK_FEED_VALUE_MAX - 1);
        else
            memcpy(to, value, len + 1);
        return;
    }
    list_settings(list, sizeof list);
    stek_lines_fault(&parse->lines, "unknown setting '%.80s': allowed are %s", name, list);
}

/* Two feeds would replace each other's keys without an end. */
static void refuse_same_place(struct parse *parse, size_t index)
{
    const struct stek_feed_configs *configs = parse->configs;
    const char *place = stek_feed_place_of(&configs->at[index]);

    for (size_t i = 0; i < index && place[0] != '\0'; i++)
        if (stek_feed_is_same_path(place, stek_feed_place_of(&configs->at[i]))) {
            stek_lines_fault(&parse->lines,
                             "[feed %s]: %.200s has the keys of [feed %s] in line %u: each feed "
                             "needs a place of its own",
                             configs->at[index].name, place, configs->at[i].name,
                             configs->at[i].place);
            return;
        }
}

bool stek_feed_config_parse(struct stek_feed_configs *configs, const char *file, const char *text,
                            size_t len, struct stek_feed_problem *ret_problem)
{
    struct stek_line_parts parts;
    struct parse parse = {.configs = configs};

    configs->count = 0;
    stek_lines_begin(&parse.lines, file, text, len);
    enum stek_line kind;
    while ((kind = stek_lines_next(&parse.lines, "[feed NAME]", &parts)) != STEK_LINE_END) {
        if (kind == STEK_LINE_SECTION)
            read_section(&parse, parts.text);
        else
            take_setting(&parse, parts.text, parts.value);
    }
    for (size_t i = 0; i < configs->count && parse.lines.problem[0] == '\0'; i++) {
        const char *fits = stek_feed_config_resolve(&configs->at[i]);
        parse.lines.line = configs->at[i].place;
        if (fits != NULL)
            stek_lines_fault(&parse.lines, "[feed %s]: %s", configs->at[i].name, fits);
        else
            refuse_same_place(&parse, i);
    }
    if (parse.lines.problem[0] != '\0')
        (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%s", parse.lines.problem);
    return parse.lines.problem[0] == '\0';
}
