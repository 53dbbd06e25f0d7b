/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where keys are, and where they are not: the whole memory of processes that shake hands, and their
 * core dumps. Not under sanitizers, which keep what is freed, and map more than can be read.
 */
#include "unit.h"

#include "ring_collector.h"
#include "ring_dir.h"

#include "core/revoke.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 4, MEMORY_MIN = 1 << 20 };

/*
 * The processes: this one, in which the ring was made, with threads; two children from before the
 * first key; one child from when this one had served already.
 */
struct scene {
    struct ring_dir dir; /* of a ring file */
    struct child keeper; /* its writer; pid 0: the ring is private */
    struct sites *sites;
    struct collector *collector;
    struct crew crew;
    struct child early;
    struct child idle;
    struct child late;
    char folder[32];
};

static void all_shake_hands(struct scene *scene)
{
    sites_shake_hands(scene->sites);
    crew_shake_hands(&scene->crew);
    server_command(&scene->early, SERVER_ALL);
    server_command(&scene->idle, SERVER_ALL);
    if (scene->late.pid != 0)
        server_command(&scene->late, SERVER_ALL);
    collector_collect(scene->collector);
}

/* What stekd does: whatever is due, or an operator's order to revoke everything. */
static enum stek_result revoke_all(struct stek_ring_state *state, int64_t now,
                                   const struct stek_fresh *fresh, void *arg)
{
    static const struct stek_revocation everything = {.which = STEK_REVOKE_ALL};
    const struct stek_policy policy = stek_ring_state_policy(state);
    uint64_t count;

    (void)arg;
    return stek_records_revoke(&state->records, &everything, &policy, now, fresh, &count);
}

static void keep(int fd, void *arg)
{
    struct stek_writer *writer = ring_dir_write(arg, STEK_WRITER_NEW);
    int order;

    child_tell(fd, 'k');
    while ((order = child_hear(fd)) >= 0) {
        if (order == 'v')
            CHECK(stek_writer_change(writer, revoke_all, NULL, ring_time()) == STEK_OK);
        CHECK(stek_writer_update(writer, ring_time()) == STEK_OK);
        child_tell(fd, 'k');
    }
    stek_writer_close(writer);
}

static void order_keeper(const struct scene *scene, char what)
{
    if (scene->keeper.pid == 0)
        return;
    child_tell(scene->keeper.fd, what);
    CHECK(child_hear(scene->keeper.fd) == 'k');
}

static struct stek_ring *start_ring_file(struct scene *scene)
{
    ring_set_time(RING_START);
    ring_dir_start(&scene->dir);
    scene->keeper = child_start(keep, &scene->dir);
    CHECK(child_hear(scene->keeper.fd) == 'k');
    return ring_dir_open(&scene->dir);
}

static int set_up_with(void **state, bool file)
{
    struct scene *scene = calloc(1, sizeof *scene);

    assert_non_null(scene);
    strcpy(scene->folder, "/tmp/stek-memory-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    scene->sites = sites_new(file ? start_ring_file(scene) : ring_start_empty(&ring_policy));
    scene->collector = collector_start(scene->sites);
    scene->early = server_start(scene->sites, scene->folder);
    scene->idle = server_start(scene->sites, scene->folder);
    crew_start(&scene->crew, scene->sites);
    all_shake_hands(scene);
    scene->late = server_start(scene->sites, scene->folder);
    for (int i = 1; i <= ROUNDS; i++) {
        ring_set_time(RING_START + i * RING_ROTATE_S);
        order_keeper(scene, 'u');
        all_shake_hands(scene);
    }
    *state = scene;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, false);
}

static int set_up_file(void **state)
{
    return set_up_with(state, true);
}

/* Finds a file in a folder that has at most one. */
static bool file_in(const char *path, char ret_file[PATH_MAX])
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    bool found = false;

    CHECK(folder != NULL);
    while (!found && (entry = readdir(folder)) != NULL) {
        found = entry->d_name[0] != '.';
        (void)snprintf(ret_file, PATH_MAX, "%s/%s", path, entry->d_name);
    }
    (void)closedir(folder);
    return found;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    char core[PATH_MAX];

    server_end(&scene->early);
    server_end(&scene->idle);
    server_end(&scene->late);
    crew_end(&scene->crew);
    collector_end(scene->collector);
    sites_free(scene->sites);
    if (scene->keeper.pid != 0) {
        child_kill(&scene->keeper);
        ring_dir_finish(&scene->dir);
    }
    if (file_in(scene->folder, core))
        assert_int_equal(unlink(core), 0);
    assert_int_equal(rmdir(scene->folder), 0);
    free(scene);
    return 0;
}

