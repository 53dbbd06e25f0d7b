/* SPDX-License-Identifier: Apache-2.0 */
/* Names of keys in the store, and the files of key-encryption keys. */
#include "unit.h"

#include "fleet/store/kekfile.h"
#include "fleet/store/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct stek_bytes bytes(const char *text)
{
    return (struct stek_bytes){(const uint8_t *)text, strlen(text)};
}

static void names_sort_as_their_numbers(void **state)
{
    struct stek_key_name one;
    struct stek_key_name two;

    (void)state;
    stek_name_record("/stek/v1", "web", 9, &one);
    stek_name_record("/stek/v1", "web", 10, &two);
    assert_string_equal(one.text, "/stek/v1/web/00000000000000000009");
    assert_true(strcmp(one.text, two.text) < 0);
}

static void a_folder_holds_its_ring_and_no_other(void **state)
{
    struct stek_key_name from;
    struct stek_key_name until;
    struct stek_key_name name;

    (void)state;
    stek_name_folder("/stek/v1", "web", &from, &until);
    stek_name_record("/stek/v1", "web", UINT64_MAX, &name);
    assert_true(strcmp(from.text, name.text) < 0 && strcmp(name.text, until.text) < 0);
    stek_name_floor("/stek/v1", "web", &name);
    assert_true(strcmp(from.text, name.text) < 0 && strcmp(name.text, until.text) < 0);
    stek_name_record("/stek/v1", "web-2", 1, &name);
    assert_false(strcmp(from.text, name.text) < 0 && strcmp(name.text, until.text) < 0);
    stek_name_record("/stek/v1", "web0", 1, &name);
    assert_false(strcmp(from.text, name.text) < 0 && strcmp(name.text, until.text) < 0);
    stek_name_member("/stek/v1", "host", &name);
    assert_false(strcmp(from.text, name.text) < 0 && strcmp(name.text, until.text) < 0);
}

static void only_its_own_names_are_read(void **state)
{
    struct stek_key_name from;
    struct stek_key_name until;
    uint64_t seq = 42;

    (void)state;
    stek_name_folder("/p", "web", &from, &until);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/.floor"), &seq), STEK_NAME_FLOOR);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/floor"), &seq), STEK_NAME_FOREIGN);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/0000000000000000000a"), &seq),
                     STEK_NAME_FOREIGN);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/7"), &seq), STEK_NAME_FOREIGN);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/000000000000000000007"), &seq),
                     STEK_NAME_FOREIGN);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/99999999999999999999"), &seq),
                     STEK_NAME_FOREIGN);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/"), &seq), STEK_NAME_FOREIGN);
    assert_int_equal(stek_name_parse(&from, bytes("/p/mail/00000000000000000007"), &seq),
                     STEK_NAME_FOREIGN);
    assert_int_equal(seq, 42);
    assert_int_equal(stek_name_parse(&from, bytes("/p/web/00000000000000000007"), &seq),
                     STEK_NAME_RECORD);
    assert_int_equal(seq, 7);
}

static void each_key_has_a_folder_of_its_own(void **state)
{
    static const uint8_t id[STEK_KEK_ID_LEN] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0xff};
    struct stek_keyed_folder folder;
    struct stek_key_name from;
    struct stek_key_name until;
    struct stek_key_name name;

    (void)state;
    stek_name_keyed("web", id, &folder);
    assert_string_equal(folder.text, "web/00112233445566ff");
    stek_name_record("/p", folder.text, 7, &name);
    assert_string_equal(name.text, "/p/web/00112233445566ff/00000000000000000007");
    stek_name_folder("/p", "web", &from, &until);
    assert_true(stek_name_is_keyed(&from, stek_key_name_bytes(&name)));
    assert_false(stek_name_is_keyed(&from, bytes("/p/web/00112233445566ff")));
    assert_false(stek_name_is_keyed(&from, bytes("/p/web/00112233445566fg/1")));
    assert_false(stek_name_is_keyed(&from, bytes("/p/mail/00112233445566ff/1")));
    assert_false(stek_name_is_keyed(&from, bytes("/p/web/00000000000000000007")));
}

