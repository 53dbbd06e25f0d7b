/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config.h"

#include "conf/lines.h"
#include "daemon/config/keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that is read. */
struct parse {
    struct stek_config *config;
    struct stek_lines lines;
    enum { NOWHERE, IN_DAEMON, IN_FLEET, IN_RING } section;
    size_t ring; /* in a ring's section: which one */
};

bool stek_config_fail(struct stek_config_problem *ret_problem, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(ret_problem->text, sizeof ret_problem->text, format, arguments);
    va_end(arguments);
    return false;
}

void stek_config_init(struct stek_config *config)
{
    *config = (struct stek_config){.admin_group = STEK_ADMIN_GROUP,
                                   .admin_gid = (gid_t)-1,
                                   .fleet = {.prefix = "/stek/v1", .state = STEK_STATE_DIR}};
}

void stek_config_fini(struct stek_config *config)
{
    free(config->rings);
    config->rings = NULL;
    config->ring_count = 0;
}

const struct stek_config_ring *stek_config_find(const struct stek_config *config, const char *name)
{
    for (size_t i = 0; i < config->ring_count; i++)
        if (strcmp(config->rings[i].name, name) == 0)
            return &config->rings[i];
    return NULL;
}

static bool add_ring(struct parse *parse, const char *name)
{
    struct stek_config *config = parse->config;

    if (config->ring_count == STEK_CONFIG_RINGS_MAX) {
        stek_lines_fault(&parse->lines, "too many rings: at most %d", STEK_CONFIG_RINGS_MAX);
        return false;
    }
    void *grown = realloc(config->rings, (config->ring_count + 1) * sizeof *config->rings);
    if (grown == NULL) {
        stek_lines_fault(&parse->lines, "no memory");
        return false;
    }
    config->rings = grown;
    struct stek_config_ring *ring = &config->rings[config->ring_count++];
    *ring = (struct stek_config_ring){.gid = (gid_t)-1, .source = STEK_SOURCE_HOST};
    memcpy(ring->name, name, strlen(name) + 1);
    (void)snprintf(ring->place, sizeof ring->place, "%.100s:%u", parse->lines.file,
                   parse->lines.line);
    return true;
}

static void begin_ring(struct parse *parse, const char *name)
{
    if (!stek_ring_name_is_valid(name)) {
        stek_lines_fault(&parse->lines, "'%.80s' is not a valid ring name: " STEK_RING_NAME_RULE,
                         name);
        return;
    }
    const struct stek_config_ring *ring = stek_config_find(parse->config, name);
    if (ring == NULL && !add_ring(parse, name))
        return;
    parse->section = IN_RING;
    parse->ring =
        ring != NULL ? (size_t)(ring - parse->config->rings) : parse->config->ring_count - 1;
}

static void begin_fleet(struct parse *parse)
{
    struct stek_config_fleet *fleet = &parse->config->fleet;

    parse->section = IN_FLEET;
    if (!fleet->given)
        (void)snprintf(fleet->place, sizeof fleet->place, "%.100s:%u", parse->lines.file,
                       parse->lines.line);
    fleet->given = true;
}

/* `text` is what stands between the brackets. */
static void begin_section(struct parse *parse, const char *text)
{
    if (strcmp(text, "stekd") == 0)
        parse->section = IN_DAEMON;
    else if (strcmp(text, "fleet") == 0)
        begin_fleet(parse);
    else if (strncmp(text, "ring", 4) == 0 && (text[4] == ' ' || text[4] == '\t'))
        begin_ring(parse, text + 4 + strspn(text + 4, " \t"));
    else
        stek_lines_fault(&parse->lines,
                         "unknown section [%.80s]: allowed are [stekd], [fleet] and [ring NAME]",
                         text);
}

/* A line that begins with a bracket. */
static void read_section(struct parse *parse, char *line)
{
    char *end = strchr(line, ']');

    if (end == NULL) {
        stek_lines_fault(&parse->lines, "a section ends with ']': [stekd], [fleet] or [ring NAME]");
        return;
    }
    const char *rest = end + 1 + strspn(end + 1, " \t\r\n");
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        stek_lines_fault(&parse->lines, "only a comment may follow a section's ']'");
        return;
    }
    *end = '\0';
    begin_section(parse, line + 1);
}

static void list_keys(const struct stek_config_key *keys, char *list, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; keys[i].name != NULL && len < size; i++)
        len += (size_t)snprintf(list + len, size - len, "%s%s", i > 0 ? ", " : "", keys[i].name);
}

