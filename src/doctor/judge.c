/* SPDX-License-Identifier: Apache-2.0 */
#include "doctor/judge.h"

#include "status/status.h"
#include "core/plural.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *stek_doctor_level_name(enum stek_doctor_level level)
{
    static const char *const names[] = {"fine", "note", "fault"};

    return names[level];
}

enum stek_doctor_level stek_doctor_worst(const struct stek_doctor_report *report)
{
    enum stek_doctor_level worst = STEK_DOCTOR_FINE;

    for (size_t i = 0; i < report->count; i++)
        if (report->at[i].level > worst)
            worst = report->at[i].level;
    return worst;
}

/* Names and paths are what the processes of a service made them: no escape sequence of theirs
 * reaches a terminal. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            *text = '?';
}

__attribute__((format(printf, 4, 5))) static void add(struct stek_doctor_report *report,
                                                      enum stek_doctor_level level,
                                                      const char *code, const char *format, ...)
{
    va_list arguments;

    if (report->count == STEK_DOCTOR_FINDINGS)
        return;
    struct stek_doctor_finding *finding = &report->at[report->count++];
    finding->level = level;
    finding->code = code;
    va_start(arguments, format);
    (void)vsnprintf(finding->text, sizeof finding->text, format, arguments);
    va_end(arguments);
    clean(finding->text);
}

static bool is_unit(const struct stek_doctor_facts *facts, const char *begin)
{
    return strncmp(facts->unit, begin, strlen(begin)) == 0;
}

/* Whether there is a service to look at. */
static bool judge_unit(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    if (facts->template)
        add(report, STEK_DOCTOR_FAULT, "template",
            "%s is a template: give an instance that runs, such as %.*sNAME", facts->unit,
            (int)strcspn(facts->unit, "@") + 1, facts->unit);
    else if (!facts->found)
        add(report, STEK_DOCTOR_FAULT, "no-unit",
            "there is no unit %s: 'systemctl list-unit-files' lists all units", facts->unit);
    else if (facts->dummy && facts->real[0] != '\0')
        add(report, STEK_DOCTOR_FAULT, "dummy-unit", "%s runs no server; %s does: stek doctor %s",
            facts->unit, facts->real, facts->real);
    else if (facts->dummy)
        add(report, STEK_DOCTOR_FAULT, "dummy-unit",
            "%s runs no server: start it, then 'systemctl list-units' names the unit that does",
            facts->unit);
    else if (facts->masked)
        add(report, STEK_DOCTOR_FAULT, "masked",
            "%s is masked, so it never starts: systemctl unmask %s", facts->unit, facts->unit);
    else if (is_unit(facts, "postgresql"))
        add(report, STEK_DOCTOR_FAULT, "no-tickets",
            "PostgreSQL gives no session tickets, so stek can do nothing for it%s%s",
            facts->enabled ? ": stek disable " : "", facts->enabled ? facts->unit : "");
    else
        return true;
    return false;
}

static void judge_ring(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    if (!facts->enabled) {
        add(report, STEK_DOCTOR_FAULT, "not-enabled",
            "stek is not enabled here: 'stek enable %s --ring RING --dry-run' shows what would "
            "change",
            facts->unit);
        return;
    }
    if (facts->other_conf[0] != '\0')
        add(report, STEK_DOCTOR_FAULT, "other-conf",
            "the unit sets OPENSSL_CONF=%s after stek's drop-in: 'systemctl cat %s' shows where; "
            "remove that, then systemctl restart %s",
            facts->other_conf, facts->unit, facts->unit);
    if (facts->ring[0] == '\0')
        add(report, STEK_DOCTOR_FAULT, "no-ring",
            "its OpenSSL configuration names no ring: stek enable %s --ring RING", facts->unit);
    else if (!facts->private_ring && !facts->ring_there)
        add(report, STEK_DOCTOR_FAULT, "ring-missing",
            "there is no ring %s, so each start makes its own keys: 'stek status' lists the rings",
            facts->ring);
    else if (facts->ring_problem[0] != '\0')
        add(report, STEK_DOCTOR_FAULT, "ring-unusable", "ring %s: %s", facts->ring,
            facts->ring_problem);
    if (facts->ring[0] != '\0' && !facts->context &&
        (is_unit(facts, "haproxy") || is_unit(facts, "lighttpd")))
        add(report, STEK_DOCTOR_FAULT, "no-context",
            "its tickets end when it is reloaded, since it accepts connections without a "
            "certificate: stek enable %s --ring %s --context LABEL",
            facts->unit, facts->ring);
}

