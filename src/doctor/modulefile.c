/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared library, as elf(5) has it: a header; at e_shoff a table of sections. One of type
 * SHT_DYNSYM has the symbols that the library gives and takes, and names, by sh_link, the section
 * with their names. Whoever types --module chose the file, perhaps the wrong one; so no offset in
 * it is believed.
 */
#include "doctor/modulefile.h"

#include <link.h>
#include <string.h>

/* What libcrypto looks for in a module: conf_mod.c of OpenSSL. */
static const char entry[] = "OPENSSL_init";

/* False: the file ends before. */
static bool take(const struct stek_doctor_bytes *file, uint64_t offset, size_t size, void *ret)
{
    if (offset > file->len || size > file->len - offset)
        return false;
    memcpy(ret, file->at + offset, size);
    return true;
}

static bool take_section(const struct stek_doctor_bytes *file, const ElfW(Ehdr) * head,
                         size_t index, ElfW(Shdr) * ret_section)
{
    return index < head->e_shnum &&
           take(file, head->e_shoff + (uint64_t)index * sizeof *ret_section, sizeof *ret_section,
                ret_section);
}

/* Whether one of the symbols is ours to call: one that the library has itself. */
static bool has_entry(const struct stek_doctor_bytes *file, const ElfW(Shdr) * symbols,
                      const ElfW(Shdr) * names)
{
    ElfW(Sym) symbol;
    char name[sizeof entry];

    for (uint64_t at = 0; at < symbols->sh_size; at += sizeof symbol) {
        if (!take(file, symbols->sh_offset + at, sizeof symbol, &symbol))
            return false;
        if (symbol.st_shndx != SHN_UNDEF &&
            take(file, (uint64_t)names->sh_offset + symbol.st_name, sizeof name, name) &&
            memcmp(name, entry, sizeof entry) == 0)
            return true;
    }
    return false;
}

/* Where there is no table of sections, nothing can be said. */
static const char *sections_problem(const struct stek_doctor_bytes *file, const ElfW(Ehdr) * head)
{
    static const char no_module[] = "is no module of OpenSSL's, since it has no function "
                                    "OPENSSL_init: give the path of stek.so";
    ElfW(Shdr) section;
    ElfW(Shdr) names;

    if (head->e_shnum == 0)
        return NULL;
    if (head->e_shentsize != sizeof section ||
        !take_section(file, head, head->e_shnum - 1U, &section))
        return "is cut short: install it again";
    for (size_t i = 0; take_section(file, head, i, &section); i++)
        if (section.sh_type == SHT_DYNSYM) /* there is one at most */
            return take_section(file, head, section.sh_link, &names) &&
                           has_entry(file, &section, &names)
                       ? NULL
                       : no_module;
    return no_module;
}

const char *stek_doctor_module_problem(const struct stek_doctor_bytes *file,
                                       const struct stek_doctor_bytes *here, bool elsewhere)
{
    static const char no_library[] = "is no shared library: give the path of stek.so";
    ElfW(Ehdr) head;
    ElfW(Ehdr) own;

    if (file->len < SELFMAG || memcmp(file->at, ELFMAG, SELFMAG) != 0)
        return no_library;
    if (!take(file, 0, sizeof head, &head))
        return "is cut short: install it again";
    if (!take(here, 0, sizeof own, &own))
        return NULL;
    if (memcmp(head.e_ident, own.e_ident, EI_VERSION) != 0 || head.e_machine != own.e_machine)
        return elsewhere ? NULL
                         : "is for another processor than this system's: give the path of a "
                           "stek.so for this one";
    return head.e_type != ET_DYN ? no_library : sections_problem(file, &head);
}
