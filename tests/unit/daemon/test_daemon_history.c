/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the history: torn lines, a full disk, a full file, a second stekd. */
#include "unit.h"

#include "daemon/history/history.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { T = 1800000000 };

static const char full_line[] = "1800000000 alive - - - - - - - .\n";

struct place {
    char folder[32];
    char file[64];
    char previous[64];
    struct stekd_history history;
};

static void begin(struct place *place)
{
    stekd_history_init(&place->history);
    stekd_history_open_folder(&place->history, place->folder, (uid_t)-1, (gid_t)-1);
    stekd_history_begin(&place->history);
}

static void again(struct place *place)
{
    stekd_history_close(&place->history);
    begin(place);
}

static int enter(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    assert_non_null(place);
    (void)strcpy(place->folder, "/tmp/stek-unit-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    (void)snprintf(place->file, sizeof place->file, "%s/history", place->folder);
    (void)snprintf(place->previous, sizeof place->previous, "%s/history.1", place->folder);
    begin(place);
    *state = place;
    return 0;
}

static int leave(void **state)
{
    struct place *place = *state;

    stekd_history_close(&place->history);
    (void)unlink(place->file);
    (void)unlink(place->previous);
    assert_int_equal(rmdir(place->folder), 0);
    free(place);
    return 0;
}

static void add(struct place *place, enum stek_history_kind kind, int64_t now)
{
    struct stek_history_entry entry;

    stek_history_entry_init(kind, &entry);
    stekd_history_add(&place->history, &entry, now);
}

/* What a report of all makes of the files. The caller frees it. */
static struct stek_report *read_all(struct place *place)
{
    struct stek_report *report = malloc(sizeof *report);

    assert_non_null(report);
    stek_report_init(0, T + 1000000, report);
    assert_true(stekd_history_read(&place->history, report));
    stek_report_end(report);
    return report;
}

static void write_bytes(const char *path, const char *bytes, size_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    (void)close(fd);
}

/* Fills the file so far that no other line fits. */
static void fill(const char *path)
{
    const size_t count = STEK_HISTORY_FILE_MAX / (sizeof full_line - 1);
    char *text = malloc(STEK_HISTORY_FILE_MAX);

    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * (sizeof full_line - 1), full_line, sizeof full_line - 1);
    write_bytes(path, text, count * (sizeof full_line - 1));
    free(text);
}

static off_t size_of(const char *path)
{
    struct stat found;

    return stat(path, &found) == 0 ? found.st_size : -1;
}

