/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/module/loaded.h"

struct search {
    uintptr_t address;
    struct stek_loaded found;
};

bool stek_loaded_holds(const struct stek_loaded *object, uintptr_t address)
{
    for (size_t i = 0; i < object->count; i++) {
        const ElfW(Phdr) *header = &object->headers[i];
        if (header->p_type == PT_LOAD && address - object->base - header->p_vaddr < header->p_memsz)
            return true;
    }
    return false;
}

static int look_at(struct dl_phdr_info *info, size_t info_len, void *arg)
{
    const struct stek_loaded object = {info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum};
    struct search *search = arg;

    (void)info_len;
    if (!stek_loaded_holds(&object, search->address))
        return 0;
    search->found = object;
    return 1;
}

bool stek_loaded_find(uintptr_t address, struct stek_loaded *ret_object)
{
    struct search search = {.address = address};

    if (dl_iterate_phdr(look_at, &search) == 0)
        return false;
    *ret_object = search.found;
    return true;
}

/* What the dynamic section says of an object's imports. */
struct imports {
    const ElfW(Sym) * symbols;
    const char *names;
    const unsigned char *slots; /* relocations of functions */
    size_t slots_len;
    bool addends;             /* they are ElfW(Rela), not ElfW(Rel) */
    const unsigned char *all; /* where there are no such slots (-fno-plt): all with an addend, */
    size_t all_len;           /* which is the kind that 64-bit machines have */
};

static const void *pointer(uintptr_t address)
{
    return (const void *)address; /* NOLINT(performance-no-int-to-ptr): the linker's numbers */
}

/* glibc has made addresses of these values, other loaders leave them as they are in the file. */
static const void *dynamic_pointer(const struct stek_loaded *object, ElfW(Addr) value)
{
    return pointer(value < object->base ? object->base + value : value);
}

static void read_entry(const struct stek_loaded *object, const ElfW(Dyn) * entry,
                       struct imports *imports)
{
    switch (entry->d_tag) {
    case DT_SYMTAB:
        imports->symbols = dynamic_pointer(object, entry->d_un.d_ptr);
        break;
    case DT_STRTAB:
        imports->names = dynamic_pointer(object, entry->d_un.d_ptr);
        break;
    case DT_JMPREL:
        imports->slots = dynamic_pointer(object, entry->d_un.d_ptr);
        break;
    case DT_PLTRELSZ:
        imports->slots_len = entry->d_un.d_val;
        break;
    case DT_PLTREL:
        imports->addends = entry->d_un.d_val == DT_RELA;
        break;
    case DT_RELA:
        imports->all = dynamic_pointer(object, entry->d_un.d_ptr);
        break;
    case DT_RELASZ:
        imports->all_len = entry->d_un.d_val;
        break;
    default:
        break;
    }
}

static bool read_dynamic(const struct stek_loaded *object, struct imports *ret_imports)
{
    struct imports imports = {0};

    for (size_t i = 0; i < object->count; i++) {
        if (object->headers[i].p_type != PT_DYNAMIC)
            continue;
        const ElfW(Dyn) *entry = pointer(object->base + object->headers[i].p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++)
            read_entry(object, entry, &imports);
    }
    if (imports.slots_len == 0) {
        imports.slots = imports.all;
        imports.slots_len = imports.all_len;
        imports.addends = true;
    }
    *ret_imports = imports;
    return imports.symbols != NULL && imports.names != NULL && imports.slots_len != 0;
}

/* The number of the symbol is in the upper part of r_info: 32 bits of 64, or 24 of 32. */
static size_t symbol_number(const ElfW(Rel) * slot)
{
    return sizeof slot->r_info == 8 ? (size_t)ELF64_R_SYM(slot->r_info)
                                    : (size_t)ELF32_R_SYM(slot->r_info);
}

void stek_loaded_each_import(const struct stek_loaded *object, stek_loaded_import_fn *each,
                             void *arg)
{
    struct imports imports;

    if (!read_dynamic(object, &imports))
        return;
    const size_t step = imports.addends ? sizeof(ElfW(Rela)) : sizeof(ElfW(Rel));
    for (size_t at = 0; at + step <= imports.slots_len; at += step) {
        /* ElfW(Rela) begins as ElfW(Rel) does. */
        const ElfW(Rel) *slot = (const ElfW(Rel) *)(const void *)(imports.slots + at);
        const ElfW(Sym) *symbol = &imports.symbols[symbol_number(slot)];
        const void *bound = pointer(object->base + slot->r_offset);
        if (symbol_number(slot) != 0 && symbol->st_shndx == SHN_UNDEF)
            each(imports.names + symbol->st_name, *(const uintptr_t *)bound, arg);
    }
}
