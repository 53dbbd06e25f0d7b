/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the configuration of a server for what it says of tickets: line by line, where Debian puts
 * it. It does not follow a server's includes, so what it finds is there, and what it does not find
 * may still be.
 */
#include "cli/doctor/look.h"

#include "core/duration.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 3, WORDS_MAX = 4, LEN_MAX = 16 << 20 };

/* A server's words for it. */
struct dialect {
    const char *name;
    const char *unit; /* what its unit's name begins with */
    const char *places[4];
    const char *off[2]; /* the words of a line that switches tickets off */
    const char *on;     /* of one that switches them on, where they are off by default; else NULL */
    const char *timeout;
    int64_t default_s; /* how long sessions live where nothing is said */
};

static const struct dialect dialects[] = {
    {"nginx",
     "nginx",
     {"/etc/nginx"},
     {"ssl_session_tickets", "off"},
     NULL,
     "ssl_session_timeout",
     300},
    {"apache",
     "apache2",
     {"/etc/apache2/apache2.conf", "/etc/apache2/conf-enabled", "/etc/apache2/mods-enabled",
      "/etc/apache2/sites-enabled"},
     {"SSLSessionTickets", "off"},
     NULL,
     "SSLSessionCacheTimeout",
     300},
    {"haproxy",
     "haproxy",
     {"/etc/haproxy"},
     {"no-tls-tickets", NULL},
     NULL,
     "tune.ssl.lifetime",
     300},
    {"prosody", "prosody", {"/etc/prosody"}, {NULL, NULL}, "no_ticket=false", NULL, 0},
};

/* What is read, and where one is. */
struct reading {
    const struct dialect *dialect;
    struct stek_doctor_settings *settings;
    char path[4096];
    unsigned line;
};

static void note_place(const struct reading *reading, char ret_place[STEK_DOCTOR_TEXT])
{
    (void)snprintf(ret_place, STEK_DOCTOR_TEXT, "%.200s:%u", reading->path, reading->line);
}

/* "300", "5m", "1h 30m" is not understood; 0: not understood. */
static int64_t seconds(const char *text)
{
    int64_t value = 0;
    char *end = NULL;
    const long number = strtol(text, &end, 10);

    if (number > 0 && *end == '\0')
        return number;
    return stek_duration_parse(text, &value) ? value : 0;
}

static size_t split(char *line, char *words[WORDS_MAX])
{
    char *at = NULL;
    size_t count = 0;

    for (char *word = strtok_r(line, " \t\r\n;{}", &at); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " \t\r\n;{}", &at))
        words[count++] = word;
    return count;
}

/* HAProxy's words stand in the midst of a line, those of the others at its beginning. */
static bool switches_off(const char *line, const struct dialect *dialect, char *const words[],
                         size_t count)
{
    if (dialect->off[0] == NULL)
        return false;
    if (dialect->off[1] == NULL)
        return strstr(line, dialect->off[0]) != NULL;
    return count >= 2 && strcasecmp(words[0], dialect->off[0]) == 0 &&
           strcasecmp(words[1], dialect->off[1]) == 0;
}

/* Whatever blanks are in the line. */
static bool has_words(const char *line, const char *words)
{
    char dense[1024];
    size_t len = 0;

    for (; *line != '\0' && len < sizeof dense - 1; line++)
        if (isspace((unsigned char)*line) == 0)
            dense[len++] = *line;
    dense[len] = '\0';
    return strstr(dense, words) != NULL;
}

static void read_line(struct reading *reading, const char *line)
{
    struct stek_doctor_settings *settings = reading->settings;
    char copy[1024];
    char *words[WORDS_MAX];

    (void)snprintf(copy, sizeof copy, "%.1023s", line);
    const size_t count = split(copy, words);
    if (switches_off(line, reading->dialect, words, count))
        note_place(reading, settings->tickets_off);
    if (reading->dialect->on != NULL && has_words(line, reading->dialect->on))
        settings->off_by_default = false;
    if (reading->dialect->timeout == NULL || count < 2 ||
        strcasecmp(words[0], reading->dialect->timeout) != 0 || seconds(words[1]) == 0)
        return;
    settings->timeout_s = seconds(words[1]);
    note_place(reading, settings->timeout);
}

/* What a service's own user may have put there is neither waited for nor without an end. */
static FILE *open_settings(const char *path)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    const bool sound = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size <= LEN_MAX;
    FILE *file = sound ? fdopen(fd, "r") : NULL;
    if (file == NULL)
        (void)close(fd);
    return file;
}

static void read_file(struct reading *reading, const char *path)
{
    char line[1024];
    FILE *file = open_settings(path);

    (void)snprintf(reading->path, sizeof reading->path, "%s", path);
    reading->line = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        reading->line++;
        const char *begin = line + strspn(line, " \t");
        if (*begin != '#' && strncmp(begin, "--", 2) != 0) /* Lua's comments */
            read_line(reading, line);
    }
    if (file != NULL)
        (void)fclose(file);
}

/* A file, or all files of a folder. Editors' copies are none. */
static void read_place(struct reading *reading, const char *path, int depth)
{
    struct dirent **entries = NULL;
    const int count = depth < DEPTH_MAX ? scandir(path, &entries, NULL, alphasort) : 0;
    char below[4096];

    if (count < 0)
        read_file(reading, path);
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        const size_t len = strlen(name);
        if (name[0] != '.' && name[len - 1] != '~' && strstr(name, ".dpkg-") == NULL &&
            snprintf(below, sizeof below, "%s/%s", path, name) < (int)sizeof below)
            read_place(reading, below, depth + 1);
        free(entries[i]);
    }
    free(entries);
}

void stek_doctor_look_settings(const char *unit, struct stek_doctor_settings *ret_settings)
{
    struct reading reading = {.settings = ret_settings};

    *ret_settings = (struct stek_doctor_settings){.timeout_s = 0};
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strncmp(unit, dialects[i].unit, strlen(dialects[i].unit)) == 0)
            reading.dialect = &dialects[i];
    if (reading.dialect == NULL)
        return;
    (void)snprintf(ret_settings->server, sizeof ret_settings->server, "%s", reading.dialect->name);
    ret_settings->timeout_s = reading.dialect->default_s;
    ret_settings->off_by_default = reading.dialect->on != NULL;
    for (size_t i = 0; i < 4 && reading.dialect->places[i] != NULL; i++)
        read_place(&reading, reading.dialect->places[i], 0);
}
