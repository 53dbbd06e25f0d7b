/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and the progress line of `stek audit`. */
#include "cli/audit/audit.h"

#include "audit/handshake/net.h"
#include "cli/command.h"
#include "core/plural.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum {
    PAUSE_MS = 200,
    LINE_LEN_MAX = 100,
    MINUTE_S = 60,
    HOUR_S = 3600,
    KEYS_S = 60,          /* of the time for the known keys */
    TICKETS_A_SECOND = 4, /* or this, if it is more */
    KEYS_WHEN_STOPPED_MS = 300
};

static volatile sig_atomic_t stop_asked;
static int64_t limit_ms; /* for the known keys, of the monotonic clock */

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

void audit_stop_catch(void)
{
    const struct sigaction action = {.sa_handler = ask_to_stop, .sa_flags = (int)SA_RESETHAND};

    stop_asked = 0;
    (void)signal(SIGPIPE, SIG_IGN); /* servers hang up while they are written to */
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

void audit_stop_release(void)
{
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
}

bool audit_stop_asked(void *unused)
{
    (void)unused;
    return stop_asked != 0;
}

int64_t audit_limit_s(size_t tickets)
{
    const int64_t wanted = (int64_t)(tickets / TICKETS_A_SECOND);

    return wanted > KEYS_S ? wanted : KEYS_S;
}

void audit_limit_begin(size_t tickets)
{
    limit_ms = stek_audit_now_ms() +
               (stop_asked != 0 ? KEYS_WHEN_STOPPED_MS : audit_limit_s(tickets) * 1000);
}

bool audit_limit_passed(void *unused)
{
    (void)unused;
    return stop_asked != 0 || stek_audit_now_ms() >= limit_ms;
}

static bool on_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

__attribute__((format(printf, 1, 2))) static void show(const char *format, ...)
{
    static int64_t next_ms;
    char line[LINE_LEN_MAX];
    va_list args;

    if (!on_terminal() || stek_audit_now_ms() < next_ms)
        return;
    next_ms = stek_audit_now_ms() + PAUSE_MS;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    (void)fprintf(stderr, "\r\033[K%s", line);
}

int audit_refuse(const char *problem)
{
    audit_progress_clear();
    (void)fprintf(stderr, "stek audit: %s\n", problem);
    return STEK_EXIT_FAILED;
}

int audit_fail(const char *what, const char *name, const char *why)
{
    audit_progress_clear();
    (void)fprintf(stderr, "stek audit: %s%s%s: %s\n", what, name[0] != '\0' ? " " : "", name, why);
    return STEK_EXIT_FAILED;
}

const char *audit_span(int64_t seconds, char text[32])
{
    if (seconds < 2 * MINUTE_S)
        (void)snprintf(text, 32, "%lld s", (long long)(seconds < 0 ? 0 : seconds));
    else if (seconds < 2 * HOUR_S)
        (void)snprintf(text, 32, "%lld min", (long long)(seconds / MINUTE_S));
    else
        (void)snprintf(text, 32, "%lld h %lld min", (long long)(seconds / HOUR_S),
                       (long long)(seconds % HOUR_S / MINUTE_S));
    return text;
}

void audit_progress_connections(uint32_t done, uint32_t planned, int64_t left_s)
{
    char left[32];

    show("%u of at most %u %s, at most %s left", (unsigned)done, (unsigned)planned,
         stek_plural(planned, "connection", "connections"), audit_span(left_s, left));
}

void audit_progress_watch(int64_t done_s, int64_t all_s, size_t connections)
{
    char done[32], left[32];

    show("watched for %s, %s left; %zu %s", audit_span(done_s, done),
         audit_span(all_s - done_s, left), connections,
         stek_plural(connections, "connection", "connections"));
}

void audit_progress_tickets(void *unused, size_t done, size_t all)
{
    (void)unused;
    show("known keys tried on %zu of %zu %s", done, all, stek_plural(all, "ticket", "tickets"));
}

void audit_progress_clear(void)
{
    if (on_terminal())
        (void)fprintf(stderr, "\r\033[K");
}
