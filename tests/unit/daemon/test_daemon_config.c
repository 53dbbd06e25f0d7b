/* SPDX-License-Identifier: Apache-2.0 */
/* What stekd.conf(5) may say, and the one line that answers anything else. */
#include "unit.h"

#include "daemon/config/config.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600 };

static bool parse(struct stek_config *config, const char *file, const char *text,
                  struct stek_config_problem *problem)
{
    return stek_config_parse(config, file, text, strlen(text), problem);
}

static struct stek_config parsed(const char *text)
{
    struct stek_config_problem problem = {.text = ""};
    struct stek_config config;

    stek_config_init(&config);
    if (!parse(&config, "a.conf", text, &problem))
        fail_msg("refused: %s", problem.text);
    return config;
}

/* The text, as a file a.conf, is refused in these words. */
static void assert_refused(const char *text, const char *words)
{
    struct stek_config_problem problem = {.text = ""};
    struct stek_config config;

    stek_config_init(&config);
    if (parse(&config, "a.conf", text, &problem) && stek_config_check(&config, &problem))
        fail_msg("taken, not refused with: %s", words);
    assert_string_equal(problem.text, words);
    stek_config_fini(&config);
}

static void reads_rings_with_their_settings(void **state)
{
    struct stek_config config = parsed(
        "[ring web]\nrotate = 15m\naccept=2h\nahead = 3\nmax_session_age = 1d\ngroup = www-data\n"
        "source = host\n\n[ring mail.example_1-b]\n");
    const struct stek_config_ring *web = stek_config_find(&config, "web");
    const struct stek_config_ring *mail = stek_config_find(&config, "mail.example_1-b");

    (void)state;
    assert_int_equal(config.ring_count, 2);
    assert_int_equal(web->policy.rotate_s, 15 * MINUTE_S);
    assert_int_equal(web->policy.accept_s, 2 * HOUR_S);
    assert_int_equal(web->policy.ahead, 3);
    assert_int_equal(web->policy.max_session_age_s, 24 * HOUR_S);
    assert_string_equal(web->group, "www-data");
    assert_int_equal(mail->policy.rotate_s, 0);
    assert_string_equal(mail->group, "");
    assert_null(stek_config_find(&config, "mail"));
    stek_config_fini(&config);
}

static void a_ring_may_be_named_with_all_that_a_name_allows(void **state)
{
    char name[65] = "0";
    char text[80];

    (void)state;
    memset(name + 1, 'z', 63);
    (void)snprintf(text, sizeof text, "[ring %s]\n", name);
    struct stek_config config = parsed(text);
    assert_string_equal(config.rings[0].name, name);
    stek_config_fini(&config);
}

static void reads_the_settings_of_stekd_itself(void **state)
{
    struct stek_config config =
        parsed("[stekd]\nlisten = 127.0.0.1:9464  unix:/run/stek/metrics.sock "
               "[::1]:9465\nadmin_group = wheel\nuser = "
               "stek\nallow_disk = yes\n");

    (void)state;
    assert_int_equal(config.listen_count, 3);
    assert_string_equal(config.listen[0].text, "127.0.0.1:9464");
    assert_int_equal(ntohs(((struct sockaddr_in *)&config.listen[0].address)->sin_port), 9464);
    assert_int_equal(config.listen[1].address.ss_family, AF_UNIX);
    assert_int_equal(config.listen[2].address.ss_family, AF_INET6);
    assert_string_equal(config.admin_group, "wheel");
    assert_string_equal(config.user, "stek");
    assert_true(config.allow_disk);
    stek_config_fini(&config);
}

static void an_empty_file_means_the_defaults(void **state)
{
    struct stek_config config = parsed("# nothing\n\n; nothing either\n");

    (void)state;
    assert_int_equal(config.ring_count, 0);
    assert_int_equal(config.listen_count, 0);
    assert_string_equal(config.admin_group, "stek-admin");
    assert_string_equal(config.user, "");
    assert_false(config.allow_disk);
    stek_config_fini(&config);
}

