/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/handshake/starttls.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 1000, LINES_MAX = 100 };

/* One question and the beginning of the answer that allows to go on. An answer's last line is `tag`
 * and no hyphen. */
struct step {
    const char *send;   /* NULL: the server speaks first */
    const char *expect; /* what its last line begins with */
};

struct protocol {
    const char *name;
    uint16_t port;
    struct step steps[3]; /* ends at one without `expect` */
};

static const struct protocol protocols[STEK_AUDIT_STARTTLS_LEN] = {
    [STEK_AUDIT_PLAIN_TLS] = {"", 443, {{0}}},
    [STEK_AUDIT_SMTP] = {"smtp",
                         25,
                         {{NULL, "220 "},
                          {"EHLO stek-audit.invalid\r\n", "250 "},
                          {"STARTTLS\r\n", "220 "}}},
    [STEK_AUDIT_IMAP] = {"imap", 143, {{NULL, "* OK"}, {"a STARTTLS\r\n", "a OK"}}},
    [STEK_AUDIT_POP3] = {"pop3", 110, {{NULL, "+OK"}, {"STLS\r\n", "+OK"}}},
    [STEK_AUDIT_FTP] = {"ftp", 21, {{NULL, "220 "}, {"AUTH TLS\r\n", "234 "}}},
    [STEK_AUDIT_POSTGRES] = {"postgres", 5432, {{0}}},
};

const char *stek_audit_starttls_name(enum stek_audit_starttls protocol)
{
    return protocols[protocol].name;
}

uint16_t stek_audit_starttls_port(enum stek_audit_starttls protocol)
{
    return protocols[protocol].port;
}

bool stek_audit_starttls_parse(const char *name, enum stek_audit_starttls *ret_protocol)
{
    for (int i = STEK_AUDIT_SMTP; i < STEK_AUDIT_STARTTLS_LEN; i++)
        if (strcmp(protocols[i].name, name) == 0) {
            *ret_protocol = (enum stek_audit_starttls)i;
            return true;
        }
    return false;
}

/* Byte by byte: what comes after the line may be TLS already. False when no line came. */
static bool read_line(int fd, char line[LINE_MAX_LEN], int64_t deadline_ms,
                      const struct stek_audit_stop *stop)
{
    size_t len = 0;

    while (len < LINE_MAX_LEN - 1) {
        if (stek_audit_receive(fd, line + len, 1, deadline_ms, stop) != 1)
            return false;
        if (line[len] == '\n')
            break;
        line[len] = (char)(isprint((unsigned char)line[len]) ? line[len] : ' ');
        len++;
    }
    line[len] = '\0';
    return true;
}

/* Lines before the last one: `250-…` (RFC 5321 section 4.2.1), or untagged ones of IMAP. */
static bool is_last(const char *line, const char *expect)
{
    if (strncmp(line, expect, strlen(expect)) == 0)
        return true;
    if (strncmp(expect, "a ", 2) == 0)
        return strncmp(line, "* ", 2) != 0;
    return !(isdigit((unsigned char)line[0]) && strlen(line) > 3 && line[3] == '-') &&
           line[0] != ' ';
}

static bool take_step(int fd, const struct step *step, int64_t deadline_ms,
                      const struct stek_audit_stop *stop, char *ret_problem, size_t problem_len)
{
    char line[LINE_MAX_LEN] = "";

    if (step->send != NULL &&
        !stek_audit_send(fd, step->send, strlen(step->send), deadline_ms, stop))
        line[0] = '\0';
    for (int i = 0; i < LINES_MAX; i++) {
        if (!read_line(fd, line, deadline_ms, stop)) {
            (void)snprintf(ret_problem, problem_len,
                           "STARTTLS: the server said nothing where '%s' was expected",
                           step->expect);
            return false;
        }
        if (is_last(line, step->expect))
            break;
    }
    if (strncmp(line, step->expect, strlen(step->expect)) == 0)
        return true;
    (void)snprintf(ret_problem, problem_len, "STARTTLS: the server said '%.60s'", line);
    return false;
}

static bool ask_postgres(int fd, int64_t deadline_ms, const struct stek_audit_stop *stop,
                         char *ret_problem, size_t problem_len)
{
    static const char request[8] = {0, 0,          0,    8,
                                    4, (char)0xd2, 0x16, 0x2f}; /* SSLRequest, 80877103 */
    char answer = '\0';

    if (stek_audit_send(fd, request, sizeof request, deadline_ms, stop) &&
        stek_audit_receive(fd, &answer, 1, deadline_ms, stop) == 1 && answer == 'S')
        return true;
    (void)snprintf(ret_problem, problem_len, "PostgreSQL: %s",
                   answer == 'N' ? "the server has TLS off" : "no answer to SSLRequest");
    return false;
}

bool stek_audit_starttls(int fd, enum stek_audit_starttls protocol, int64_t deadline_ms,
                         const struct stek_audit_stop *stop, char *ret_problem, size_t problem_len)
{
    if (protocol == STEK_AUDIT_POSTGRES)
        return ask_postgres(fd, deadline_ms, stop, ret_problem, problem_len);
    for (const struct step *step = protocols[protocol].steps; step < protocols[protocol].steps + 3;
         step++) {
        if (step->expect == NULL)
            break;
        if (!take_step(fd, step, deadline_ms, stop, ret_problem, problem_len))
            return false;
    }
    return true;
}
