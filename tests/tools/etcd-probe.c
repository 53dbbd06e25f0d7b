/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to etcd like stekd's, for the end-to-end tests. It prints what it hears as lines of
 * JSON, and makes the calls that lines on its standard input ask for.
 *
 *     etcd-probe --prefix P [--pace MS] [--ca F] [--cert F] [--key F] ENDPOINT...
 *     put KEY VALUE EXPECTED LEASE [FROM UNTIL SETTLED-AT] | delete KEY | lease ID TTL
 *     | alive ID | reread
 */
#include "etcd/etcd.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <jansson.h>

static struct stek_etcd *etcd;

static void say(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(line);
}

static void on_online(void *arg)
{
    (void)arg;
    say(json_pack("{s:s, s:s}", "event", "online", "endpoint", stek_etcd_endpoint(etcd)));
}

static void say_problem(const char *event, const struct stek_etcd_problem *problem)
{
    say(json_pack("{s:s, s:s, s:s}", "event", event, "fault", stek_etcd_fault_word(problem->fault),
                  "text", problem->text));
}

static void on_offline(void *arg, const struct stek_etcd_problem *problem)
{
    (void)arg;
    say_problem("offline", problem);
}

static void on_read_begin(void *arg, size_t span, int64_t revision)
{
    (void)arg;
    (void)span;
    say(json_pack("{s:s, s:I}", "event", "read", "revision", (json_int_t)revision));
}

static void say_item(const char *event, const struct stek_etcd_item *item)
{
    say(json_pack("{s:s, s:s%, s:s%, s:I, s:b}", "event", event, "key", item->key.at, item->key.len,
                  "value", item->value.len > 0 ? (const char *)item->value.at : "", item->value.len,
                  "revision", (json_int_t)item->revision, "gone", (int)item->gone));
}

static void on_item(void *arg, size_t span, const struct stek_etcd_item *item)
{
    (void)arg;
    (void)span;
    say_item("item", item);
}

static void on_beside(void *arg, size_t span, uint64_t count)
{
    (void)arg;
    (void)span;
    say(json_pack("{s:s, s:I}", "event", "beside", "count", (json_int_t)count));
}

static void on_slow(void *arg, size_t span, const struct stek_etcd_problem *problem)
{
    (void)arg;
    (void)span;
    say_problem("slow", problem);
}

static void on_read_end(void *arg, size_t span, const struct stek_etcd_problem *problem)
{
    (void)arg;
    (void)span;
    say_problem("read-end", problem);
}

static void on_other_store(void *arg)
{
    (void)arg;
    say(json_pack("{s:s}", "event", "other-store"));
}

static void on_clock(void *arg, int64_t ahead_s, int64_t round_trip_ms)
{
    (void)arg;
    say(json_pack("{s:s, s:I, s:I}", "event", "clock", "ahead_s", (json_int_t)ahead_s,
                  "round_trip_ms", (json_int_t)round_trip_ms));
}

static void on_done(void *arg, const struct stek_etcd_problem *problem,
                    const struct stek_etcd_answer *answer)
{
    (void)arg;
    say(json_pack("{s:s, s:s, s:s, s:b, s:I}", "event", "done", "fault",
                  stek_etcd_fault_word(problem->fault), "text", problem->text, "succeeded",
                  answer != NULL && answer->succeeded, "ttl",
                  answer != NULL ? (json_int_t)answer->ttl_s : 0));
}

static struct stek_bytes bytes(const char *text)
{
    return (struct stek_bytes){(const uint8_t *)text, strlen(text)};
}

static int64_t number(const char *text)
{
    return strtoll(text, NULL, 10);
}

static enum stek_result obey(char *line)
{
    const struct stek_etcd_caller caller = {NULL, on_done, NULL};
    const char *words[8] = {"", "", "", "", "", "", "", ""};
    char *rest = NULL;
    unsigned count = 0;

    for (char *word = strtok_r(line, " \n", &rest); word != NULL && count < 8;
         word = strtok_r(NULL, " \n", &rest))
        words[count++] = word;
    const struct stek_etcd_put put = {bytes(words[1]), bytes(words[2]), number(words[4]),
                                      number(words[3])};
    const struct stek_etcd_write write = {.count = 1,
                                          .puts = &put,
                                          .basis = {bytes(words[5]), bytes(words[6])},
                                          .based_on = number(words[7])};
    if (strcmp(words[0], "put") == 0)
        return stek_etcd_write(etcd, &write, &caller);
    if (strcmp(words[0], "delete") == 0)
        return stek_etcd_delete(etcd, bytes(words[1]), &caller);
    if (strcmp(words[0], "lease") == 0)
        return stek_etcd_lease(etcd, number(words[1]), number(words[2]), &caller);
    if (strcmp(words[0], "alive") == 0)
        return stek_etcd_keepalive(etcd, number(words[1]), &caller);
    stek_etcd_reread(etcd, 0);
    return STEK_OK;
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
    char line[4096];

    (void)fd;
    (void)what;
    if (fgets(line, sizeof line, stdin) == NULL) {
        event_base_loopbreak(arg);
        return;
    }
    const enum stek_result result = obey(line);
    if (result != STEK_OK)
        say(json_pack("{s:s, s:s, s:s}", "event", "done", "fault", "not-begun", "text",
                      stek_result_text(result)));
}

static int run(struct stek_etcd_options *options, const char *prefix)
{
    static const struct stek_etcd_handlers handlers = {.on_online = on_online,
                                                       .on_offline = on_offline,
                                                       .on_read_begin = on_read_begin,
                                                       .on_item = on_item,
                                                       .on_beside = on_beside,
                                                       .on_slow = on_slow,
                                                       .on_read_end = on_read_end,
                                                       .on_other_store = on_other_store,
                                                       .on_clock = on_clock};
    char until[512];
    struct event_base *base = event_base_new();
    struct event *input = event_new(base, 0, EV_READ | EV_PERSIST, on_input, base);

    snprintf(until, sizeof until, "%s", prefix);
    until[strlen(until) - 1]++;
    const struct stek_etcd_span span = {bytes(prefix), bytes(until)};
    options->spans = &span;
    options->spans_count = 1;
    if (stek_etcd_new(base, options, &handlers, &etcd) != STEK_OK || event_add(input, NULL) != 0)
        return 1;
    event_base_dispatch(base);
    stek_etcd_free(etcd);
    event_free(input);
    event_base_free(base);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option known[] = {{"ca", 1, NULL, 'a'},   {"cert", 1, NULL, 'c'},
                                          {"key", 1, NULL, 'k'},  {"prefix", 1, NULL, 'p'},
                                          {"pace", 1, NULL, 't'}, {NULL, 0, NULL, 0}};
    struct stek_etcd_options options = {.pace_ms = 500, .back_off_max_ms = 500};
    const char *prefix = "/stek/v1/";
    int option;

    setvbuf(stdin, NULL, _IONBF, 0);
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'a')
            options.ca = optarg;
        else if (option == 'c')
            options.cert = optarg;
        else if (option == 'k')
            options.key = optarg;
        else if (option == 'p')
            prefix = optarg;
        else if (option == 't')
            options.pace_ms = number(optarg);
        else
            return 2;
    }
    options.endpoints = (const char *const *)(argv + optind);
    options.endpoints_count = (size_t)(argc - optind);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const int status = run(&options, prefix);
    curl_global_cleanup();
    return status;
}
