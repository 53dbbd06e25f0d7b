/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon.h"

#include "daemon/commands.h"
#include "daemon/history/note.h"
#include "daemon/system/log.h"
#include "daemon/pages.h"
#include "daemon/reload.h"
#include "daemon/system/failure.h"
#include "daemon/system/privileges.h"
#include "daemon/system/sandbox.h"
#include "daemon/system/trim.h"
#include "daemon/turn.h"
#include "daemon/watch/clock.h"
#include "core/plural.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LOOP_FAULTS_MAX = 100 };

/* The time has come, or the clock was set. */
static void on_alarm(void *arg)
{
    struct stekd *daemon = arg;

    if (daemon->rings.fleet_due)
        stekd_reload_fleet(daemon);
    stekd_turn(daemon);
    if (daemon->fleet.fleet != NULL)
        daemon->fleet.api->wake(daemon->fleet.fleet);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    on_alarm(arg);
}

/* ---- signals ---- */

static bool load_fleet(struct stekd *daemon)
{
    struct stek_config_problem problem;

    daemon->fleet = (struct stekd_fleet){.base = daemon->base, .rings = &daemon->rings};
    if (!daemon->config.fleet.given ||
        stekd_fleet_load(&daemon->fleet, daemon->options->fleet_library, &problem))
        return true;
    stek_log(STEK_LOG_ERROR, "%s", problem.text);
    return false;
}

static void on_reload(evutil_socket_t signal, short what, void *arg)
{
    (void)signal;
    (void)what;
    stekd_reload(arg);
}

static void on_end(evutil_socket_t signal, short what, void *arg)
{
    struct stekd *daemon = arg;

    (void)signal;
    (void)what;
    stek_notify_send(&daemon->notify, "STOPPING=1");
    (void)event_base_loopbreak(daemon->base);
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
    struct stekd *daemon = arg;

    (void)fd;
    (void)what;
    stek_note_alive(&daemon->history);
    stek_notify_send(&daemon->notify, "WATCHDOG=1");
}

/* ---- from start to end ---- */

static bool fail(const char *what)
{
    stek_log(STEK_LOG_ERROR, "%s: %s", what, stek_failure_name(errno).text);
    return false;
}

static bool open_loop(struct stekd *daemon)
{
    static const int numbers[STEKD_SIGNALS] = {SIGHUP, SIGTERM, SIGINT};
    const struct timeval pause = {.tv_sec = (time_t)(daemon->notify.watchdog_ms / 1000),
                                  .tv_usec =
                                      (suseconds_t)(daemon->notify.watchdog_ms % 1000 * 1000)};

    daemon->base = event_base_new();
    if (daemon->base == NULL || !stek_alarm_open(daemon->base, on_alarm, daemon, &daemon->alarm))
        return fail("cannot create an event loop");
    for (int i = 0; i < STEKD_SIGNALS; i++) {
        daemon->signal[i] = evsignal_new(daemon->base, numbers[i],
                                         numbers[i] == SIGHUP ? on_reload : on_end, daemon);
        if (daemon->signal[i] == NULL || event_add(daemon->signal[i], NULL) != 0)
            return fail("cannot create an event loop");
    }
    daemon->watchdog = event_new(daemon->base, -1, EV_PERSIST, on_watchdog, daemon);
    if (daemon->watchdog == NULL ||
        (daemon->notify.watchdog_ms > 0 && event_add(daemon->watchdog, &pause) != 0))
        return fail("cannot create an event loop");
    daemon->counting = event_new(daemon->base, -1, 0, stekd_on_counting, daemon);
    daemon->again = evtimer_new(daemon->base, on_again, daemon);
    if (daemon->counting == NULL || daemon->again == NULL)
        return fail("cannot create an event loop");
    /* A client that went, and a file that has reached a limit, are errors of a write alone. */
    return (signal(SIGPIPE, SIG_IGN) != SIG_ERR && signal(SIGXFSZ, SIG_IGN) != SIG_ERR) ||
           fail("signal");
}