static void indentation_and_comments_are_fine(void **state)
{
    struct stek_config config =
        parsed("  [ring web]   ; the shop\r\n\trotate = 1h ; an hour\r\n    accept = 2h # two\r\n");

    (void)state;
    assert_int_equal(config.rings[0].policy.rotate_s, HOUR_S);
    assert_int_equal(config.rings[0].policy.accept_s, 2 * HOUR_S);
    stek_config_fini(&config);
}

static void a_later_file_adds_and_replaces(void **state)
{
    struct stek_config_problem problem;
    struct stek_config config = parsed("[ring web]\nrotate = 1h\naccept = 3h\n");

    (void)state;
    assert_true(parse(&config, "b.conf", "[ring web]\nrotate = 30m\n[ring mail]\n", &problem));
    assert_int_equal(config.ring_count, 2);
    assert_int_equal(config.rings[0].policy.rotate_s, 30 * MINUTE_S);
    assert_int_equal(config.rings[0].policy.accept_s, 3 * HOUR_S);
    stek_config_fini(&config);
}

static void an_unknown_section_is_refused_with_those_that_there_are(void **state)
{
    (void)state;
    assert_refused(
        "\n[rings]\n",
        "a.conf:2: unknown section [rings]: allowed are [stekd], [fleet] and [ring NAME]");
    assert_refused(
        "[ring]\n",
        "a.conf:1: unknown section [ring]: allowed are [stekd], [fleet] and [ring NAME]");
    assert_refused("[ring web\n",
                   "a.conf:1: a section ends with ']': [stekd], [fleet] or [ring NAME]");
    assert_refused("[ring web] rotate = 1h\n",
                   "a.conf:1: only a comment may follow a section's ']'");
}

static void an_unknown_setting_is_refused_with_those_that_there_are(void **state)
{
    (void)state;
    assert_refused("[ring web]\nrotat = 1h\n",
                   "a.conf:2: unknown setting 'rotat' in [ring NAME]: allowed are rotate, "
                   "accept, ahead, max_session_age, group, source, seed");
    assert_refused("[stekd]\nrotate = 1h\n", "a.conf:2: unknown setting 'rotate' in [stekd]: "
                                             "allowed are listen, admin_group, user, allow_disk, "
                                             "orphan_time, status_page");
    assert_refused(
        "rotate = 1h\n",
        "a.conf:1: 'rotate' is not in a section: begin with [stekd], [fleet] or [ring NAME]");
}

static void a_status_page_needs_an_address(void **state)
{
    struct stek_config config = parsed("[stekd]\nlisten = 127.0.0.1:9464\nstatus_page = yes\n");

    (void)state;
    assert_true(config.status_page);
    stek_config_fini(&config);
    config = parsed("[stekd]\nlisten = 127.0.0.1:9464\n");
    assert_false(config.status_page);
    stek_config_fini(&config);
    assert_refused("[stekd]\nstatus_page = yes\n",
                   "[stekd]: status_page = yes needs listen, such as listen = 127.0.0.1:9464: the "
                   "page is served there");
}

static void a_value_out_of_range_is_refused_with_the_range(void **state)
{
    (void)state;
    assert_refused("[ring web]\nrotate = 8d\n",
                   "a.conf:2: rotate = 8d: allowed: a duration from 1s to 7d (90s, 15m, 1h, 7d)");
    assert_refused("[ring web]\nahead = 0\n",
                   "a.conf:2: ahead = 0: allowed: a whole number from 1 to 16");
    assert_refused("[ring web]\nsource = moon\n",
                   "a.conf:2: source = moon: allowed: host, fleet or seed");
    assert_refused("[ring web]\ngroup = two words\n",
                   "a.conf:2: group = two words: allowed: the name of a group");
    assert_refused("[stekd]\nallow_disk = maybe\n",
                   "a.conf:2: allow_disk = maybe: allowed: yes or no");
}

