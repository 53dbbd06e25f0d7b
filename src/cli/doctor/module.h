/* SPDX-License-Identifier: Apache-2.0 */
/* The file that a server shall load: whether OpenSSL can, and who decides what is in it. */
#ifndef STEK_CLI_DOCTOR_MODULE_H
#define STEK_CLI_DOCTOR_MODULE_H

#include <stdbool.h>

/*
 * Whether the file `path` of the system below `root` ("" is this one) is a module, on a file system
 * that can execute it, and not everyone's to replace. False, having said why for `command`.
 */
bool stek_module_check(const char *command, const char *root, const char *path);

/*
 * Whether the user that systemd starts a unit as can read it. False, having said why. True as well
 * where that cannot be seen: without systemd, or for another than root.
 */
bool stek_module_check_user(const char *unit, const char *path);

/* Says on standard output who can replace it, beside root. */
void stek_module_print_owner(const char *unit, const char *path);

#endif
