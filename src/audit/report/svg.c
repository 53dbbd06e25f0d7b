/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/judge/judge.h"
#include "audit/judge/judging.h"
#include "audit/report/html.h"
#include "audit/report/rows.h"
#include "core/plural.h"

#include <stdlib.h>

enum {
    WIDTH = 960,
    LEFT = 330, /* room for target and name */
    PLOT = WIDTH - LEFT - 20,
    ROW = 22,
    BAR = 12,
    NARROWEST = 4, /* a name seen once is to be seen, too */
    NAMES_MAX = 500
};

struct scale {
    int64_t first, last;
};

static struct scale scale_of(const struct stek_audit_key_names *names)
{
    struct scale scale = {names->items[0].first, names->items[0].last};

    for (size_t i = 1; i < names->len; i++) {
        scale.first = names->items[i].first < scale.first ? names->items[i].first : scale.first;
        scale.last = names->items[i].last > scale.last ? names->items[i].last : scale.last;
    }
    return scale;
}

static double place(const struct scale *scale, int64_t at)
{
    const double span = (double)scale->last - (double)scale->first;

    return (double)LEFT +
           (span > 0 ? ((double)at - (double)scale->first) / span * (PLOT - NARROWEST) : 0);
}

/* Colours go round by the row; neighbours differ. */
static const char *colour(size_t row)
{
    static const char *const colours[] = {"#1971c2", "#2f9e44", "#e8590c",
                                          "#9c36b5", "#0c8599", "#c2255c"};

    return colours[row % (sizeof colours / sizeof *colours)];
}

static void print_row(FILE *out, const struct stek_audit_key_name *name, const struct scale *scale,
                      size_t row)
{
    const double from = place(scale, name->first);
    const double width = place(scale, name->last) - from;
    const size_t top = 30 + row * ROW;

    (void)fprintf(
        out, "<g><title>%s: %u %s, %s to %s UTC</title><text x=\"0\" y=\"%zu\">%u: %.32s</text>",
        stek_audit_hex(name->name, name->name_len).at, (unsigned)name->tickets,
        stek_plural(name->tickets, "ticket", "tickets"), stek_audit_date(name->first).at,
        stek_audit_date(name->last).at, top + BAR - 2, (unsigned)name->target + 1,
        stek_audit_hex(name->name, name->name_len).at);
    (void)fprintf(
        out, "<rect x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\" rx=\"2\" fill=\"%s\"/></g>\n",
        from, top, width < (double)NARROWEST ? (double)NARROWEST : width, BAR, colour(row));
}

enum stek_result stek_audit_html_timeline(FILE *out, const struct stek_audit_observation *obs)
{
    struct stek_audit_key_names names;

    if (stek_audit_find_key_names(obs, &names) != STEK_OK)
        return STEK_ERR_MEMORY;
    size_t rows = names.len;
    if (rows > NAMES_MAX)
        rows = NAMES_MAX;
    if (rows > 0) {
        const struct scale scale = scale_of(&names);
        (void)fprintf(
            out,
            "<h2>Key names over time</h2>\n<p>When each name was on new tickets; the number is the "
            "target's.</p>\n<svg id=\"timeline\" viewBox=\"0 0 %d %zu\" width=\"%d\" role=\"img\" "
            "aria-label=\"Key names over time\">\n",
            WIDTH, 40 + rows * ROW, WIDTH);
        (void)fprintf(out,
                      "<text x=\"%d\" y=\"16\">%s</text><text x=\"%d\" y=\"16\" "
                      "text-anchor=\"end\">%s UTC</text>\n",
                      LEFT, stek_audit_date(scale.first).at, LEFT + PLOT,
                      stek_audit_date(scale.last).at);
        for (size_t i = 0; i < rows; i++)
            print_row(out, &names.items[i], &scale, i);
        (void)fputs("</svg>\n", out);
        if (rows < names.len)
            (void)fprintf(out, "<p>%zu more names are not shown.</p>\n", names.len - rows);
    }
    free(names.items);
    return STEK_OK;
}
