/* SPDX-License-Identifier: Apache-2.0 */
#include "early/register.h"

#include "crypto/random.h"

#include <sys/mman.h>

static _Atomic(struct stek_register *) of_program;

struct stek_register *stek_register_map(void)
{
    void *at = mmap(NULL, sizeof(struct stek_register), PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED)
        return NULL;
    (void)madvise(at, sizeof(struct stek_register), MADV_DONTDUMP);
    return at;
}

void stek_register_unmap(struct stek_register *reg)
{
    if (reg != NULL)
        (void)munmap(reg, sizeof *reg);
}

void stek_register_prepare(void)
{
    struct stek_register *none = NULL;

    if (stek_register_get0() != NULL)
        return;
    struct stek_register *mine = stek_register_map();
    if (mine != NULL && !atomic_compare_exchange_strong(&of_program, &none, mine))
        stek_register_unmap(mine);
}

struct stek_register *stek_register_get0(void)
{
    return atomic_load_explicit(&of_program, memory_order_acquire);
}

/* Of several processes that draw a word of the id at once, the first decides. None waits for
 * another, which may have been killed. */
static bool draw_instance(struct stek_register *reg)
{
    uint64_t fresh[STEK_INSTANCE_LEN / 8];

    if (stek_random_public((uint8_t *)fresh, sizeof fresh) != STEK_OK)
        return false;
    for (size_t i = 0; i < STEK_INSTANCE_LEN / 8; i++) {
        uint64_t none = 0;
        if (fresh[i] == 0)
            return false;
        (void)atomic_compare_exchange_strong(&reg->instance[i], &none, fresh[i]);
    }
    return true;
}

/* False: it was not drawn yet. */
static bool read_instance(struct stek_register *reg, uint8_t ret_instance[STEK_INSTANCE_LEN])
{
    uint64_t instance[STEK_INSTANCE_LEN / 8];

    stek_words_load(instance, reg->instance, STEK_INSTANCE_LEN / 8);
    for (size_t i = 0; i < STEK_INSTANCE_LEN / 8; i++)
        if (instance[i] == 0)
            return false;
    memcpy(ret_instance, instance, STEK_INSTANCE_LEN);
    return true;
}

bool stek_register_issue(struct stek_register *reg, uint8_t ret_instance[STEK_INSTANCE_LEN],
                         uint64_t *ret_serial)
{
    uint8_t instance[STEK_INSTANCE_LEN];

    if (!read_instance(reg, instance) && !(draw_instance(reg) && read_instance(reg, instance)))
        return false;
    if (atomic_load_explicit(&reg->issued, memory_order_relaxed) >= STEK_REGISTER_SERIAL_MAX)
        return false;
    *ret_serial = atomic_fetch_add_explicit(&reg->issued, 1, memory_order_relaxed) + 1;
    memcpy(ret_instance, instance, sizeof instance);
    return true;
}

static bool is_own(struct stek_register *reg, const uint8_t instance[STEK_INSTANCE_LEN])
{
    uint8_t own[STEK_INSTANCE_LEN];

    return read_instance(reg, own) && memcmp(own, instance, sizeof own) == 0;
}

enum stek_early stek_register_spend(struct stek_register *reg,
                                    const uint8_t instance[STEK_INSTANCE_LEN], uint64_t serial)
{
    const uint64_t issued = atomic_load_explicit(&reg->issued, memory_order_relaxed);

    if (!is_own(reg, instance) || serial == 0 || serial > issued)
        return STEK_EARLY_FOREIGN;
    if (issued - serial >= STEK_REGISTER_WINDOW)
        return STEK_EARLY_TOO_OLD;
    stek_word *at = &reg->word[stek_register_place(serial)];
    uint64_t word = atomic_load_explicit(at, memory_order_acquire);
    uint64_t with_flag;
    enum stek_early early;
    do {
        early = stek_register_decide(word, serial, &with_flag);
    } while (early == STEK_EARLY_ACCEPTED &&
             !atomic_compare_exchange_weak_explicit(at, &word, with_flag, memory_order_acq_rel,
                                                    memory_order_acquire));
    return early;
}
