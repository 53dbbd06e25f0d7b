/* SPDX-License-Identifier: Apache-2.0 */
/* The files that `stek enable` writes for a unit, and how they are written: whole or not at all. */
#ifndef STEK_CLI_UNIT_FILES_H
#define STEK_CLI_UNIT_FILES_H

#include <stdbool.h>
#include <stdio.h>

enum { STEK_UNIT_NAME_MAX = 255, STEK_UNIT_PATH_LEN = 512 };

struct stek_unit_files {
    char unit[STEK_UNIT_NAME_MAX + 1]; /* with .service */
    char drop_in[STEK_UNIT_PATH_LEN];  /* /etc/systemd/system/UNIT.d/stek.conf */
    char conf[STEK_UNIT_PATH_LEN];     /* /etc/stek/openssl/UNIT.cnf */
};

/* Their paths; false when `name` is no name of a service. ".service" may be left out. */
bool stek_unit_files_find(const char *name, struct stek_unit_files *ret_files);

/* Why `name` is no name of a service, for people. */
const char *stek_unit_name_problem(const char *name);

/* Whether the unit is a template, such as redis-server@.service. */
bool stek_unit_is_template(const char *unit);

/* Whether `stek enable` wrote the drop-in at that path. True where there is none. */
bool stek_unit_drop_in_is_ours(const char *path);

/* Whether systemd knows the unit, or its template, below `root`. */
bool stek_unit_exists(const struct stek_unit_files *files, const char *root);

/* Begins a file beside `path`, mode 0644, with its directories; NULL with errno set. */
FILE *stek_unit_file_begin(const char *path);

/* Closes it and puts it in its place; false with errno set, and nothing has changed. */
bool stek_unit_file_end(FILE *out, const char *path);

/* Removes it, and its directory when that is empty; false with errno set. */
bool stek_unit_file_remove(const char *path);

#endif