/* The folder of the history is opened before root is given up, so that it may be made. */
static void open_history(struct stekd *daemon, const struct stek_account *account)
{
    const char *folder = daemon->options->state_dir != NULL ? daemon->options->state_dir
                                                            : daemon->config.fleet.state;

    stekd_history_open_folder(&daemon->history, folder, account->uid, account->gid);
    daemon->rings.history = &daemon->history;
}

/* Root's part: the run directory, and sockets where only root may have them. Then root is given up.
 */
static bool open_directory(struct stekd *daemon)
{
    const struct stek_options *options = daemon->options;
    const bool allow_disk = options->allow_disk || daemon->config.allow_disk;
    struct stek_rundir_problem problem;
    struct stek_account account;

    if (!stek_account_find(daemon->config.user, &account)) {
        stek_log(STEK_LOG_ERROR, "%s: user = %s: there is no such user: create it, or name another",
                 options->config, daemon->config.user);
        return false;
    }
    if (!stek_privileges_limit())
        return fail("core dumps cannot be turned off");
    if (!stek_rundir_open(options->run_dir, account.uid, account.gid, allow_disk, &daemon->rundir,
                          &problem)) {
        stek_log(STEK_LOG_ERROR, "%s", problem.text);
        return false;
    }
    stek_rings_init(&daemon->rings, daemon->rundir.dir_fd, allow_disk);
    stek_orphans_init(&daemon->orphans, daemon->rundir.dir_fd);
    open_history(daemon, &account);
    const char *refused = stek_privileges_drop(&account);
    if (refused != NULL)
        return fail(refused);
    if (!options->no_sandbox && !stek_privileges_hide())
        return fail("core dumps cannot be turned off");
    if (!stek_rundir_lock(&daemon->rundir, options->run_dir, &problem)) {
        stek_log(STEK_LOG_ERROR, "%s", problem.text);
        return false;
    }
    return true;
}

/* Says why there is no control socket, and what to do. */
static bool fail_socket(const char *path)
{
    const char *advice = errno == EISDIR         ? ": remove that directory"
                         : errno == ENAMETOOLONG ? ": choose a shorter --run-dir"
                                                 : "";

    stek_log(STEK_LOG_ERROR, "%s: %s%s", path, stek_failure_name(errno).text, advice);
    return false;
}

static bool open_sockets(struct stekd *daemon)
{
    const struct stek_http_pages pages = stekd_pages(daemon);
    struct stek_config_problem problem;
    char path[4096];

    if (snprintf(path, sizeof path, "%s/control.sock", daemon->options->run_dir) >=
        (int)sizeof path) {
        errno = ENAMETOOLONG;
        return fail("--run-dir");
    }
    daemon->control = stek_control_open(daemon->base, path, daemon->config.admin_gid,
                                        stek_commands_answer, daemon);
    if (daemon->control == NULL)
        return fail_socket(path);
    if (daemon->config.listen_count == 0)
        return true;
    daemon->http = stek_http_open(daemon->base, daemon->config.listen, daemon->config.listen_count,
                                  &pages, &problem);
    if (daemon->http == NULL)
        stek_log(STEK_LOG_ERROR, "%s: %s", daemon->options->config, problem.text);
    return daemon->http != NULL;
}

/* The fleet's keys are read first: without them nothing is begun. */
static bool open_rings(struct stekd *daemon)
{
    STEK_SECRET(stek_keks) struct stek_keks keks = {.count = 0};
    struct stekd_key files[STEK_KEKS_MAX];
    struct stek_config_problem problem;

    if (daemon->config.ring_count == 0)
        stek_log(STEK_LOG_WARNING,
                 "%s: no section [ring NAME]: stekd has nothing to keep: write [ring web], or "
                 "another name",
                 daemon->options->config);
    stek_clock_begin(&daemon->rings, stekd_now());
    if (daemon->config.fleet.given &&
        !stekd_fleet_read_keys(&daemon->config.fleet, &keks, files, &problem)) {
        stek_log(STEK_LOG_ERROR, "%s", problem.text);
        return false;
    }
    errno = ENOMEM;
    if (!stek_rings_start(&daemon->rings, &daemon->config, stekd_now()))
        return fail("cannot keep rings");
    if (daemon->config.fleet.given)
        stekd_reload_fleet(daemon);
    return true;
}

