/* SPDX-License-Identifier: Apache-2.0 */
#include "keyless.h"

#include "unit.h"

#include "ring_fixture.h"

void keyless_start(struct keyless *keyless)
{
    struct stek_key key;

    ring_dir_start(&keyless->dir);
    keyless->writer = ring_dir_write(&keyless->dir, STEK_WRITER_NEW);
    keyless->ring = ring_dir_open(&keyless->dir);
    CHECK(stek_label_new(keyless->ring, "shop", &keyless->label) == STEK_OK);
    ring_set_time(ring_time() + 1000 * RING_ROTATE_S);
    CHECK(stek_key_current(keyless->label, &key, NULL) == STEK_ERR_NO_KEY);
}

void keyless_stop(struct keyless *keyless)
{
    stek_label_free(keyless->label);
    stek_ring_free(keyless->ring);
    stek_writer_close(keyless->writer);
    ring_dir_finish(&keyless->dir);
}
