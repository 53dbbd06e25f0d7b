/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/reload.h"

#include "daemon/advice.h"
#include "daemon/history/note.h"
#include "daemon/system/failure.h"
#include "daemon/system/log.h"
#include "daemon/system/trim.h"
#include "daemon/turn.h"
#include "core/plural.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FLEET_AGAIN_S = 10 };

/* What is made ready beside what is in use. */
struct ready {
    struct stek_next *rings;
    struct stekd_fleet_next fleet;
};

/* What only a new start can change. */
static void warn_of_restart(const struct stek_config *old, const struct stek_config *new)
{
    bool same = strcmp(old->user, new->user) == 0 && old->allow_disk == new->allow_disk &&
                old->listen_count == new->listen_count && old->status_page == new->status_page;

    for (size_t i = 0; same && i < old->listen_count; i++)
        same = strcmp(old->listen[i].text, new->listen[i].text) == 0;
    if (!same)
        stek_log(
            STEK_LOG_WARNING,
            "a change of user, allow_disk, listen or status_page takes effect when stekd restarts");
}

/* Nothing that others see changes. */
static bool prepare(struct stekd *daemon, const struct stek_config *config, struct ready *ret_ready,
                    struct stek_config_problem *ret_problem)
{
    STEK_SECRET(stek_keks) struct stek_keks keks = {.count = 0};
    struct stekd_key files[STEK_KEKS_MAX] = {{.file_epoch = 0}};
    struct ready ready;

    if (config->fleet.given && !stekd_fleet_read_keys(&config->fleet, &keks, files, ret_problem))
        return false;
    if (!stek_next_prepare(&daemon->rings, config, stekd_now(), &ready.rings, ret_problem))
        return false;
    if (!stekd_fleet_prepare(&daemon->fleet, config, &keks, files, ready.rings, &ready.fleet,
                             ret_problem)) {
        stek_next_give_up(ready.rings);
        return false;
    }
    *ret_ready = ready;
    return true;
}

static void give_up(struct stekd *daemon, struct ready *ready)
{
    stekd_fleet_give_up(&daemon->fleet, &ready->fleet);
    stek_next_give_up(ready->rings);
}

/* The control socket's group. If it is the one that did not work before, it is no reason to refuse
 * the rest. */
static bool place_socket(struct stekd *daemon, const struct stek_config *config,
                         struct stek_config_problem *ret_problem)
{
    if (config->admin_gid == stek_control_admin(daemon->control) ||
        stek_control_set_admin(daemon->control, config->admin_gid) ||
        config->admin_gid == daemon->config.admin_gid)
        return true;
    (void)snprintf(ret_problem->text, sizeof ret_problem->text,
                   "admin_group = %s: the control socket cannot be given to it: %s",
                   config->admin_group, stek_failure_name(errno).text);
    return false;
}

/* What may fail, and is taken back by giving up. */
static bool place(struct stekd *daemon, const struct stek_config *config, struct ready *ready,
                  struct stek_config_problem *ret_problem)
{
    return stek_next_place(ready->rings, ret_problem) && place_socket(daemon, config, ret_problem);
}

/* Cannot fail. The fleet ends before its rings change. */
static void commit(struct stekd *daemon, struct ready *ready)
{
    daemon->rings.fleet_due = false;
    stekd_fleet_commit(&daemon->fleet, &ready->fleet);
    stek_next_commit(ready->rings, stekd_now());
    stekd_fleet_bootstrap(&daemon->fleet);
    daemon->fleet_retry_at = daemon->rings.fleet_due ? stekd_now() + FLEET_AGAIN_S : 0;
}

static bool switch_to(struct stekd *daemon, const struct stek_config *config,
                      struct stek_config_problem *ret_problem)
{
    struct ready ready;

    if (!prepare(daemon, config, &ready, ret_problem))
        return false;
    if (!place(daemon, config, &ready, ret_problem)) {
        give_up(daemon, &ready);
        return false;
    }
    commit(daemon, &ready);
    return true;
}

void stekd_reload_fleet(struct stekd *daemon)
{
    struct stek_config_problem problem;
    const int64_t now = stekd_now();

    if (now < daemon->fleet_retry_at && daemon->fleet_retry_at <= now + FLEET_AGAIN_S)
        return;
    if (switch_to(daemon, &daemon->config, &problem))
        return;
    daemon->rings.fleet_due = true;
    daemon->fleet_retry_at = now + FLEET_AGAIN_S;
    stek_log(STEK_LOG_ERROR,
             "%s; the rings of the fleet go on by themselves, and stekd tries again", problem.text);
}

static bool take_config(struct stekd *daemon, struct stek_config *config,
                        struct stek_config_problem *ret_problem)
{
    if (!switch_to(daemon, config, ret_problem)) {
        stek_config_fini(config);
        return false;
    }
    warn_of_restart(&daemon->config, config);
    stek_config_fini(&daemon->config);
    daemon->config = *config;
    daemon->last_reload = stekd_now();
    return true;
}

static void tell_loaded(const struct stekd *daemon)
{
    const struct stek_rings *rings = &daemon->rings;
    const size_t kept = stek_rings_kept(rings);

    if (kept == rings->count)
        stek_log(STEK_LOG_NOTICE, "configuration loaded: %zu %s: event=reload rings=%zu",
                 rings->count, stek_plural(rings->count, "ring", "rings"), rings->count);
    else
        stek_log(STEK_LOG_WARNING,
                 "configuration loaded: %zu %s, %zu of them cannot be kept: event=reload rings=%zu",
                 rings->count, stek_plural(rings->count, "ring", "rings"), rings->count - kept,
                 rings->count);
    stekd_advise(&daemon->config);
}

void stekd_reload(struct stekd *daemon)
{
    struct stek_config_problem problem;
    struct stek_config config;

    stek_notify_reloading(&daemon->notify);
    daemon->orphans.stale = true;
    daemon->last_reload_ok = stek_config_load(daemon->options->config, &config, &problem) &&
                             take_config(daemon, &config, &problem);
    if (daemon->last_reload_ok) {
        stek_note_reload(&daemon->history, daemon->rings.count);
        tell_loaded(daemon);
    } else {
        stek_note_reload_refused(&daemon->history, problem.text);
        stek_log(STEK_LOG_ERROR,
                 "%s; keeping the previous configuration: event=refused what=reload", problem.text);
    }
    stekd_turn(daemon);
    stek_notify_send(&daemon->notify, "READY=1");
    stek_trim();
}
