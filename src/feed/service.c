/* SPDX-License-Identifier: Apache-2.0 */
#include "feed/service.h"

#include "feed/lock.h"
#include "feed/log.h"
#include "feed/ready.h"
#include "feed/report.h"
#include "feed/worker.h"
#include "clock/clock.h"
#include "core/plural.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RESTART_MS = 1000, READY_AFTER_MS = 10000, BEAT_S = 10 };

struct service {
    const struct stek_feed_options *options;
    struct stek_feed_configs *configs;
    int signal_fd;
    int reports[2]; /* a pipe: workers write */
    sigset_t before;
    pid_t pids[STEK_FEEDS_MAX]; /* 0: it does not run */
    struct stek_feed_report state[STEK_FEEDS_MAX];
    struct stek_feed_places left; /* keys of feeds that are not configured any more */
    int64_t since;
    int64_t begun_ms;   /* the same of the monotonic clock */
    int64_t written_at; /* when it last said how it is */
    bool unwritten;     /* it could not, and that was said */
    int64_t restart_ms; /* when workers that ended are started again: of the monotonic clock */
    bool ready;
};

static bool fail(const char *what)
{
    stek_feed_log(STEK_FEED_ERROR, "%s: %s", what, strerror(errno));
    return false;
}

/* ---- workers ---- */

static void start_worker(struct service *service, size_t i)
{
    const pid_t parent = getpid();
    const pid_t pid = fork();

    if (pid < 0) {
        (void)fail("a new process");
        return;
    }
    if (pid > 0) {
        service->pids[i] = pid;
        return;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)sigprocmask(SIG_SETMASK, &service->before, NULL);
    if (getppid() != parent)
        _exit(1);
    stek_feed_work(&service->configs->at[i], i, service->options->run_dir, service->reports[1]);
}

/* However much the others say, once a second. */
static void start_missing(struct service *service)
{
    const int64_t now_ms = stek_clock_monotonic_ms();

    if (now_ms < service->restart_ms)
        return;
    service->restart_ms = now_ms + RESTART_MS;
    for (size_t i = 0; i < service->configs->count; i++)
        if (service->pids[i] == 0)
            start_worker(service, i);
}

static void reap_workers(struct service *service)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < service->configs->count; i++)
            if (service->pids[i] == pid) {
                service->pids[i] = 0;
                stek_feed_log(STEK_FEED_ERROR, "%s: its process ended; another follows",
                              service->configs->at[i].name);
            }
}

static void stop_workers(struct service *service)
{
    for (size_t i = 0; i < service->configs->count; i++)
        if (service->pids[i] > 0 && kill(service->pids[i], SIGKILL) == 0)
            (void)waitpid(service->pids[i], NULL, 0);
    memset(service->pids, 0, sizeof service->pids);
}

/* ---- how they are ---- */

static void say_ready(struct service *service)
{
    const bool late = stek_clock_monotonic_ms() >= service->begun_ms + READY_AFTER_MS;

    if (service->ready)
        return;
    for (size_t i = 0; i < service->configs->count; i++)
        if (service->state[i].state == STEK_FEED_STARTING && !late)
            return;
    service->ready = true;
    stek_feed_notify("READY=1");
}

static void write_status(struct service *service)
{
    const struct stek_feed_news news = {service->configs, service->state, &service->left,
                                        service->since};

    stek_feed_places_drop_gone(&service->left);
    service->written_at = (int64_t)time(NULL);
    const bool written = stek_feed_write_status(service->options->state_dir, &news);
    if (!written && !service->unwritten)
        (void)fail(service->options->state_dir);
    service->unwritten = !written;
}

static void take_reports(struct service *service)
{
    struct stek_feed_report report;
    bool any = false;

    while (read(service->reports[0], &report, sizeof report) == (ssize_t)sizeof report) {
        if (report.feed >= service->configs->count)
            continue;
        service->state[report.feed] = report;
        any = true;
    }
    if (any)
        write_status(service);
}

/* So that whoever reads the metrics sees that it lives. */
static void beat(struct service *service)
{
    const int64_t now = (int64_t)time(NULL);

    if (service->unwritten || now < service->written_at || now >= service->written_at + BEAT_S)
        write_status(service);
}

/* Of the places where there were keys, those that no feed has now. */
static void find_left(struct service *service)
{
    stek_feed_places_drop_used(&service->left, service->configs);
    stek_feed_places_drop_gone(&service->left);
    for (size_t i = 0; i < service->left.count; i++)
        stek_feed_log(STEK_FEED_NOTICE,
                      "%s: keys of a feed that is not configured any more are still there: 'stek "
                      "feed wipe'",
                      service->left.at[i]);
}

