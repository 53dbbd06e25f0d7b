/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/context/codeplace.h"

#include <elf.h>
#include <link.h>
#include <string.h>

enum { NOTE_ALIGN = 4 };

struct search {
    uintptr_t address;
    struct stek_code_place place;
};

static size_t aligned(size_t len)
{
    return (len + NOTE_ALIGN - 1) & ~(size_t)(NOTE_ALIGN - 1);
}

/* Notes are a header, a name and a description, one behind the other. */
static bool find_build_id(const uint8_t *notes, size_t len, struct stek_code_place *place)
{
    while (len >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) head;
        memcpy(&head, notes, sizeof head);
        const size_t whole = sizeof head + aligned(head.n_namesz) + aligned(head.n_descsz);
        if (whole > len)
            return false;
        const uint8_t *name = notes + sizeof head;
        if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == sizeof ELF_NOTE_GNU &&
            memcmp(name, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0 &&
            head.n_descsz <= STEK_BUILD_ID_MAX) {
            place->build_id_len = head.n_descsz;
            memcpy(place->build_id, name + aligned(head.n_namesz), head.n_descsz);
            return true;
        }
        notes += whole;
        len -= whole;
    }
    return false;
}

static bool holds(const struct dl_phdr_info *file, uintptr_t address)
{
    for (unsigned i = 0; i < file->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &file->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && address - file->dlpi_addr - part->p_vaddr < part->p_memsz)
            return true;
    }
    return false;
}

/* For dl_iterate_phdr(3): 1 when the file was found. */
static int look(struct dl_phdr_info *file, size_t size, void *arg)
{
    struct search *search = arg;

    (void)size;
    if (!holds(file, search->address))
        return 0;
    search->place.offset = search->address - file->dlpi_addr;
    for (unsigned i = 0; i < file->dlpi_phnum && search->place.build_id_len == 0; i++) {
        const ElfW(Phdr) *part = &file->dlpi_phdr[i];
        if (part->p_type == PT_NOTE)
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader gives a number */
            (void)find_build_id((const uint8_t *)(file->dlpi_addr + part->p_vaddr), part->p_memsz,
                                &search->place);
    }
    return 1;
}

bool stek_code_place_find(uintptr_t address, struct stek_code_place *ret_place)
{
    struct search search = {.address = address};

    if (dl_iterate_phdr(look, &search) != 1 || search.place.build_id_len == 0)
        return false;
    *ret_place = search.place;
    return true;
}
