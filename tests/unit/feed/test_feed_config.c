/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of `stek feed`: what is taken, and how a fault is named. */
#include "unit.h"

#include "feed/config.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define BASE "[feed a]\nring = web\ncontext = shared\n"

static struct stek_feed_configs configs;

static const char *problem_of(const char *text)
{
    static struct stek_feed_problem problem;

    problem.text[0] = '\0';
    const bool taken = stek_feed_config_parse(&configs, "f", text, strlen(text), &problem);
    assert_int_equal(taken, problem.text[0] == '\0');
    return problem.text;
}

static void assert_fault(const char *text, const char *expected)
{
    assert_string_equal(problem_of(text), expected);
}

static void assert_taken(const char *text)
{
    assert_string_equal(problem_of(text), "");
}

static void takes_what_each_server_needs(void **state)
{
    (void)state;
    assert_taken(BASE "to = nginx\ndirectory = /run/x\nsignal = HUP\npid_file = /run/nginx.pid\n");
    assert_int_equal(configs.at[0].after, STEK_FEED_SIGNAL);
    assert_int_equal(configs.at[0].signal_number, SIGHUP);
    assert_int_equal(configs.at[0].room, 64);
    assert_taken(BASE "to = haproxy\nfile = /run/x\nsocket = /run/haproxy.sock\n");
    assert_int_equal(configs.at[0].after, STEK_FEED_HAPROXY);
    assert_taken(BASE "to = dnsdist\nfile = /run/x\ncommand = /bin/true now\nkeys = 5\n");
    assert_int_equal(configs.at[0].after, STEK_FEED_COMMAND);
    assert_int_equal(configs.at[0].room, 5);
    assert_taken(BASE "to = h2o\nfile = /run/x\n");
    assert_int_equal(configs.at[0].after, STEK_FEED_NOTHING);
    assert_taken(BASE "to = lighttpd\nfile = /run/x\n");
    assert_int_equal(configs.at[0].room, 1);
    assert_taken(BASE "to = dnsdist\nfile = /run/x\nsocket = /run/s\nline = reload\n");
    assert_int_equal(configs.at[0].after, STEK_FEED_LINE);
}

static void several_feeds_stand_in_one_file(void **state)
{
    (void)state;
    assert_taken("# two\n" BASE "to = h2o\nfile = /run/x\n\n[feed b]\nring = r\ncontext = c\n"
                 "to = h2o\nfile = /run/y\n");
    assert_int_equal(configs.count, 2);
    assert_string_equal(configs.at[1].name, "b");
    assert_taken("");
    assert_int_equal(configs.count, 0);
}

static void a_fault_names_its_line_and_what_is_allowed(void **state)
{
    (void)state;
    assert_fault("ring = web\n", "f:1: 'ring' is not in a section: begin with [feed NAME]");
    assert_fault("[ring a]\n", "f:1: unknown section [ring a]: allowed is [feed NAME]");
    assert_fault("[feed a b]\n", "f:1: 'a b' is not a valid name of a feed: " STEK_RING_NAME_RULE);
    assert_fault(BASE "to = h2o\nfile = /x\n[feed a]\n",
                 "f:6: [feed a] stands twice: first in line 1");
    assert_fault(BASE "ring = again\n", "f:4: ring is set twice");
    assert_fault(BASE "rings = x\n",
                 "f:4: unknown setting 'rings': allowed are ring, context, to, file, directory, "
                 "group, keys, signal, pid_file, socket, line, command");
    assert_fault(BASE "group =\n", "f:4: group: a value has 1 to 511 bytes");
    assert_fault(BASE "words\n", "f:4: expected [feed NAME], NAME = VALUE or a comment");
}

static void settings_that_do_not_go_together_are_a_fault(void **state)
{
    static const struct {
        const char *text;
        const char *words;
    } faults[] = {
        {"[feed a]\n", "ring is missing"},
        {"[feed a]\nring = w\n", "context is missing"},
        {BASE, "to is missing"},
        {BASE "to = iis\n", "to: allowed: a layout"},
        {BASE "to = apache\nfile = /x\n", "to: Apache on OpenSSL 3"},
        {BASE "to = nginx\nfile = /x\n", "directory is missing"},
        {BASE "to = nginx\ndirectory = /x\nfile = /x\n", "give a directory"},
        {BASE "to = h2o\n", "file is missing"},
        {BASE "to = h2o\nfile = x\n", "an absolute path"},
        {BASE "to = nginx\ndirectory = /x;y\n", "an absolute path"},
        {BASE "to = h2o\nfile = /x\nkeys = 1\n", "keys: allowed: 2 to 64"},
        {BASE "to = lighttpd\nfile = /x\nkeys = 2\n", "holds one key"},
        {BASE "to = h2o\nfile = /x\nsignal = HUP\n", "give both"},
        {BASE "to = h2o\nfile = /x\nsignal = KILL\npid_file = /p\n", "HUP, USR1, USR2"},
        {BASE "to = h2o\nfile = /x\nsocket = /s\n", "line is missing"},
        {BASE "to = haproxy\nfile = /x\nsocket = /s\nline = l\n", "HAProxy's own words"},
        {BASE "to = h2o\nfile = /x\nsocket = /s\nline = l\ncommand = /c\n", "give one of"},
        {BASE "to = h2o\nfile = /x\ncommand = c\n", "command: allowed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const char *problem = problem_of(faults[i].text);
        if (strncmp(problem, "f:1: [feed a]: ", 15) != 0 || !strstr(problem, faults[i].words))
            fail_msg("%s: %s", faults[i].text, problem);
    }
}

static void two_feeds_with_one_place_are_a_fault(void **state)
{
    static const char *const places[] = {"/run/x", "/run//x", "//run/x"};
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        (void)snprintf(text, sizeof text,
                       BASE "to = h2o\nfile = /run/x\n[feed b]\nring = r\ncontext = c\n"
                            "to = nginx\ndirectory = %s\nsignal = HUP\npid_file = /p\n",
                       places[i]);
        char expected[512];
        (void)snprintf(expected, sizeof expected,
                       "f:6: [feed b]: %s has the keys of [feed a] in line 1: each feed needs a "
                       "place of its own",
                       places[i]);
        assert_fault(text, expected);
    }
    assert_taken(BASE "to = h2o\nfile = /run/x\n[feed b]\nring = r\ncontext = c\n"
                      "to = h2o\nfile = /run/xy\n[feed c]\nring = r\ncontext = c\n"
                      "to = h2o\nfile = /run/x/y\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_each_server_needs),
        cmocka_unit_test(several_feeds_stand_in_one_file),
        cmocka_unit_test(a_fault_names_its_line_and_what_is_allowed),
        cmocka_unit_test(settings_that_do_not_go_together_are_a_fault),
        cmocka_unit_test(two_feeds_with_one_place_are_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