/* The place of a key in its table, or -1 after a fault: there is none, or this file has set it
 * already. */
static int find_key(struct parse *parse, const struct stek_config_key *keys,
                    struct stek_config_marks *marks, const char *name)
{
    char list[128];

    for (int i = 0; keys[i].name != NULL; i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        if (marks->at[i].file == parse->config->files) {
            stek_lines_fault(&parse->lines, "%s is set twice: first in line %u", name,
                             marks->at[i].line);
            return -1;
        }
        marks->at[i].file = parse->config->files;
        marks->at[i].line = parse->lines.line;
        return i;
    }
    list_keys(keys, list, sizeof list);
    stek_lines_fault(&parse->lines, "unknown setting '%.80s' in %s: allowed are %s", name,
                     parse->section == IN_DAEMON  ? "[stekd]"
                     : parse->section == IN_FLEET ? "[fleet]"
                                                  : "[ring NAME]",
                     list);
    return -1;
}

/* What may be set in the section, and what has been. */
struct section_keys {
    const struct stek_config_key *keys;
    struct stek_config_marks *marks;
};

static struct section_keys keys_of(struct parse *parse)
{
    struct stek_config *config = parse->config;

    if (parse->section == IN_RING)
        return (struct section_keys){stek_config_ring_keys, &config->rings[parse->ring].marks};
    if (parse->section == IN_FLEET)
        return (struct section_keys){stek_config_fleet_keys, &config->fleet.marks};
    return (struct section_keys){stek_config_daemon_keys, &config->marks};
}

static bool set_in_section(struct parse *parse, size_t key, const char *value)
{
    struct stek_config *config = parse->config;

    if (parse->section == IN_RING)
        return stek_config_set_ring(&config->rings[parse->ring], key, value);
    if (parse->section == IN_FLEET)
        return stek_config_set_fleet(&config->fleet, key, value);
    return stek_config_set_daemon(config, key, value);
}

static void take_setting(struct parse *parse, const char *name, const char *value)
{
    if (parse->section == NOWHERE) {
        stek_lines_fault(&parse->lines,
                         "'%.80s' is not in a section: begin with [stekd], [fleet] or [ring NAME]",
                         name);
        return;
    }
    const struct section_keys found = keys_of(parse);
    const int key = find_key(parse, found.keys, found.marks, name);
    if (key >= 0 && !set_in_section(parse, (size_t)key, value))
        stek_lines_fault(&parse->lines, "%s = %.80s: allowed: %s", name, value,
                         found.keys[key].allowed);
}

bool stek_config_parse(struct stek_config *config, const char *file, const char *text, size_t len,
                       struct stek_config_problem *ret_problem)
{
    struct stek_line_parts parts;
    struct parse parse = {.config = config, .section = NOWHERE};

    config->files++;
    stek_lines_begin(&parse.lines, file, text, len);
    enum stek_line kind;
    while ((kind = stek_lines_next(&parse.lines, "a section", &parts)) != STEK_LINE_END) {
        if (kind == STEK_LINE_SECTION) {
            read_section(&parse, parts.text);
            continue;
        }
        stek_lines_cut_comment(parts.value);
        take_setting(&parse, parts.text, parts.value);
    }
    return parse.lines.problem[0] == '\0' ||
           stek_config_fail(ret_problem, "%s", parse.lines.problem);
}

bool stek_config_check(const struct stek_config *config, struct stek_config_problem *ret_problem)
{
    const char *fleet_problem = stek_config_fleet_problem(&config->fleet);

    if (config->status_page && config->listen_count == 0)
        return stek_config_fail(ret_problem,
                                "[stekd]: status_page = yes needs listen, such as listen = "
                                "127.0.0.1:9464: the page is served there");
    if (fleet_problem != NULL) {
        (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%s: [fleet]: %s",
                       config->fleet.place, fleet_problem);
        return false;
    }
    for (size_t i = 0; i < config->ring_count; i++) {
        const struct stek_config_ring *ring = &config->rings[i];
        const char *problem = stek_policy_problem(&ring->policy);
        if (problem == NULL)
            problem = stek_config_source_problem(config, ring);
        if (problem == NULL)
            continue;
        (void)snprintf(ret_problem->text, sizeof ret_problem->text, "%s: [ring %s]: %s",
                       ring->place, ring->name, problem);
        return false;
    }
    return true;
}
