/* SPDX-License-Identifier: Apache-2.0 */
/* Which files OpenSSL could load as a module: those that a linker made, and altered ones. */
#include "unit.h"

#include "doctor/modulefile.h"

#include <link.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX = 16 << 20 };

static _Alignas(16) uint8_t module[FILE_MAX];
static size_t module_len;

static size_t read_file(const char *path, uint8_t *ret_bytes)
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    const size_t len = fread(ret_bytes, 1, FILE_MAX, file);
    (void)fclose(file);
    assert_between(len, sizeof(ElfW(Ehdr)), FILE_MAX - 1);
    return len;
}

static int read_module(void **state)
{
    (void)state;
    module_len = read_file(STEK_MODULE_FILE, module);
    return 0;
}

static const char *judged(size_t len, bool elsewhere)
{
    const struct stek_doctor_bytes file = {module, len};
    static uint8_t own[FILE_MAX];
    const struct stek_doctor_bytes here = {own, read_file("/proc/self/exe", own)};

    return stek_doctor_module_problem(&file, &here, elsewhere);
}

static void must_say(const char *problem, const char *words)
{
    assert_non_null(problem);
    assert_non_null(strstr(problem, words));
}

static ElfW(Ehdr) * head(void)
{
    return (ElfW(Ehdr) *)(void *)module;
}

static void the_module_that_was_built_is_fine(void **state)
{
    (void)state;
    assert_null(judged(module_len, false));
}

static void text_is_no_library(void **state)
{
    (void)state;
    (void)snprintf((char *)module, sizeof module, "root:x:0:0:root:/root:/bin/bash\n");
    must_say(judged(32, false), "is no shared library");
    must_say(judged(0, false), "is no shared library");
    must_say(judged(0, true), "is no shared library");
}

static void a_file_that_ends_early_is_cut_short(void **state)
{
    (void)state;
    must_say(judged(module_len - 1, false), "is cut short");
    must_say(judged(sizeof(ElfW(Ehdr)) - 1, false), "is cut short");
}

static void one_for_another_processor_is_fine_only_elsewhere(void **state)
{
    (void)state;
    head()->e_machine = EM_SPARC;
    must_say(judged(module_len, false), "another processor");
    assert_null(judged(module_len, true));
}

static void one_of_another_word_size_is_for_another_processor(void **state)
{
    (void)state;
    head()->e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
    must_say(judged(module_len, false), "another processor");
}

static void an_object_file_is_no_shared_library(void **state)
{
    (void)state;
    head()->e_type = ET_REL;
    must_say(judged(module_len, false), "is no shared library");
}

static void a_program_is_no_module(void **state)
{
    (void)state;
    module_len = read_file("/proc/self/exe", module);
    must_say(judged(module_len, false), "OPENSSL_init");
}

static void a_library_without_the_function_is_no_module(void **state)
{
    (void)state;
    module_len = read_file(STEK_LIBRARY_FILE, module);
    must_say(judged(module_len, false), "OPENSSL_init");
}

static void without_a_table_of_sections_nothing_is_said(void **state)
{
    (void)state;
    head()->e_shnum = 0;
    assert_null(judged(module_len, false));
}

static void odd_offsets_are_not_followed(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof(ElfW(Ehdr)); at++) {
        (void)read_module(NULL);
        module[at] ^= 0xff;
        (void)judged(module_len, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_module_that_was_built_is_fine, read_module),
        cmocka_unit_test_setup(text_is_no_library, read_module),
        cmocka_unit_test_setup(a_file_that_ends_early_is_cut_short, read_module),
        cmocka_unit_test_setup(one_for_another_processor_is_fine_only_elsewhere, read_module),
        cmocka_unit_test_setup(one_of_another_word_size_is_for_another_processor, read_module),
        cmocka_unit_test_setup(an_object_file_is_no_shared_library, read_module),
        cmocka_unit_test_setup(a_program_is_no_module, read_module),
        cmocka_unit_test_setup(a_library_without_the_function_is_no_module, read_module),
        cmocka_unit_test_setup(without_a_table_of_sections_nothing_is_said, read_module),
        cmocka_unit_test_setup(odd_offsets_are_not_followed, read_module),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
