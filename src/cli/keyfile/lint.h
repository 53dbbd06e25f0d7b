/* SPDX-License-Identifier: Apache-2.0 */
/* What `stek keyfile lint` finds out about one file, and how it says so. */
#ifndef STEK_CLI_KEYFILE_LINT_H
#define STEK_CLI_KEYFILE_LINT_H

#include "keyfile/ticket.h"
#include "keyfile/weak.h"

#include <jansson.h>

enum { STEK_KEYFILE_FITS_MAX = 32 };

/* A layout that fits, and what came of trying its keys on the ticket. */
struct stek_keyfile_fit {
    const struct stek_keyfile_layout *layout;
    size_t count; /* keys */
    enum stek_keyfile_match match;
    size_t key; /* that opens the ticket */
};

struct stek_keyfile_report {
    const char *path;
    size_t len;
    bool unreadable;
    bool ticket_tried;
    size_t fits_count;
    struct stek_keyfile_fit fits[STEK_KEYFILE_FITS_MAX];
    struct stek_keyfile_findings findings;
};

void stek_keyfile_report_print(const struct stek_keyfile_report *report);

/* A new object: docs/formats.md, "Lint of key files". NULL: no memory. */
json_t *stek_keyfile_report_json(const struct stek_keyfile_report *report);

#endif
