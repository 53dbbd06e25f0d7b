/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/judging.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSION_ID_LEN_MAX = 32 };

const uint16_t stek_audit_versions[2] = {STEK_AUDIT_TLS12, STEK_AUDIT_TLS13};

const char *stek_audit_version_name(uint16_t version)
{
    switch (version) {
    case STEK_AUDIT_TLS12:
        return "TLS 1.2";
    case STEK_AUDIT_TLS13:
        return "TLS 1.3";
    case 0x0301:
        return "TLS 1.0";
    case 0x0302:
        return "TLS 1.1";
    default:
        return "TLS";
    }
}

enum stek_audit_severity stek_audit_usual(enum stek_audit_id id)
{
    return stek_audit_id_info(id)->severity;
}

/* Texts come from servers and from recorded files: nothing in them may steer a terminal. */
static void make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

static struct stek_audit_finding *new_finding(struct stek_audit_judging *judging)
{
    struct stek_audit_findings *list = &judging->findings;

    if (list->len == list->cap) {
        const size_t cap = list->cap == 0 ? 32 : 2 * list->cap;
        struct stek_audit_finding *items = realloc(list->items, cap * sizeof *items);
        if (items == NULL) {
            judging->result = STEK_ERR_MEMORY;
            return NULL;
        }
        list->items = items;
        list->cap = cap;
    }
    return &list->items[list->len++];
}

void stek_audit_add_finding(struct stek_audit_judging *judging, enum stek_audit_id id,
                            enum stek_audit_severity severity, struct stek_audit_about about,
                            const char *format, ...)
{
    struct stek_audit_finding *finding = judging->result == STEK_OK ? new_finding(judging) : NULL;
    va_list values;

    if (finding == NULL)
        return;
    *finding =
        (struct stek_audit_finding){id, severity, about.target, about.other, about.version, ""};
    va_start(values, format);
    (void)vsnprintf(finding->observed, sizeof finding->observed, format, values);
    va_end(values);
    make_printable(finding->observed);
}

void stek_audit_text_add(struct stek_audit_text *text, const char *format, ...)
{
    const size_t room = sizeof text->at - text->len;
    va_list values;

    va_start(values, format);
    const int len = vsnprintf(text->at + text->len, room, format, values);
    va_end(values);
    if (len > 0)
        text->len += (size_t)len < room ? (size_t)len : room - 1;
}

struct stek_audit_duration stek_audit_duration(int64_t seconds)
{
    static const struct {
        int64_t seconds, from;
        const char *name;
    } units[] = {
        {86400, 2 * 86400, "days"}, {3600, 2 * 3600, "h"}, {60, 120, "min"}, {1, INT64_MIN, "s"}};
    struct stek_audit_duration text;
    size_t i = 0;

    while (seconds < units[i].from)
        i++;
    const int64_t tenths =
        seconds % units[i].seconds / (units[i].seconds > 9 ? units[i].seconds / 10 : 1);
    if (tenths > 0 && units[i].seconds > 1)
        (void)snprintf(text.at, sizeof text.at, "%" PRId64 ".%d %s", seconds / units[i].seconds,
                       tenths > 9 ? 9 : (int)tenths, units[i].name);
    else
        (void)snprintf(text.at, sizeof text.at, "%" PRId64 " %s", seconds / units[i].seconds,
                       units[i].name);
    return text;
}

struct stek_audit_label stek_audit_label(const struct stek_audit_observation *obs, uint32_t target)
{
    struct stek_audit_label label = {"-"};

    if (target >= obs->targets_len)
        return label;
    const struct stek_audit_target *item = &obs->targets[target];
    const bool v6 = strchr(item->host, ':') != NULL;
    const bool other_name = item->sni[0] != '\0' && strcmp(item->sni, item->host) != 0;
    (void)snprintf(label.at, sizeof label.at, "%s%s%s:%u%s%s%s", v6 ? "[" : "", item->host,
                   v6 ? "]" : "", (unsigned)item->port, other_name ? " (" : "",
                   other_name ? item->sni : "", other_name ? ")" : "");
    make_printable(label.at);
    return label;
}

bool stek_audit_only_references(const struct stek_audit_observation *obs, uint32_t target,
                                uint16_t version)
{
    bool any = false;

    for (size_t i = 0; i < obs->tickets_len; i++) {
        const struct stek_audit_ticket *ticket = &obs->tickets[i];
        if (ticket->target != target || ticket->version != version)
            continue;
        if (ticket->len > SESSION_ID_LEN_MAX)
            return false;
        any = true;
    }
    return any;
}