/* All that any process has seen so far retires. */
static void pass_time(void)
{
    ring_set_time(ring_time() + ((int64_t)ring_policy.ahead + 1) * RING_ROTATE_S + RING_ACCEPT_S);
}

static void print(const char *who, const struct collector_report *report)
{
    print_message("# %s: %zu keys looked for in %zu bytes, found %zu times\n", who, report->keys,
                  report->bytes, report->finds);
    for (size_t i = 0; i < report->finds && i < COLLECTOR_LINES_MAX; i++)
        print_message("#   %s\n", report->line[i]);
}

static void assert_nothing_found(const char *who, const struct collector_report *report)
{
    if (report->finds != 0)
        print(who, report);
    assert_true(report->keys > 0);
    assert_true(report->bytes > MEMORY_MIN);
    assert_int_equal(report->finds, 0);
}

static void assert_holds_nothing_retired(struct scene *scene, const char *who, pid_t pid)
{
    assert_nothing_found(who, collector_look_at_process(scene->collector, COLLECTOR_RETIRED, pid));
}

static void assert_no_process_holds_anything_retired(struct scene *scene)
{
    assert_holds_nothing_retired(scene, "the process that made the ring", getpid());
    assert_holds_nothing_retired(scene, "an early child", scene->early.pid);
    assert_holds_nothing_retired(scene, "another early child", scene->idle.pid);
    assert_holds_nothing_retired(scene, "a late child", scene->late.pid);
}

/* Shows that the look at memory can fail, and that it sees pieces at odd places. */
static void sixteen_bytes_of_a_key_are_found_at_any_place(void **state)
{
    struct scene *scene = *state;

    const struct collector_report *report =
        collector_look_at_process(scene->collector, COLLECTOR_PLANTED, scene->early.pid);
    assert_int_equal(report->finds, 0);
    server_command(&scene->early, SERVER_PLANT);
    report = collector_look_at_process(scene->collector, COLLECTOR_PLANTED, scene->early.pid);
    bool found = false;
    for (size_t i = 0; i < report->finds && i < COLLECTOR_LINES_MAX; i++)
        found |= strstr(report->line[i], "bytes 5 to 21 ") != NULL &&
                 strstr(report->line[i], "[heap]") != NULL;
    assert_true(found);
}

static void live_secrets_are_found_in_every_process_but_no_ticket_key(void **state)
{
    struct scene *scene = *state;
    const pid_t pids[] = {getpid(), scene->early.pid, scene->idle.pid, scene->late.pid};

    for (size_t i = 0; i < sizeof pids / sizeof *pids; i++) {
        const struct collector_report *report =
            collector_look_at_process(scene->collector, COLLECTOR_LIVE, pids[i]);
        assert_true(report->secrets && report->masks);
        if (report->ticket_keys)
            print("uncovered ticket keys", report);
        assert_false(report->ticket_keys);
    }
}

/* The idle one keeps covered keys, which tells that it has not been woken; nothing uncovers them.
 */
static void when_any_process_comes_by_what_retired_is_gone_from_idle_ones(void **state)
{
    struct scene *scene = *state;

    pass_time();
    server_command(&scene->early, SERVER_ONCE);
    collector_collect(scene->collector);
    assert_no_process_holds_anything_retired(scene);
    assert_true(collector_look_at_process(scene->collector, COLLECTOR_COVERED, scene->idle.pid)
                    ->ticket_keys);
    assert_false(collector_look_at_process(scene->collector, COLLECTOR_COVERED, scene->early.pid)
                     ->ticket_keys);
}

static void assert_idle_ones_hold_covered_keys_only(struct scene *scene)
{
    collector_collect(scene->collector);
    assert_no_process_holds_anything_retired(scene);
    assert_holds_nothing_retired(scene, "the keeper", scene->keeper.pid);
    assert_true(collector_look_at_process(scene->collector, COLLECTOR_COVERED, scene->early.pid)
                    ->ticket_keys);
    assert_true(
        collector_look_at_process(scene->collector, COLLECTOR_COVERED, getpid())->ticket_keys);
}

static void what_the_keeper_of_a_file_retires_is_gone_from_consumers_that_sleep(void **state)
{
    struct scene *scene = *state;

    pass_time();
    order_keeper(scene, 'u');
    assert_idle_ones_hold_covered_keys_only(scene);
}

