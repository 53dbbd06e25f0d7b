/* SPDX-License-Identifier: Apache-2.0 */
/* Asking systemd. */
#ifndef STEK_CLI_SYSTEMCTL_H
#define STEK_CLI_SYSTEMCTL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Runs systemctl with these arguments, the first of which is "systemctl", up to a NULL. Copies what
 * it prints on standard output, cut at `size`, ended by a zero; size 0: nothing is copied. Returns
 * whether it ended with exit code 0.
 */
bool stek_systemctl(char *const arguments[], char *ret_text, size_t size);

/* `systemctl show` of some properties of a unit: "LoadState,ActiveState". As above. */
bool stek_systemctl_show(const char *unit, const char *properties, char *ret_text, size_t size);

/* The value of NAME=value among lines that it has printed, cut at `size`; "" if there
 * is none. */
void stek_systemctl_property(const char *lines, const char *name, char *ret_value, size_t size);

#endif
