/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config.h"

#include "daemon/config/keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file that is read line by line. */
struct parse {
    struct stek_config *config;
    const char *file;
    const char *at; /* the rest of the text */
    const char *end;
    unsigned line;
    enum { NOWHERE, IN_DAEMON, IN_FLEET, IN_RING } section;
    size_t ring;                         /* in a ring's section: which one */
    struct stek_config_problem *problem; /* its text is empty as long as there is none */
};

/* UTF-8's mark, which some editors put at the beginning. */
static const char bom[3] = {'\xef', '\xbb', '\xbf'};

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
    *config = (struct stek_config){.admin_group = "stek-admin",
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
        fault(parse, "too many rings: at most %d", STEK_CONFIG_RINGS_MAX);
        return false;
    }
    void *grown = realloc(config->rings, (config->ring_count + 1) * sizeof *config->rings);
    if (grown == NULL) {
        fault(parse, "no memory");
        return false;
    }
    config->rings = grown;
    struct stek_config_ring *ring = &config->rings[config->ring_count++];
    *ring = (struct stek_config_ring){.gid = (gid_t)-1, .source = STEK_SOURCE_HOST};
    memcpy(ring->name, name, strlen(name) + 1);
    (void)snprintf(ring->place, sizeof ring->place, "%.100s:%u", parse->file, parse->line);
    return true;
}

static void begin_ring(struct parse *parse, const char *name)
{
    if (!stek_ring_name_is_valid(name)) {
        fault(parse, "'%.80s' is not a valid ring name: " STEK_RING_NAME_RULE, name);
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
        (void)snprintf(fleet->place, sizeof fleet->place, "%.100s:%u", parse->file, parse->line);
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
        fault(parse, "unknown section [%.80s]: allowed are [stekd], [fleet] and [ring NAME]", text);
}

/* A line that begins with a bracket. */
static void read_section(struct parse *parse, char *line)
{
    char *end = strchr(line, ']');

    if (end == NULL) {
        fault(parse, "a section ends with ']': [stekd], [fleet] or [ring NAME]");
        return;
    }
    const char *rest = end + 1 + strspn(end + 1, " \t\r\n");
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        fault(parse, "only a comment may follow a section's ']'");
        return;
    }
    *end = '\0';
    begin_section(parse, line + 1);
}

/* Takes the next line out of the text, without its newline. False: at the end, or a fault. */
static bool next_line(struct parse *parse, char *line, size_t size)
{
    if (parse->problem->text[0] != '\0' || parse->at == parse->end)
        return false;
    const char *newline = memchr(parse->at, '\n', (size_t)(parse->end - parse->at));
    const char *begin = parse->at;
    const size_t len = (size_t)((newline != NULL ? newline : parse->end) - begin);
    parse->at = newline != NULL ? newline + 1 : parse->end;
    parse->line++;
    if (len >= size)
        fault(parse, "a line of %zu bytes: at most %zu are allowed", len, size - 1);
    else if (memchr(begin, '\0', len) != NULL)
        fault(parse, "a zero byte: a configuration is text");
    if (parse->problem->text[0] != '\0')
        return false;
    memcpy(line, begin, len);
    line[len] = '\0';
    return true;
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
            fault(parse, "%s is set twice: first in line %u", name, marks->at[i].line);
            return -1;
        }
        marks->at[i].file = parse->config->files;
        marks->at[i].line = parse->line;
        return i;
    }
    list_keys(keys, list, sizeof list);
    fault(parse, "unknown setting '%.80s' in %s: allowed are %s", name,
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
        fault(parse, "'%.80s' is not in a section: begin with [stekd], [fleet] or [ring NAME]",
              name);
        return;
    }
    const struct section_keys found = keys_of(parse);
    const int key = find_key(parse, found.keys, found.marks, name);
    if (key >= 0 && !set_in_section(parse, (size_t)key, value))
        fault(parse, "%s = %.80s: allowed: %s", name, value, found.keys[key].allowed);
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

/* A comment may follow a value: after a blank it begins with a semicolon or a hash. */
static void cut_comment(char *value)
{
    for (char *at = value; (at = strpbrk(at, ";#")) != NULL; at++) {
        if (at == value || at[-1] == ' ' || at[-1] == '\t') {
            *at = '\0';
            return;
        }
    }
}

/* A section, NAME = VALUE, a comment, or nothing. */
static void read_line(struct parse *parse, char *line)
{
    char *equals;

    line = trim(line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return;
    if (line[0] == '[') {
        read_section(parse, line);
        return;
    }
    equals = strchr(line, '=');
    if (equals == NULL || equals == line) {
        fault(parse, "expected a section, NAME = VALUE or a comment");
        return;
    }
    *equals = '\0';
    cut_comment(equals + 1);
    take_setting(parse, trim(line), trim(equals + 1));
}

bool stek_config_parse(struct stek_config *config, const char *file, const char *text, size_t len,
                       struct stek_config_problem *ret_problem)
{
    char line[STEK_CONFIG_LINE_LEN_MAX + 1];
    struct stek_config_problem problem = {.text = ""};
    struct parse parse = {.config = config,
                          .file = file,
                          .at = text,
                          .end = text + len,
                          .section = NOWHERE,
                          .problem = &problem};

    config->files++;
    if (len >= sizeof bom && memcmp(text, bom, sizeof bom) == 0)
        parse.at += sizeof bom;
    while (next_line(&parse, line, sizeof line))
        read_line(&parse, line);
    if (problem.text[0] == '\0')
        return true;
    *ret_problem = problem;
    return false;
}

bool stek_config_check(const struct stek_config *config, struct stek_config_problem *ret_problem)
{
    const char *fleet_problem = stek_config_fleet_problem(&config->fleet);

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