/* How many processes are so. */
static size_t count(const struct stek_doctor_facts *facts, size_t member)
{
    size_t found = 0;

    for (size_t i = 0; i < facts->process_count; i++)
        found += *(const bool *)((const char *)&facts->process[i] + member) ? 1 : 0;
    return found;
}

#define COUNT(facts, member) count(facts, offsetof(struct stek_doctor_process, member))

/* Whether nothing but the first process, which systemd started, has the unit's environment. */
static bool clears_environment(const struct stek_doctor_facts *facts)
{
    return COUNT(facts, asked) <= 1 && COUNT(facts, asked) < COUNT(facts, environment);
}

/* Why a process that should have the module has none. The first that is found is told. */
static void judge_missing_module(const struct stek_doctor_facts *facts,
                                 struct stek_doctor_report *report)
{
    if (COUNT(facts, libssl) == 0 && COUNT(facts, gnutls) > 0)
        add(report, STEK_DOCTOR_FAULT, "gnutls",
            "it uses GnuTLS, which can load no stek: 'apt-cache policy' may know a build with "
            "OpenSSL; else stek disable %s",
            facts->unit);
    else if (COUNT(facts, privileged) > 0)
        add(report, STEK_DOCTOR_FAULT, "privileged",
            "its program is set-user-id or has file capabilities, so OpenSSL ignores OPENSSL_CONF: "
            "see WHO DOES NOT GET THE MODULE in stek-openssl(5)");
    else if (clears_environment(facts) && is_unit(facts, "postfix"))
        add(report, STEK_DOCTOR_FAULT, "environment",
            "postfix clears its environment: postconf -e \"import_environment=$(postconf -h "
            "import_environment) OPENSSL_CONF\" && systemctl restart %s",
            facts->unit);
    else if (clears_environment(facts) && is_unit(facts, "dovecot"))
        add(report, STEK_DOCTOR_FAULT, "environment",
            "dovecot clears its environment: add 'import_environment = $import_environment "
            "OPENSSL_CONF' to /etc/dovecot/local.conf, then systemctl restart %s",
            facts->unit);
    else if (COUNT(facts, libssl) == 0)
        add(report, STEK_DOCTOR_FAULT, "no-libssl",
            "none of its processes has a shared libssl: TLS is not used yet, or libssl is linked "
            "in: see stek-keyfile(1) for such servers");
    else if (COUNT(facts, environment) > 0 && COUNT(facts, asked) == 0)
        add(report, STEK_DOCTOR_FAULT, "restart",
            "its processes are older than 'stek enable', clear their environment or may not "
            "execute "
            "stek.so: systemctl restart %s; if that does not help, 'journalctl -u %s'",
            facts->unit, facts->unit);
    else
        add(report, STEK_DOCTOR_FAULT, "not-loaded",
            "no process has loaded stek.so: is TLS switched on in its configuration? if so, "
            "'journalctl -u %s' may have stek's line; if the unit was changed since, run 'stek "
            "enable' again; then systemctl restart %s",
            facts->unit, facts->unit);
}

