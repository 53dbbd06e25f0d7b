/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/slots.h"

#include "ringfile/process.h"
#include "tls/attachment.h"

#include <stdlib.h>

/* Block i has FIRST_BLOCK << i slots: few blocks to look through, however many SSL_CTXs there are.
 */
enum { FIRST_BLOCK = 16, BLOCKS = 24 };

static struct stek_attachment first_block[FIRST_BLOCK];
static _Atomic(struct stek_attachment *) blocks[BLOCKS] = {first_block};

/* Under stek_process_lock(). */
static struct stek_attachment *unused;
static bool started;

static size_t slots_in(size_t block)
{
    return (size_t)FIRST_BLOCK << block;
}

static void make_unused(struct stek_attachment *block, size_t count)
{
    for (size_t i = count; i > 0; i--) {
        block[i - 1].next_unused = unused;
        unused = &block[i - 1];
    }
}

/* A further block, when all slots are in use. */
static void grow(void)
{
    size_t i = 0;

    if (!started) {
        started = true;
        make_unused(first_block, FIRST_BLOCK);
        return;
    }
    while (i < BLOCKS && atomic_load_explicit(&blocks[i], memory_order_relaxed) != NULL)
        i++;
    if (i == BLOCKS)
        return;
    struct stek_attachment *block = calloc(slots_in(i), sizeof *block);
    if (block == NULL)
        return;
    make_unused(block, slots_in(i));
    atomic_store_explicit(&blocks[i], block, memory_order_release);
}

struct stek_attachment *stek_slots_take(void)
{
    stek_process_lock();
    if (unused == NULL)
        grow();
    struct stek_attachment *taken = unused;
    if (taken != NULL)
        unused = taken->next_unused;
    stek_process_unlock();
    return taken;
}

void stek_slots_give(struct stek_attachment *attachment)
{
    stek_process_lock();
    attachment->next_unused = unused;
    unused = attachment;
    stek_process_unlock();
}

bool stek_slots_has(const void *pointer)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        const uintptr_t start = (uintptr_t)atomic_load_explicit(&blocks[i], memory_order_acquire);
        const uintptr_t offset = (uintptr_t)pointer - start;

        if (start == 0)
            return false;
        if (offset < slots_in(i) * sizeof(struct stek_attachment))
            return offset % sizeof(struct stek_attachment) == 0;
    }
    return false;
}

struct stek_attachment *
stek_slots_find(bool (*matches)(const struct stek_attachment *, const void *), const void *arg)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        struct stek_attachment *block = atomic_load_explicit(&blocks[i], memory_order_acquire);

        for (size_t j = 0; block != NULL && j < slots_in(i); j++)
            if (matches(&block[j], arg))
                return &block[j];
    }
    return NULL;
}