static void a_floor_sorts_before_its_records(void **state)
{
    struct stek_key_name floor;
    struct stek_key_name record;

    (void)state;
    stek_name_floor("/p", "web/00", &floor);
    stek_name_record("/p", "web/00", 0, &record);
    assert_true(strcmp(floor.text, record.text) < 0);
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1dffab"

static void a_key_file_is_one_line(void **state)
{
    static const char *const refused[] = {"",
                                          "stek-kek-1 ",
                                          DIGITS,
                                          "stek-kek-1 " DIGITS "00",
                                          "stek-kek-1 " DIGITS "\n\n",
                                          "stek-kek-2 " DIGITS,
                                          "STEK-KEK-1 " DIGITS,
                                          "stek-kek-1  " DIGITS};
    struct stek_kek key = {.epoch = 42};

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_non_null(stek_kekfile_parse(refused[i], strlen(refused[i]), &key));
    assert_int_equal(key.epoch, 42);
    assert_null(stek_kekfile_parse("stek-kek-1 " DIGITS "\n", 76, &key));
    assert_int_equal(key.epoch, 0);
    assert_null(stek_kekfile_parse("stek-kek-1 " DIGITS, 75, &key));
}

static void a_changed_line_of_a_key_that_has_gone_on_is_refused(void **state)
{
    char path[] = "/tmp/stek-kek-XXXXXX";
    char name[64];
    char text[STEK_KEKFILE_LEN + 1] = "";
    struct stek_kek key;

    (void)state;
    assert_null(stek_kekfile_parse("stek-kek-1 " DIGITS, 75, &key));
    assert_int_equal(stek_kek_advance(&key, 333), STEK_OK);
    assert_true(mkdtemp(path) != NULL);
    snprintf(name, sizeof name, "%s/key", path);
    assert_null(stek_kekfile_write(name, &key));
    FILE *file = fopen(name, "r");
    assert_true(file != NULL && fread(text, 1, sizeof text, file) == STEK_KEKFILE_LEN);
    (void)fclose(file);
    assert_null(stek_kekfile_parse(text, STEK_KEKFILE_LEN, &key));
    for (size_t i = 0; i < STEK_KEKFILE_LEN; i++) {
        text[i] ^= 1;
        if (stek_kekfile_parse(text, STEK_KEKFILE_LEN, &key) == NULL)
            fail_msg("read with character %zu changed", i);
        text[i] ^= 1;
    }
    assert_non_null(stek_kekfile_parse(text, STEK_KEKFILE_LEN - 2, &key));
    unlink(name);
    rmdir(path);
}

static void a_weak_key_is_refused(void **state)
{
    char text[77] = "stek-kek-1 ";
    struct stek_kek key;

    (void)state;
    memset(text + 11, '0', 64);
    assert_non_null(stek_kekfile_parse(text, 75, &key));
}

static void what_is_written_reads_and_nothing_is_overwritten(void **state)
{
    struct stek_kek key;
    struct stek_kek again;
    char path[] = "/tmp/stek-kek-XXXXXX";
    struct stat file;

    (void)state;
    assert_null(stek_kekfile_parse("stek-kek-1 " DIGITS, 75, &key));
    assert_true(mkdtemp(path) != NULL);
    char name[64];
    snprintf(name, sizeof name, "%s/key", path);
    assert_null(stek_kekfile_write(name, &key));
    assert_int_equal(stat(name, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_null(stek_kekfile_read(name, &again));
    assert_memory_equal(&again, &key, sizeof key);
    assert_non_null(stek_kekfile_write(name, &key));
    chmod(name, 0640);
    assert_int_equal(stek_kek_advance(&key, 333), STEK_OK);
    assert_null(stek_kekfile_replace(name, &key));
    assert_int_equal(stat(name, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0640);
    assert_null(stek_kekfile_read(name, &again));
    assert_memory_equal(&again, &key, sizeof key);
    chmod(name, 0644);
    assert_non_null(stek_kekfile_read(name, &again));
    chmod(name, 0640);
    assert_null(stek_kekfile_read(name, &again));
    unlink(name);
    assert_non_null(stek_kekfile_read(name, &again));
    rmdir(path);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_sort_as_their_numbers),
        cmocka_unit_test(a_folder_holds_its_ring_and_no_other),
        cmocka_unit_test(only_its_own_names_are_read),
        cmocka_unit_test(each_key_has_a_folder_of_its_own),
        cmocka_unit_test(a_floor_sorts_before_its_records),
        cmocka_unit_test(a_key_file_is_one_line),
        cmocka_unit_test(a_changed_line_of_a_key_that_has_gone_on_is_refused),
        cmocka_unit_test(a_weak_key_is_refused),
        cmocka_unit_test(what_is_written_reads_and_nothing_is_overwritten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