static void judge_use(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    const size_t modules = COUNT(facts, module);
    const size_t rings = COUNT(facts, ring);

    if (COUNT(facts, old_ring) > 0)
        add(report, STEK_DOCTOR_FAULT, "old-ring",
            "%zu of its processes use a ring file that was replaced since: systemctl reload %s, or "
            "restart",
            COUNT(facts, old_ring), facts->unit);
    for (size_t i = 0; i < facts->process_count; i++)
        if (facts->process[i].other_ring[0] != '\0' && !facts->private_ring) {
            add(report, STEK_DOCTOR_FAULT, "other-ring",
                "process %ld (%s) uses %s, not ring %s: systemctl restart %s",
                facts->process[i].pid, facts->process[i].name, facts->process[i].other_ring,
                facts->ring, facts->unit);
            break;
        }
    if (!facts->private_ring && modules > 0 && rings == 0 && COUNT(facts, old_ring) == 0 &&
        facts->ring_there)
        add(report, STEK_DOCTOR_FAULT, "own-keys",
            "its processes use keys of their own, not ring %s, which they could not use when they "
            "started: systemctl restart %s",
            facts->ring, facts->unit);
    for (size_t i = 0; i < facts->process_count; i++)
        if (facts->process[i].privileged && facts->process[i].libssl && !facts->process[i].module) {
            add(report, STEK_DOCTOR_FAULT, "privileged",
                "process %ld (%s) was started with more rights than its user has, so OpenSSL "
                "ignores OPENSSL_CONF there: see WHO DOES NOT GET THE MODULE in stek-openssl(5)",
                facts->process[i].pid, facts->process[i].name);
            break;
        }
    if (modules > 0)
        add(report, STEK_DOCTOR_FINE, "loaded", "%zu of %zu %s loaded stek.so", modules,
            facts->process_count,
            stek_plural(facts->process_count, "process has", "processes have"));
    if (rings > 0)
        add(report, STEK_DOCTOR_FINE, "ring", "%zu of %zu %s ring %s", rings, facts->process_count,
            stek_plural(facts->process_count, "process uses", "processes use"), facts->ring);
}

/* What a profile does not name, AppArmor refuses: the OpenSSL configuration, stek.so, the ring. */
static void judge_confinement(const struct stek_doctor_facts *facts,
                              struct stek_doctor_report *report)
{
    for (size_t i = 0; i < facts->process_count; i++)
        if (facts->process[i].profile[0] != '\0') {
            add(report, STEK_DOCTOR_FAULT, "apparmor",
                "AppArmor confines process %ld (%s) by the profile %s, which has to let it use "
                "stek: see PROFILES OF APPARMOR in stek-openssl(5)",
                facts->process[i].pid, facts->process[i].name, facts->process[i].profile);
            break;
        }
}

/* No process to look at: why. */
static void judge_stopped(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    if (facts->failed)
        add(report, STEK_DOCTOR_NOTE, "not-running",
            "it has failed, so there is no process to look at: 'systemctl status %s' says why",
            facts->unit);
    else if (facts->active)
        add(report, STEK_DOCTOR_NOTE, "not-running",
            "it is active without a process: 'systemctl status %s' says what it starts",
            facts->unit);
    else
        add(report, STEK_DOCTOR_NOTE, "not-running",
            "it does not run, so its processes cannot be looked at: systemctl start %s",
            facts->unit);
}

/* Without SystemCallErrorNumber= the filter ends the service, and nothing can be said then. */
static void judge_filter(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    if (facts->enabled && facts->calls[0] != '\0')
        add(report, STEK_DOCTOR_FAULT, "call-filter",
            "its SystemCallFilter= leaves out system calls that stek makes: 'systemctl edit %s', "
            "add [Service] and SystemCallFilter=%s, then systemctl restart %s",
            facts->unit, facts->calls, facts->unit);
}

static void judge_processes(const struct stek_doctor_facts *facts,
                            struct stek_doctor_report *report)
{
    if (!facts->active || facts->process_count == 0) {
        judge_stopped(facts, report);
        return;
    }
    if (COUNT(facts, hidden) == facts->process_count) {
        add(report, STEK_DOCTOR_FAULT, "not-root",
            "only root may look at its processes: run 'stek doctor %s' as root", facts->unit);
        return;
    }
    if (COUNT(facts, module) == 0)
        judge_missing_module(facts, report);
    else
        judge_use(facts, report);
    if (COUNT(facts, module) == 0 || (!facts->private_ring && COUNT(facts, ring) == 0))
        judge_confinement(facts, report);
    /* Who uses it has opened it, perhaps before it gave up root. */
    if (!facts->private_ring && facts->ring_there && COUNT(facts, may_read) == 0 &&
        COUNT(facts, ring) == 0 && COUNT(facts, libssl) > 0)
        add(report, STEK_DOCTOR_FAULT, "may-not-read",
            "none of its processes may read ring %s: name its group in stekd.conf(5), and run "
            "'stek enable %s --ring %s' again",
            facts->ring, facts->unit, facts->ring);
    if (!facts->private_ring && COUNT(facts, ring) == 0 && COUNT(facts, filtered) > 0)
        add(report, STEK_DOCTOR_NOTE, "filtered",
            "its system calls are filtered: 'journalctl -u %s' has stek's line if one that it "
            "needs is refused",
            facts->unit);
    for (size_t i = 0; i < facts->process_count; i++)
        if (facts->process[i].foreign[0] != '\0') {
            add(report, STEK_DOCTOR_NOTE, "foreign-libcrypto",
                "process %ld (%s) brings a libcrypto of its own, %s: stek leaves it alone",
                facts->process[i].pid, facts->process[i].name, facts->process[i].foreign);
            break;
        }
}