static void only_its_user_may_read_it(void **state)
{
    struct place *place = *state;
    struct stat found;

    add(place, STEK_HISTORY_STARTED, T);
    assert_int_equal(stat(place->file, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(chmod(place->file, 0644), 0);
    again(place);
    assert_int_equal(stat(place->file, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
}

static void goes_on_after_a_restart(void **state)
{
    struct place *place = *state;

    add(place, STEK_HISTORY_STARTED, T);
    again(place);
    assert_true(place->history.before == T);
    add(place, STEK_HISTORY_STARTED, T + 60);
    struct stek_report *report = read_all(place);
    assert_true(report->begins == T && report->gap_count == 1 && report->damaged == 0);
    free(report);
}

static void a_torn_line_costs_itself_alone(void **state)
{
    struct place *place = *state;

    add(place, STEK_HISTORY_STARTED, T);
    write_bytes(place->file, "1800000001 orde", 15);
    again(place);
    assert_true(place->history.before == T);
    add(place, STEK_HISTORY_STARTED, T + 60);
    struct stek_report *report = read_all(place);
    assert_true(report->damaged == 1 && report->gap_count == 1);
    assert_true(report->gap[0].from == T && report->gap[0].until == T + 60);
    free(report);
}

/* As some file systems leave it after a host has lost its power. */
static void zeros_at_the_end_cost_themselves_alone(void **state)
{
    struct place *place = *state;
    static const char zeros[70000];

    add(place, STEK_HISTORY_STARTED, T);
    write_bytes(place->file, zeros, sizeof zeros);
    again(place);
    add(place, STEK_HISTORY_STARTED, T + 60);
    struct stek_report *report = read_all(place);
    assert_true(report->damaged == 1 && report->gap_count == 1);
    free(report);
}

static void limit_files_to(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit stands for the disk: it cuts a line short, too. */
static void what_a_full_disk_does_not_take_is_counted_and_told_later(void **state)
{
    struct place *place = *state;

    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    add(place, STEK_HISTORY_STARTED, T);
    const off_t before = size_of(place->file);
    limit_files_to((rlim_t)before + 10);
    add(place, STEK_HISTORY_ALIVE, T + 600);
    assert_int_equal(size_of(place->file), before); /* half a line was taken back */
    add(place, STEK_HISTORY_ALIVE, T + 1200);
    limit_files_to(RLIM_INFINITY);
    add(place, STEK_HISTORY_ALIVE, T + 1800);
    struct stek_report *report = read_all(place);
    assert_true(report->lost == 2 && report->damaged == 0 && report->gap_count == 1);
    assert_int_equal(report->gap[0].kind, STEK_GAP_LOST);
    assert_true(report->gap[0].from == T + 600 && report->gap[0].until == T + 1800);
    free(report);
}

static void two_files_hold_it_and_no_more(void **state)
{
    struct place *place = *state;

    fill(place->previous);
    fill(place->file);
    again(place);
    add(place, STEK_HISTORY_STARTED, T + 60);
    assert_true(place->history.anew);
    assert_true(size_of(place->file) < 100);
    assert_true(size_of(place->previous) > 0 && size_of(place->previous) <= STEK_HISTORY_FILE_MAX);
    struct stek_report *report = read_all(place);
    assert_true(report->damaged == 0 && report->last == T + 60);
    free(report);
    again(place);
    add(place, STEK_HISTORY_STARTED, T + 120); /* the new file is this stekd's alone, too */
    assert_true(place->history.fd >= 0);
}

/* The full one had become the previous one, and then no descriptor was left for a new one. */
static void goes_on_when_a_new_file_could_not_be_opened_at_first(void **state)
{
    struct place *place = *state;
    struct rlimit files;

    fill(place->file);
    again(place);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    const struct rlimit none = {.rlim_cur = 3, .rlim_max = files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    add(place, STEK_HISTORY_STARTED, T + 60);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_true(place->history.failing);
    add(place, STEK_HISTORY_STARTED, T + 120);
    assert_false(place->history.failing);
    struct stek_report *report = read_all(place);
    assert_int_equal(report->last, T + 120);
    free(report);
}

static void the_last_entry_is_found_in_the_file_before(void **state)
{
    struct place *place = *state;

    fill(place->previous);
    again(place);
    assert_true(place->history.before == T);
}

static void another_stekd_keeps_none_in_the_same_folder(void **state)
{
    struct place *place = *state;
    struct place other = *place;

    begin(&other);
    assert_true(other.history.fd == -1);
    assert_string_equal(other.history.problem, "another stekd keeps it");
    add(&other, STEK_HISTORY_STARTED, T); /* which does no harm */
    stekd_history_close(&other.history);
    assert_int_equal(size_of(place->file), 0);
}

static void keeps_none_where_others_may_write(void **state)
{
    struct place *place = *state;

    stekd_history_close(&place->history);
    assert_int_equal(chmod(place->folder, 0770), 0);
    begin(place);
    assert_true(place->history.fd == -1);
    assert_non_null(strstr(place->history.problem, "may write there"));
    assert_int_equal(chmod(place->folder, 0700), 0);
}

static void keeps_none_in_what_is_no_file(void **state)
{
    struct place *place = *state;

    stekd_history_close(&place->history);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(symlink("/dev/null", place->file), 0);
    begin(place);
    assert_true(place->history.fd == -1);
    assert_int_equal(unlink(place->file), 0);
    assert_int_equal(mkfifo(place->file, 0600), 0);
    again(place);
    assert_true(place->history.fd == -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_its_user_may_read_it, enter, leave),
        cmocka_unit_test_setup_teardown(goes_on_after_a_restart, enter, leave),
        cmocka_unit_test_setup_teardown(a_torn_line_costs_itself_alone, enter, leave),
        cmocka_unit_test_setup_teardown(zeros_at_the_end_cost_themselves_alone, enter, leave),
        cmocka_unit_test_setup_teardown(what_a_full_disk_does_not_take_is_counted_and_told_later,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(two_files_hold_it_and_no_more, enter, leave),
        cmocka_unit_test_setup_teardown(goes_on_when_a_new_file_could_not_be_opened_at_first, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(the_last_entry_is_found_in_the_file_before, enter, leave),
        cmocka_unit_test_setup_teardown(another_stekd_keeps_none_in_the_same_folder, enter, leave),
        cmocka_unit_test_setup_teardown(keeps_none_where_others_may_write, enter, leave),
        cmocka_unit_test_setup_teardown(keeps_none_in_what_is_no_file, enter, leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
