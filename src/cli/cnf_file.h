/* SPDX-License-Identifier: Apache-2.0 */
/* An OpenSSL configuration file that loads the module and composes with the system's own. */
#ifndef STEK_CLI_CNF_FILE_H
#define STEK_CLI_CNF_FILE_H

#include <stdbool.h>
#include <stdio.h>

enum { STEK_CNF_SETTINGS_MAX = 16, STEK_CNF_PATH_LEN = 4096 };

struct stek_cnf {
    const char *command; /* for messages: "openssl-cnf" */
    const char
        *root; /* where the file will be used, "" for this system: paths are looked up below it */
    const char *module; /* the stek.so to load */
    const char *system; /* the file to include; NULL: the one that OpenSSL reads by itself, if there
                           is one */
    const char *value[STEK_CNF_SETTINGS_MAX]; /* by the setting's place in stek_settings_all();
                                                 NULL: not given */

    char accept[24]; /* filled by stek_cnf_check_settings() */

    /* Filled by stek_cnf_check(). */
    char include[STEK_CNF_PATH_LEN]; /* "" : none */
    char openssl_section[256];       /* that programs start from: OpenSSL's own, and Node.js's */
    char nodejs_section[256];
    char ring_path[STEK_CNF_PATH_LEN];
};

/* Fills in the defaults: the installed module, the system's file, no settings. */
void stek_cnf_init(struct stek_cnf *cnf, const char *command);

/* Checks settings, and gives `accept` a value where its default does not fit: false, having said
 * why, is a fault of usage. */
bool stek_cnf_check_settings(struct stek_cnf *cnf);

/* Checks paths and finds what to compose with. Returns false, having said why. */
bool stek_cnf_check(struct stek_cnf *cnf);

/* After both checks. */
void stek_cnf_print(const struct stek_cnf *cnf, FILE *out);

#endif