static bool close_sandbox(const struct stekd *daemon)
{
    if (daemon->options->no_sandbox) {
        stek_log(STEK_LOG_WARNING, "--no-sandbox: no system call filter, and debuggers may attach");
        return true;
    }
    int error = 0;
    const enum stek_sandbox sandbox = stek_sandbox_close(daemon->fleet.api != NULL, &error);
    if (sandbox == STEK_SANDBOX_NOT_BUILT)
        stek_log(STEK_LOG_WARNING, "built without libseccomp: no system call filter");
    if (sandbox == STEK_SANDBOX_REFUSED)
        stek_log(STEK_LOG_ERROR,
                 "the system call filter cannot be installed (%s): --no-sandbox runs without it",
                 stek_failure_name(error).text);
    return sandbox != STEK_SANDBOX_REFUSED;
}

static bool start(struct stekd *daemon)
{
    stek_config_warm_up();
    if (!open_loop(daemon) || !open_directory(daemon) || !open_sockets(daemon) ||
        !load_fleet(daemon) || !close_sandbox(daemon))
        return false;
    stek_trim();
    stekd_history_begin(&daemon->history);
    stek_note_started(&daemon->history);
    return open_rings(daemon);
}

static void finish(struct stekd *daemon)
{
    stek_http_close(daemon->http);
    stek_control_close(daemon->control);
    stekd_fleet_close(&daemon->fleet);
    stek_rings_fini(&daemon->rings);
    stek_orphans_fini(&daemon->orphans);
    if (daemon->rundir.dir_fd >= 0)
        stek_rundir_close(&daemon->rundir);
    for (int i = 0; i < STEKD_SIGNALS; i++)
        if (daemon->signal[i] != NULL)
            event_free(daemon->signal[i]);
    if (daemon->watchdog != NULL)
        event_free(daemon->watchdog);
    if (daemon->counting != NULL)
        event_free(daemon->counting);
    if (daemon->again != NULL)
        event_free(daemon->again);
    stek_alarm_close(&daemon->alarm);
    if (daemon->base != NULL)
        event_base_free(daemon->base);
    stekd_history_close(&daemon->history);
    stek_notify_close(&daemon->notify);
    stek_config_fini(&daemon->config);
    libevent_global_shutdown();
}

/* The loop itself may be refused a system call: that passes, or is the end. */
static bool run(struct stekd *daemon)
{
    static const struct timespec pause = {.tv_nsec = 100000000};

    for (int faults = 0; faults < LOOP_FAULTS_MAX; faults++) {
        if (event_base_dispatch(daemon->base) != -1)
            return true;
        (void)fail("cannot wait for events");
        (void)nanosleep(&pause, NULL);
    }
    return false;
}

int stekd_run(const struct stek_options *options, struct stek_config *config)
{
    struct stekd daemon = {.options = options,
                           .config = *config,
                           .rundir = {.dir_fd = -1, .lock_fd = -1},
                           .alarm = {.fd = -1},
                           .since = stekd_now(),
                           .last_reload = stekd_now(),
                           .last_reload_ok = true};

    stekd_history_init(&daemon.history);
    stek_notify_open(&daemon.notify);
    bool fine = start(&daemon);
    if (fine) {
        stekd_turn(&daemon);
        const size_t kept = stek_rings_kept(&daemon.rings);
        stek_log(STEK_LOG_INFO, "version %s keeps %zu %s in %s", STEK_VERSION, kept,
                 stek_plural(kept, "ring", "rings"), options->run_dir);
        stek_notify_send(&daemon.notify, "READY=1");
        stek_trim();
        fine = run(&daemon);
        stek_note_stopped(&daemon.history);
        stek_log(STEK_LOG_INFO, "stops; its rings stay");
    }
    finish(&daemon);
    return fine ? STEKD_EXIT_FINE : STEKD_EXIT_FAILED;
}
