/* SPDX-License-Identifier: Apache-2.0 */
/* stek inspect: which key a ticket is sealed under. Asks stekd; without it, reads the ring file. */
#include "cli/client.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/format.h"
#include "cli/rundir.h"
#include "core/plural.h"

#include "ringfile/ringfile.h"
#include "status/inspection.h"
#include "status/ticketfile.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct request {
    const char *file;
    const char *ring;
    bool json;
    uint8_t ticket[STEK_INSPECT_TICKET_MAX];
    size_t len;
};

static void print_help(void)
{
    (void)puts("Usage: stek inspect FILE --ring RING [--json]\n"
               "Shows which key of a ring sealed a ticket, and when. FILE is a session in PEM,\n"
               "as 'openssl s_client -sess_out FILE' writes it, or the bytes of a ticket; - is\n"
               "standard input. The command needs no secrets and shows none.\n\n"
               "  --ring RING    try the keys of this ring\n"
               "  --json         print JSON: docs/formats.md, \"Inspection\"\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "For root and the group stek-admin; if stekd does not run, for users who may read\n"
               "the ring file.\n"
               "Exit codes: 0 a key of the ring opens it, 1 failed, 2 usage, 3 no key opens it.\n\n"
               "Example:\n"
               "  openssl s_client -connect localhost:443 -tls1_2 -sess_out s.pem </dev/null\n"
               "  stek inspect s.pem --ring web");
}

static bool take_words(int argc, char **argv, struct request *request)
{
    if (optind + 1 != argc)
        (void)fprintf(
            stderr,
            "stek inspect: give one FILE: a session in PEM, or a ticket; - is standard input\n");
    else if (request->ring == NULL)
        (void)fprintf(stderr,
                      "stek inspect: --ring RING is missing: 'stek status' lists the rings\n");
    else if (stek_arguments_ring("inspect", request->ring)) {
        request->file = argv[optind];
        return true;
    }
    return false;
}

/* Reads the ticket out of the file. Returns false, having said why. */
static bool read_ticket(struct request *request)
{
    const bool standard = strcmp(request->file, "-") == 0;
    uint8_t *bytes = malloc(STEK_TICKET_FILE_MAX + 1);
    FILE *file = standard ? stdin : fopen(request->file, "re");
    const char *problem = NULL;

    if (bytes == NULL || file == NULL) {
        problem = strerror(errno);
    } else {
        const size_t len = fread(bytes, 1, STEK_TICKET_FILE_MAX + 1, file);
        problem = ferror(file) ? strerror(errno)
                               : stek_ticket_from_file(bytes, len, request->ticket, &request->len);
    }
    if (file != NULL && !standard)
        (void)fclose(file);
    free(bytes);
    if (problem != NULL)
        (void)fprintf(stderr, "stek inspect: %s: %s\n", request->file, problem);
    return problem == NULL;
}

static json_t *inspect_in(int dir, const struct request *request,
                          const struct stek_ring_state *state)
{
    struct stek_context *contexts = calloc(STEK_STATS_CONTEXTS_MAX, sizeof *contexts);
    struct stek_inspection inspection;

    if (contexts == NULL)
        return NULL;
    const size_t count = stek_stats_contexts(dir, request->ring, contexts, STEK_STATS_CONTEXTS_MAX);
    enum stek_result result = stek_inspect_ticket(&state->records, contexts, count, request->ticket,
                                                  request->len, (int64_t)time(NULL), &inspection);
    free(contexts);
    return result == STEK_OK ? stek_inspection_json(&inspection) : NULL;
}

/* Without stekd. Returns an exit code. */
static int inspect_here(const struct request *request, const char *why, json_t **ret_found)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    const char *problem = NULL;
    const int dir = stek_rundir_open();

    enum stek_result result =
        dir < 0 ? STEK_ERR_SYSTEM : stek_ringfile_read(dir, request->ring, &state, &problem);
    if (result == STEK_OK)
        *ret_found = inspect_in(dir, request, &state);
    const char *words = problem != NULL ? problem : stek_format_result(result);
    if (dir >= 0)
        (void)close(dir);
    if (result == STEK_OK)
        return STEK_EXIT_FINE;
    (void)fprintf(stderr, "stek inspect: %s; and %s/%s.ring cannot be read: %s\n", why,
                  stek_rundir(), request->ring, words);
    return STEK_EXIT_UNREACHABLE;
}

/* Asks stekd, or looks for oneself. Returns an exit code. */
static int inspect(const struct request *request, json_t **ret_found)
{
    static char base64[STEK_TICKET_BASE64_MAX];
    char problem[STEK_CLIENT_PROBLEM_LEN];
    json_t *answer = NULL;

    stek_ticket_encode(request->ticket, request->len, base64);
    switch (stek_client_ask(
        json_pack("{s:s, s:s, s:s}", "command", "inspect", "ring", request->ring, "ticket", base64),
        &answer, problem)) {
    case STEK_CLIENT_ANSWERED:
        *ret_found = json_incref(json_object_get(answer, "ticket"));
        json_decref(answer);
        return STEK_EXIT_FINE;
    case STEK_CLIENT_FAILED:
        (void)fprintf(stderr, "stek inspect: %s\n", problem);
        return STEK_EXIT_FAILED;
    default:
        return inspect_here(request, problem, ret_found);
    }
}

