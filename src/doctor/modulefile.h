/* SPDX-License-Identifier: Apache-2.0 */
/* What keeps OpenSSL from loading a file as its module. Pure. */
#ifndef STEK_DOCTOR_MODULEFILE_H
#define STEK_DOCTOR_MODULEFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a file. */
struct stek_doctor_bytes {
    const uint8_t *at;
    size_t len;
};

/*
 * NULL: nothing that its bytes show; else what to say after its path. `here` is a program of this
 * system. Where `elsewhere`, the module is for another system: it may be for another processor.
 */
const char *stek_doctor_module_problem(const struct stek_doctor_bytes *file,
                                       const struct stek_doctor_bytes *here, bool elsewhere);

#endif