static void what_the_keeper_of_a_file_revokes_is_gone_from_consumers_that_sleep(void **state)
{
    struct scene *scene = *state;

    order_keeper(scene, 'v');
    assert_idle_ones_hold_covered_keys_only(scene);
}

static void one_more_handshake_leaves_nothing_retired_in_a_process(void **state)
{
    struct scene *scene = *state;

    pass_time();
    site_shake_hands(&scene->sites->site[1]);
    server_command(&scene->early, SERVER_ONCE);
    server_command(&scene->idle, SERVER_ONCE);
    server_command(&scene->late, SERVER_ONCE);
    collector_collect(scene->collector);
    assert_no_process_holds_anything_retired(scene);
}

static void so_does_maintenance(void **state)
{
    struct scene *scene = *state;

    pass_time();
    assert_int_equal(stek_ring_maintain(scene->sites->ring), STEK_OK);
    server_command(&scene->early, SERVER_MAINTAIN);
    server_command(&scene->idle, SERVER_MAINTAIN);
    server_command(&scene->late, SERVER_MAINTAIN);
    collector_collect(scene->collector);
    assert_no_process_holds_anything_retired(scene);
}

/* Whether the kernel writes a core file into the working directory; else some program gets it. */
static bool kernel_writes_cores(void)
{
    char pattern[256] = "";
    FILE *file = fopen("/proc/sys/kernel/core_pattern", "re");

    if (file == NULL)
        abort();
    assert_non_null(fgets(pattern, sizeof pattern, file));
    (void)fclose(file);
    return pattern[0] != '|' && strchr(pattern, '/') == NULL;
}

static void run_gcore(const struct scene *scene, pid_t pid)
{
    char prefix[64];
    char number[16];
    int status;

    (void)snprintf(prefix, sizeof prefix, "%s/core", scene->folder);
    (void)snprintf(number, sizeof number, "%d", (int)pid);
    const pid_t gcore = fork();
    assert_true(gcore >= 0);
    if (gcore == 0) {
        (void)execlp("gcore", "gcore", "-o", prefix, number, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(gcore, &status, 0), gcore);
    assert_int_equal(status, 0);
}

/* Makes a server dump core. */
static void dump_core(const struct scene *scene, const struct child *server,
                      char ret_path[PATH_MAX])
{
    if (kernel_writes_cores())
        server_command(server, SERVER_ABORT);
    else
        run_gcore(scene, server->pid);
    assert_true(file_in(scene->folder, ret_path));
}

static void assert_core_holds_no_key(const struct scene *scene, const struct child *server)
{
    char path[PATH_MAX];

    server_command(server, SERVER_PLANT);
    dump_core(scene, server, path);
    assert_true(collector_look_at_file(scene->collector, COLLECTOR_PLANTED, path)->finds > 0);
    assert_nothing_found("retired keys in a core dump",
                         collector_look_at_file(scene->collector, COLLECTOR_RETIRED, path));
    assert_nothing_found("live keys in a core dump",
                         collector_look_at_file(scene->collector, COLLECTOR_LIVE, path));
}

static void a_core_dump_holds_no_key_that_lives(void **state)
{
    struct scene *scene = *state;

    assert_core_holds_no_key(scene, &scene->early);
}

static void a_core_dump_holds_no_key_that_lived(void **state)
{
    struct scene *scene = *state;

    pass_time();
    server_command(&scene->late, SERVER_ONCE);
    collector_collect(scene->collector);
    assert_core_holds_no_key(scene, &scene->late);
}

#define memory_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define file_test(name) cmocka_unit_test_setup_teardown(name, set_up_file, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        memory_test(sixteen_bytes_of_a_key_are_found_at_any_place),
        memory_test(live_secrets_are_found_in_every_process_but_no_ticket_key),
        memory_test(when_any_process_comes_by_what_retired_is_gone_from_idle_ones),
        file_test(what_the_keeper_of_a_file_retires_is_gone_from_consumers_that_sleep),
        file_test(what_the_keeper_of_a_file_revokes_is_gone_from_consumers_that_sleep),
        memory_test(one_more_handshake_leaves_nothing_retired_in_a_process),
        memory_test(so_does_maintenance),
        memory_test(a_core_dump_holds_no_key_that_lives),
        memory_test(a_core_dump_holds_no_key_that_lived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
