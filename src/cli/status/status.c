/* SPDX-License-Identifier: Apache-2.0 */
/* stek status */
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/status/statuses.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct request {
    const char *ring; /* NULL: all */
    bool json;
    bool follow;
};

static void print_help(void)
{
    (void)puts("Usage: stek status [RING] [--json] [--follow]\n"
               "Shows all rings on this host as a table, or one ring with its keys and counters.\n"
               "Asks stekd; if stekd does not run, reads the ring files.\n\n"
               "  --json         print JSON: docs/formats.md, \"Status\"\n"
               "  -f, --follow   repeat every second until interrupted, on a terminal in place\n"
               "  --run-dir DIR  where stekd keeps its rings (default: " STEK_RUN_DIR ")\n"
               "  --help         show this help\n\n"
               "Exit codes: 0 fine, 1 a ring cannot be read, 2 usage, 3 degraded: a ring runs on\n"
               "continuations, has no key or cannot be kept, 4 stekd not reachable.\n\n"
               "Example:\n"
               "  stek status web --follow");
}

static bool take_words(int argc, char **argv, struct request *request)
{
    if (optind < argc)
        request->ring = argv[optind++];
    if (optind < argc)
        (void)fprintf(stderr, "stek status: give one ring only, not '%s' as well: try --help\n",
                      argv[optind]);
    else
        return request->ring == NULL || stek_arguments_ring("status", request->ring);
    return false;
}

/* As text: written whole, and then broken for the screen. */
static int show_text(const struct stek_statuses *statuses, const struct stek_screen *screen,
                     bool in_place)
{
    struct stek_screen whole = *screen;
    char *text = NULL;
    size_t len = 0;

    whole.out = open_memstream(&text, &len);
    if (whole.out == NULL) {
        (void)fprintf(stderr, "stek status: no memory\n");
        return STEK_EXIT_FAILED;
    }
    stek_statuses_print(&whole, statuses);
    const bool written = fclose(whole.out) == 0;
    if (written)
        stek_screen_show(screen, text, in_place);
    free(text);
    return written ? STEK_EXIT_FINE : STEK_EXIT_FAILED;
}

static int show(const struct request *request, const struct stek_screen *screen, bool in_place)
{
    struct stek_statuses statuses;
    int code = stek_statuses_collect("status", request->ring, &statuses);

    if (code != STEK_EXIT_FINE)
        return code;
    if (request->json) {
        json_t *object = stek_statuses_json(&statuses);
        (void)json_dumpf(object, stdout, request->follow ? JSON_COMPACT : JSON_INDENT(2));
        (void)puts("");
        json_decref(object);
    } else {
        code = show_text(&statuses, screen, in_place);
    }
    if (code == STEK_EXIT_FINE)
        code = stek_statuses_exit(&statuses);
    stek_statuses_fini(&statuses);
    return code;
}

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Shows it again and again. On a terminal in one place, elsewhere one after the other. */
static int follow(const struct request *request)
{
    const struct sigaction action = {.sa_handler =
                                         interrupt}; /* without SA_RESTART: sleep(3) ends */
    const bool terminal = isatty(STDOUT_FILENO) == 1 && !request->json;
    struct stek_screen screen;
    int code = STEK_EXIT_FINE;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (terminal)
        (void)printf("\033[2J");
    while (interrupted == 0) {
        stek_screen_find(&screen); /* the terminal's width may change */
        code = show(request, &screen, terminal);
        if (!terminal && !request->json)
            (void)puts("");
        if (fflush(stdout) != 0 || code == STEK_EXIT_USAGE)
            break;
        (void)sleep(1);
    }
    return code;
}

int stek_command_status(int argc, char **argv)
{
    struct request request = {.ring = NULL};
    const struct stek_argument arguments[] = {
        {"json", 'j', &request.json, NULL}, {"follow", 'f', &request.follow, NULL}, {.name = NULL}};
    struct stek_screen screen;
    int code;

    if (!stek_arguments_read("status", argc, argv, arguments, print_help, &code))
        return code;
    if (!take_words(argc, argv, &request))
        return STEK_EXIT_USAGE;
    if (request.follow)
        return follow(&request);
    stek_screen_find(&screen);
    return show(&request, &screen, false);
}