/* What the service before this one wrote. */
static void remember(struct service *service)
{
    static struct stek_feed_places feeds;

    stek_feed_places_remembered(service->options->state_dir, &feeds, &service->left);
    stek_feed_places_add(&service->left, &feeds);
}

static void begin(struct service *service)
{
    find_left(service);
    memset(service->state, 0, sizeof service->state);
    service->since = (int64_t)time(NULL);
    service->begun_ms = stek_clock_monotonic_ms();
    write_status(service);
    service->restart_ms = 0;
    start_missing(service);
}

/* ---- signals ---- */

static void reload(struct service *service)
{
    static struct stek_feed_configs loaded;
    struct stek_feed_problem problem;
    struct stek_feed_report report;

    if (!stek_feed_config_load(service->options->config, &loaded, &problem)) {
        stek_feed_log(STEK_FEED_ERROR, "%s; keeping the previous configuration", problem.text);
        return;
    }
    stop_workers(service);
    do {
        /* What the old ones said is over. */
    } while (read(service->reports[0], &report, sizeof report) > 0);
    stek_feed_places_add_used(&service->left, service->configs);
    *service->configs = loaded;
    stek_feed_log(STEK_FEED_NOTICE, "configuration loaded: %zu %s", loaded.count,
                  stek_plural(loaded.count, "feed", "feeds"));
    begin(service);
}

/* Returns whether it goes on. */
static bool take_signals(struct service *service)
{
    struct signalfd_siginfo info;

    while (read(service->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
            return false;
        if (info.ssi_signo == SIGHUP)
            reload(service);
        else
            reap_workers(service);
    }
    return true;
}

/* The system refuses to wait: that passes, and is no reason to be busy. */
static void rest(const struct service *service)
{
    const struct timespec pause = {.tv_nsec = 100000000};

    if (errno != EINTR)
        (void)fail(service->options->config);
    (void)nanosleep(&pause, NULL);
}

static bool any_is_missing(const struct service *service)
{
    for (size_t i = 0; i < service->configs->count; i++)
        if (service->pids[i] == 0)
            return true;
    return false;
}

static void run(struct service *service)
{
    struct pollfd entries[2] = {{.fd = service->signal_fd, .events = POLLIN},
                                {.fd = service->reports[0], .events = POLLIN}};

    do {
        const bool waits = any_is_missing(service) || !service->ready || service->unwritten;
        if (poll(entries, 2, waits ? RESTART_MS : BEAT_S * 1000) < 0)
            rest(service);
        start_missing(service);
        take_reports(service);
        beat(service);
        say_ready(service);
    } while (take_signals(service));
}

/* ---- from start to end ---- */

/* Nobody sees its memory: no core dumps, no debugger but root's. */
static bool hide(void)
{
    const struct rlimit none = {0, 0};

    return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
           prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool lock(const struct service *service)
{
    const char *dir = service->options->state_dir;
    const enum stek_feed_lock lock = stek_feed_lock_hold(dir);

    if (lock == STEK_FEED_LOCK_TAKEN)
        stek_feed_log(STEK_FEED_ERROR, "%s: another stek feed runs on it", dir);
    return lock == STEK_FEED_LOCKED || (lock == STEK_FEED_LOCK_FAILED && fail(dir));
}

static bool open_all(struct service *service)
{
    sigset_t signals;

    (void)umask(022);
    if (!hide())
        return fail("core dumps cannot be turned off");
    if (!lock(service))
        return false;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigaddset(&signals, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &signals, &service->before) != 0)
        return fail("signals");
    service->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return (service->signal_fd >= 0 && pipe2(service->reports, O_CLOEXEC | O_NONBLOCK) == 0) ||
           fail("signals");
}

bool stek_feed_serve(const struct stek_feed_options *options, struct stek_feed_configs *configs)
{
    static struct service service;

    service = (struct service){.options = options, .configs = configs};
    if (!open_all(&service))
        return false;
    stek_feed_log(STEK_FEED_NOTICE,
                  "%zu %s. Keys that are handed over leave what stek promises about memory: "
                  "stek-feed(8)",
                  configs->count, stek_plural(configs->count, "feed", "feeds"));
    remember(&service);
    begin(&service);
    run(&service);
    stek_feed_notify("STOPPING=1");
    stop_workers(&service);
    stek_feed_forget_metrics(options->state_dir);
    stek_feed_log(STEK_FEED_NOTICE, "stops; the servers keep the keys that they have");
    return true;
}
