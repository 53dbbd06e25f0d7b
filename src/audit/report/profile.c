/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of RFC 9325 in the reports. */
#include "audit/report/profile.h"

#include "audit/judge/judging.h"
#include "audit/report/html.h"
#include "audit/report/rows.h"

enum { SECTION_END = 12, TEXT_AT = 28, COLUMNS = 80 };

/* Whether the i-th rule is the first of its target and version. */
static bool begins(const struct stek_audit_profile *profile, size_t i)
{
    return i == 0 || profile->rules[i].target != profile->rules[i - 1].target ||
           profile->rules[i].version != profile->rules[i - 1].version;
}

void stek_audit_profile_text(FILE *out, const struct stek_audit_observation *obs,
                             const struct stek_audit_profile *profile)
{
    for (size_t i = 0; i < profile->len; i++) {
        const struct stek_audit_rule *rule = &profile->rules[i];
        const struct stek_audit_rule_info *info = stek_audit_rule_info(rule->id);
        struct stek_audit_text head = {.len = 0};
        if (begins(profile, i)) {
            stek_audit_text_add(&head, "RFC 9325 (BCP 195) on resumption, %s, %s",
                                stek_audit_version_name(rule->version),
                                stek_audit_label(obs, rule->target).at);
            (void)fputc('\n', out);
            stek_audit_wrapped(out, 0, 2, head.at);
        }
        (void)fprintf(out, "  %-8s  %-4s  %-10s  ", stek_audit_rule_word(rule->verdict),
                      info->section, info->level);
        stek_audit_wrapped(out, TEXT_AT, TEXT_AT, info->text);
        (void)fprintf(out, "%*s", SECTION_END, "");
        stek_audit_wrapped(out, SECTION_END, SECTION_END, rule->seen);
    }
}

json_t *stek_audit_profile_json(const struct stek_audit_profile *profile)
{
    json_t *rules = json_array();

    for (size_t i = 0; i < profile->len; i++) {
        const struct stek_audit_rule *rule = &profile->rules[i];
        const struct stek_audit_rule_info *info = stek_audit_rule_info(rule->id);
        json_array_append_new(rules,
                              json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:o}", "target",
                                        (json_int_t)rule->target, "version",
                                        stek_audit_version_name(rule->version) + 4, "section",
                                        info->section, "level", info->level, "rule", info->text,
                                        "verdict", stek_audit_rule_word(rule->verdict), "seen",
                                        stek_audit_json_text(rule->seen)));
    }
    return json_pack("{s:s, s:o}", "name", "rfc9325", "rules", rules);
}

void stek_audit_profile_html(FILE *out, const struct stek_audit_observation *obs,
                             const struct stek_audit_profile *profile)
{
    for (size_t i = 0; i < profile->len; i++) {
        const struct stek_audit_rule *rule = &profile->rules[i];
        const struct stek_audit_rule_info *info = stek_audit_rule_info(rule->id);
        if (begins(profile, i)) {
            (void)fprintf(out, "%s<h2>RFC 9325 (BCP 195) on resumption, %s, ",
                          i > 0 ? "</table>\n" : "", stek_audit_version_name(rule->version));
            stek_audit_html_text(out, stek_audit_label(obs, rule->target).at);
            (void)fputs("</h2>\n<table class=\"profile\">\n<tr><th>verdict</th><th>section</th>"
                        "<th>level</th><th>rule</th><th>seen</th></tr>\n",
                        out);
        }
        (void)fprintf(out, "<tr><td><strong>%s</strong></td><td>%s</td><td>%s</td><td>%s</td><td>",
                      stek_audit_rule_word(rule->verdict), info->section, info->level, info->text);
        stek_audit_html_text(out, rule->seen);
        (void)fputs("</td></tr>\n", out);
    }
    if (profile->len > 0)
        (void)fputs("</table>\n", out);
}