static void judge_settings(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    const struct stek_doctor_settings *settings = &facts->settings;
    char timeout[STEK_DURATION_LEN];
    char accept[STEK_DURATION_LEN];

    if (settings->tickets_off[0] != '\0')
        add(report, STEK_DOCTOR_FAULT, "tickets-off",
            "%s switches tickets off: remove that line, then systemctl reload %s",
            settings->tickets_off, facts->unit);
    if (settings->off_by_default)
        add(report, STEK_DOCTOR_FAULT, "tickets-off",
            "Prosody gives no tickets unless its configuration says no_ticket = false, so stek "
            "does "
            "nothing for it%s%s",
            facts->enabled ? ": stek disable " : "", facts->enabled ? facts->unit : "");
    if (settings->timeout_s == 0 || settings->timeout_s >= facts->accept_s)
        return;
    (void)stek_duration_text(settings->timeout_s, sizeof timeout, timeout);
    (void)stek_duration_text(facts->accept_s, sizeof accept, accept);
    add(report, STEK_DOCTOR_NOTE, "short-timeout",
        "%s ends sessions after %s, and the ring would take their tickets for %s: set %s %" PRId64
        "%s",
        settings->timeout[0] != '\0' ? settings->timeout : settings->server, timeout, accept,
        strcmp(settings->server, "nginx") == 0    ? "ssl_session_timeout"
        : strcmp(settings->server, "apache") == 0 ? "SSLSessionCacheTimeout"
                                                  : "tune.ssl.lifetime",
        facts->accept_s, strcmp(settings->server, "nginx") == 0 ? "s;" : "");
}

/* What the ring's counters tell. They are of all its programs. */
static void judge_counters(const struct stek_doctor_facts *facts, struct stek_doctor_report *report)
{
    if (facts->unused && COUNT(facts, ring) > 0)
        add(report, STEK_DOCTOR_NOTE, "unused",
            "no program of ring %s has counted a ticket yet: visit %s, then look again; if it "
            "stays "
            "so, its tickets are switched off, it accepts no TLS connections itself, or it may not "
            "write where it counts",
            facts->ring, facts->unit);
    if (facts->replaced)
        add(report, STEK_DOCTOR_FAULT, "replaced",
            "a program of ring %s has put ticket keys of its own in stek's place: take its own "
            "ticket keys out of its configuration",
            facts->ring);
    if (facts->own_ids)
        add(report, STEK_DOCTOR_NOTE, "session-id-context",
            "a program of ring %s refuses tickets of an earlier start, since it makes up a "
            "session-id context: session_id_context in stek-openssl(5)",
            facts->ring);
    if (facts->verifies_peers)
        add(report, STEK_DOCTOR_NOTE, "verifies-peers",
            "a program of ring %s verifies peers, so its tickets do not outlive its SSL_CTX: "
            "verified_peers in stek-openssl(5)",
            facts->ring);
}

void stek_doctor_judge(const struct stek_doctor_facts *facts, struct stek_doctor_report *ret_report)
{
    ret_report->count = 0;
    if (!judge_unit(facts, ret_report))
        return;
    judge_ring(facts, ret_report);
    judge_filter(facts, ret_report);
    judge_settings(facts, ret_report);
    if (!facts->enabled)
        return;
    judge_processes(facts, ret_report);
    judge_counters(facts, ret_report);
}
