/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keyfile/lint.h"
#include "core/plural.h"

#include <stdio.h>
#include <string.h>

enum { NAMES_COLUMNS = 40 };

/* What stands where, in words. */
static const char *order_text(const struct stek_keyfile_layout *layout)
{
    switch (layout->form) {
    case STEK_KEYFILE_BASE64:
        return layout->part_len == 32 ? "base64 of name, AES-256, HMAC"
                                      : "base64 of name, AES-128, HMAC";
    case STEK_KEYFILE_LIGHTTPD:
        return "version, times, name, HMAC, AES-256";
    case STEK_KEYFILE_H2O:
        return "YAML";
    case STEK_KEYFILE_STUNNEL:
        return "lines of stunnel.conf";
    case STEK_KEYFILE_RAW:
        break;
    }
    if (layout->aes_first)
        return layout->part_len == 32 ? "name, AES-256, HMAC" : "name, AES-128, HMAC";
    return layout->part_len == 32 ? "name, HMAC, AES-256" : "name, HMAC, AES-128";
}

/* Whether an earlier fit stands for this one, too. */
static bool is_listed(const struct stek_keyfile_report *report, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (stek_keyfile_same_order(report->fits[k].layout, report->fits[i].layout))
            return true;
    return false;
}

/* All that read the file in the order of fit `i`, with commas. */
static void join_names(const struct stek_keyfile_report *report, size_t i, char *ret_names,
                       size_t size)
{
    size_t len = 0;

    for (size_t k = i; k < report->fits_count && len < size; k++)
        if (stek_keyfile_same_order(report->fits[k].layout, report->fits[i].layout))
            len += (size_t)snprintf(ret_names + len, size - len, "%s%s", len > 0 ? ", " : "",
                                    report->fits[k].layout->name);
}

static void print_fit(const struct stek_keyfile_report *report, size_t i)
{
    const struct stek_keyfile_fit *fit = &report->fits[i];
    char names[256];

    join_names(report, i, names, sizeof names);
    (void)printf("  read by  %s\n           as %s, %zu %s%s\n", names, order_text(fit->layout),
                 fit->count, fit->count == 1 ? "key" : "keys",
                 fit->match == STEK_KEYFILE_OPENS ? ": OPENS THE TICKET" : "");
}

static size_t orders(const struct stek_keyfile_report *report)
{
    size_t count = 0;

    for (size_t i = 0; i < report->fits_count; i++)
        count += !is_listed(report, i);
    return count;
}

void stek_keyfile_report_print(const struct stek_keyfile_report *report)
{
    const struct stek_keyfile_findings *findings = &report->findings;

    if (report->unreadable)
        (void)printf("%s: not read\n", report->path);
    else
        (void)printf("%s: %zu %s, %zu %s\n", report->path, report->len,
                     stek_plural(report->len, "byte", "bytes"), findings->count,
                     stek_plural(findings->count, "finding", "findings"));
    for (size_t i = 0; i < report->fits_count; i++)
        if (!is_listed(report, i))
            print_fit(report, i);
    if (orders(report) > 1 && !report->ticket_tried)
        (void)puts(
            "  note     bytes do not tell the order. A server that reads the wrong one opens\n"
            "           no ticket and says nothing: --ticket FILE tries both.");
    for (size_t i = 0; i < findings->count; i++)
        (void)printf("  FOUND    %s\n", findings->at[i].text);
    if (findings->left_out > 0)
        (void)printf("  FOUND    %zu more\n", findings->left_out);
}

static json_t *fit_json(const struct stek_keyfile_report *report, size_t i)
{
    const struct stek_keyfile_fit *fit = &report->fits[i];
    json_t *json = json_pack("{s:s, s:s, s:I}", "layout", fit->layout->name, "order",
                             order_text(fit->layout), "keys", (json_int_t)fit->count);

    if (report->ticket_tried)
        (void)json_object_set_new(json, "opens_ticket",
                                  json_boolean(fit->match == STEK_KEYFILE_OPENS));
    return json;
}

/* A path may be any bytes. */
static json_t *path_json(const char *path)
{
    json_t *json = json_string(path);

    return json != NULL ? json : json_string("(not UTF-8)");
}

json_t *stek_keyfile_report_json(const struct stek_keyfile_report *report)
{
    json_t *layouts = json_array(), *findings = json_array();

    for (size_t i = 0; i < report->fits_count; i++)
        (void)json_array_append_new(layouts, fit_json(report, i));
    for (size_t i = 0; i < report->findings.count; i++)
        (void)json_array_append_new(findings,
                                    json_pack("{s:s, s:s}", "code", report->findings.at[i].code,
                                              "text", report->findings.at[i].text));
    return json_pack("{s:o, s:I, s:o, s:o}", "file", path_json(report->path), "bytes",
                     (json_int_t)report->len, "layouts", layouts, "findings", findings);
}