static const char *text_of(const json_t *found, const char *name)
{
    const char *text = json_string_value(json_object_get(found, name));

    return text != NULL ? text : "";
}

static int64_t number_of(const json_t *found, const char *name)
{
    return (int64_t)json_integer_value(json_object_get(found, name));
}

static void print_time(const char *label, int64_t when, int64_t now)
{
    struct stek_text time;
    struct stek_text distance;

    (void)printf("  %-12s %s (%s%s%s)\n", label, stek_format_time(when, &time),
                 when > now ? "in " : "", stek_format_duration(now - when, &distance),
                 when > now ? "" : " ago");
}

static void print_key(const json_t *found, int64_t now)
{
    (void)printf("  %-12s %.8s, seq %" PRId64 ", %s, context %s\n", "key",
                 text_of(found, "fingerprint"), number_of(found, "seq"), text_of(found, "state"),
                 text_of(found, "context"));
    print_time("seals from", number_of(found, "active_from"), now);
    print_time("seals until", number_of(found, "active_until"), now);
    print_time("opens until", number_of(found, "accept_until"), now);
}

static void print_session(const json_t *found, int64_t now)
{
    const int64_t version = number_of(found, "tls_version");
    const json_t *full = json_object_get(found, "full_handshake_at");
    struct stek_text timeout;

    if (json_object_get(found, "sealed_at") != NULL)
        print_time("sealed", number_of(found, "sealed_at"), now);
    else
        (void)printf("  %-12s %s\n", "sealed",
                     "while the key sealed: only a ticket of TLS 1.3 has the time");
    if (json_is_integer(full))
        print_time("handshake", (int64_t)json_integer_value(full), now);
    else
        (void)printf("  %-12s %s\n", "handshake",
                     "unknown: sealed by a server that has the key but not stek");
    (void)printf("  %-12s %s\n", "promised for",
                 stek_format_duration(number_of(found, "timeout_s"), &timeout));
    (void)printf("  %-12s %s, server name %s, %s client certificate\n", "session",
                 version == 0x0304   ? "TLS 1.3"
                 : version == 0x0303 ? "TLS 1.2"
                                     : "other than TLS 1.2 and 1.3",
                 text_of(found, "server_name")[0] != '\0' ? text_of(found, "server_name") : "none",
                 json_is_true(json_object_get(found, "client_certificate")) ? "with a" : "no");
}

static void print_found(const struct request *request, const json_t *found)
{
    const char *verdict = text_of(found, "verdict");
    const int64_t now = (int64_t)time(NULL);

    if (strcmp(verdict, "no-ticket") == 0)
        (void)printf("%s: not a ticket: %zu %s not name, IV, blocks and MAC\n", request->file,
                     request->len, stek_plural(request->len, "byte that is", "bytes that are"));
    else if (strcmp(verdict, "unknown") == 0)
        (void)printf(
            "%s: no key of ring %s has the ticket's key name, %s\n"
            "  The key has retired or was revoked, or it belongs to another ring or server.\n"
            "  Contexts that no running server has used were not tried.\n",
            request->file, request->ring, text_of(found, "name"));
    else if (strcmp(verdict, "damaged") == 0)
        (void)printf("%s: sealed under a key of ring %s, but DAMAGED: its MAC is wrong\n",
                     request->file, request->ring);
    else if (strcmp(verdict, "unreadable") == 0)
        (void)printf(
            "%s: sealed under a key of ring %s, but this OpenSSL cannot read the session in it\n",
            request->file, request->ring);
    else
        (void)printf("%s: sound, sealed under a key of ring %s\n", request->file, request->ring);
    if (json_object_get(found, "seq") != NULL)
        print_key(found, now);
    if (json_object_get(found, "timeout_s") != NULL)
        print_session(found, now);
}

int stek_command_inspect(int argc, char **argv)
{
    static struct request request;
    const struct stek_argument arguments[] = {
        {"ring", 0, NULL, &request.ring}, {"json", 0, &request.json, NULL}, {.name = NULL}};
    json_t *found = NULL;
    int code;

    if (!stek_arguments_read("inspect", argc, argv, arguments, print_help, &code))
        return code;
    if (!take_words(argc, argv, &request))
        return STEK_EXIT_USAGE;
    if (!read_ticket(&request))
        return STEK_EXIT_FAILED;
    code = inspect(&request, &found);
    if (code != STEK_EXIT_FINE)
        return code;
    if (request.json) {
        (void)json_dumpf(found, stdout, JSON_INDENT(2));
        (void)puts("");
    } else {
        print_found(&request, found);
    }
    const bool sound = strcmp(text_of(found, "verdict"), "sound") == 0;
    json_decref(found);
    return sound ? STEK_EXIT_FINE : STEK_EXIT_DEGRADED;
}