static void an_address_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {"localhost:9464", "127.0.0.1",
                                      "127.0.0.1:0",    "127.0.0.1:99999",
                                      "unix:relative",  "1:1 1:1 1:1 1:1 1:1 1:1 1:1 1:1 1:1"};
    char text[128];
    char words[256];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(text, sizeof text, "[stekd]\nlisten = %s\n", bad[i]);
        (void)snprintf(
            words, sizeof words,
            "a.conf:2: listen = %s: allowed: up to 8 of ADDRESS:PORT, [ADDRESS]:PORT and "
            "unix:/PATH, with spaces between",
            bad[i]);
        assert_refused(text, words);
    }
}

static void settings_that_do_not_go_together_are_refused_with_the_ring(void **state)
{
    (void)state;
    assert_refused("[stekd]\n[ring web]\nrotate = 1s\naccept = 1h\n",
                   "a.conf:2: [ring web]: a ring holds at most 64 keys, so accept / rotate + ahead "
                   "may be at most 62: "
                   "raise rotate or lower accept");
}

static void a_name_that_no_ring_may_have_is_refused(void **state)
{
    static const char *const bad[] = {".web", "-web", "we b", "we/b", "../web", "w\xc3\xa9", ""};
    char text[64];
    char words[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(text, sizeof text, "[ring %s]\n", bad[i]);
        (void)snprintf(
            words, sizeof words,
            "a.conf:1: '%s' is not a valid ring name: 1 to 64 letters, digits and . _ -, "
            "not beginning with . or -",
            bad[i]);
        assert_refused(text, words);
    }
}

static void a_setting_that_one_file_gives_twice_is_refused(void **state)
{
    (void)state;
    assert_refused("[ring web]\nrotate = 1h\nrotate = 2h\n",
                   "a.conf:3: rotate is set twice: first in line 2");
    assert_refused("[ring web]\nrotate = 1h\n[ring b]\n[ring web]\nrotate = 1h\n",
                   "a.conf:5: rotate is set twice: first in line 2");
}

static void what_is_no_setting_at_all_is_refused(void **state)
{
    struct stek_config_problem problem = {.text = ""};
    struct stek_config config;
    char line[1200] = "[ring web]\n";

    (void)state;
    assert_refused("[ring web]\nrotate\n",
                   "a.conf:2: expected a section, NAME = VALUE or a comment");
    assert_refused("[ring web]\nrotate\nahead = 0\n",
                   "a.conf:2: expected a section, NAME = VALUE or a comment");
    memset(line + 11, 'x', 1100);
    assert_refused(line, "a.conf:2: a line of 1100 bytes: at most 1024 are allowed");
    stek_config_init(&config);
    assert_false(stek_config_parse(&config, "a.conf", "[ring web]\nro\0ate = 1h\n", 23, &problem));
    assert_string_equal(problem.text, "a.conf:2: a zero byte: a configuration is text");
    stek_config_fini(&config);
}

static void at_most_1024_rings(void **state)
{
    static char text[1025 * 16];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < 1025; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "[ring r%d]\n", i);
    assert_refused(text, "a.conf:1025: too many rings: at most 1024");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rings_with_their_settings),
        cmocka_unit_test(a_ring_may_be_named_with_all_that_a_name_allows),
        cmocka_unit_test(reads_the_settings_of_stekd_itself),
        cmocka_unit_test(an_empty_file_means_the_defaults),
        cmocka_unit_test(indentation_and_comments_are_fine),
        cmocka_unit_test(a_later_file_adds_and_replaces),
        cmocka_unit_test(an_unknown_section_is_refused_with_those_that_there_are),
        cmocka_unit_test(an_unknown_setting_is_refused_with_those_that_there_are),
        cmocka_unit_test(a_status_page_needs_an_address),
        cmocka_unit_test(a_value_out_of_range_is_refused_with_the_range),
        cmocka_unit_test(an_address_that_is_none_is_refused),
        cmocka_unit_test(settings_that_do_not_go_together_are_refused_with_the_ring),
        cmocka_unit_test(a_name_that_no_ring_may_have_is_refused),
        cmocka_unit_test(a_setting_that_one_file_gives_twice_is_refused),
        cmocka_unit_test(what_is_no_setting_at_all_is_refused),
        cmocka_unit_test(at_most_1024_rings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
