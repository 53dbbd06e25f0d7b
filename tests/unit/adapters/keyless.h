/* SPDX-License-Identifier: Apache-2.0 */
/* A label without a key: its ring's file was left alone for so long that nobody can continue it. */
#ifndef TESTS_UNIT_KEYLESS_H
#define TESTS_UNIT_KEYLESS_H

#include "ring_dir.h"

struct keyless {
    struct ring_dir dir;
    struct stek_writer *writer;
    struct stek_ring *ring;
    struct stek_label *label;
};

/* Moves the clock on. */
void keyless_start(struct keyless *keyless);
void keyless_stop(struct keyless *keyless);

#endif
