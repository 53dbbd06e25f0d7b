/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config.h"

#include "daemon/config/keys.h"

#include <ini.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file while inih goes through it line by line. Sections are read here: inih cuts long names and
 * is silent about what stands after them. */
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

void stek_config_init(struct stek_config *config)
{
    *config = (struct stek_config){
        .admin_group = "stek-admin", .admin_gid = (gid_t)-1, .fleet = {.prefix = "/stek/v1"}};
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
        fault(parse,
              "'%.80s' is not a valid ring name: 1 to 64 letters, digits, '.', '_' and '-', not "
              "beginning with '.' or '-'",
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

/* Gives inih the next line, like fgets(3): without leading blanks, which it takes for the
 * continuation of a value, and with sections taken out. NULL ends it: at the end, and at the first
 * fault. */
static char *next_line(char *line, int size, void *arg)
{
    struct parse *parse = arg;

    if (parse->problem->text[0] != '\0' || parse->at == parse->end)
        return NULL;
    const char *newline = memchr(parse->at, '\n', (size_t)(parse->end - parse->at));
    const char *end = newline != NULL ? newline + 1 : parse->end;
    const char *begin = parse->at;
    parse->at = end;
    parse->line++;
    while (begin < end && (*begin == ' ' || *begin == '\t'))
        begin++;
    const size_t len = (size_t)(end - begin);
    if (len + 2 > (size_t)size)
        fault(parse, "a line of %zu bytes: at most %d are allowed", len, size - 2);
    else if (memchr(begin, '\0', len) != NULL)
        fault(parse, "a zero byte: a configuration is text");
    if (parse->problem->text[0] != '\0')
        return NULL;
    memcpy(line, begin, len);
    line[len] = '\0';
    if (line[0] == '[') {
        read_section(parse, line);
        memcpy(line, "\n", 2);
    }
    return line;
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

/* inih's handler for a setting. What it returns is not looked at: the problem says all. */
static int take_setting(void *user, const char *section, const char *name, const char *value)
{
    struct parse *parse = user;

    (void)section;
    if (parse->section == NOWHERE) {
        fault(parse, "'%.80s' is not in a section: begin with [stekd], [fleet] or [ring NAME]",
              name);
        return 0;
    }
    const struct section_keys found = keys_of(parse);
    const int key = find_key(parse, found.keys, found.marks, name);
    if (key < 0)
        return 0;
    const bool taken = set_in_section(parse, (size_t)key, value);
    if (!taken)
        fault(parse, "%s = %.80s: allowed: %s", name, value, found.keys[key].allowed);
    return taken;
}

bool stek_config_parse(struct stek_config *config, const char *file, const char *text, size_t len,
                       struct stek_config_problem *ret_problem)
{
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
    const int bad_line = ini_parse_stream(next_line, &parse, take_setting, &parse);
    if (bad_line != 0 && (problem.text[0] == '\0' || (unsigned)bad_line < parse.line)) {
        problem.text[0] = '\0';
        parse.line = (unsigned)bad_line;
        fault(&parse, "expected a section, NAME = VALUE or a comment");
    }
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
