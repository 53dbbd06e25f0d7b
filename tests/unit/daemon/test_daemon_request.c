/* SPDX-License-Identifier: Apache-2.0 */
/* What may be said on the control socket, and what is answered to the rest. */
#include "unit.h"

#include "daemon/front/request.h"

#include <stdlib.h>
#include <string.h>

static struct stek_request parsed(const char *line)
{
    struct stek_request request;
    const char *problem = stek_request_parse(line, strlen(line), &request);

    if (problem != NULL)
        fail_msg("%s: refused: %s", line, problem);
    return request;
}

static void assert_refused(const char *line, const char *begin)
{
    struct stek_request request;
    const char *problem = stek_request_parse(line, strlen(line), &request);

    if (problem == NULL)
        fail_msg("taken: %s", line);
    else if (strncmp(problem, begin, strlen(begin)) != 0)
        fail_msg("%s: \"%s\" does not begin with \"%s\"", line, problem, begin);
}

static void reads_each_command(void **state)
{
    (void)state;
    assert_int_equal(parsed("{\"command\":\"status\"}").command, STEK_REQUEST_STATUS);
    assert_string_equal(parsed("{\"command\":\"status\",\"ring\":\"web\"}").ring, "web");
    assert_int_equal(parsed("{\"command\":\"rotate\",\"ring\":\"web\"}").command,
                     STEK_REQUEST_ROTATE);
    assert_int_equal(parsed("{\"command\":\"revoke\",\"ring\":\"web\",\"all\":true}").which,
                     STEK_REQUEST_ALL);
    assert_string_equal(
        parsed("{\"command\":\"revoke\",\"ring\":\"web\",\"key\":\"0a1b2c3d\"}").key, "0a1b2c3d");
    assert_int_equal(
        parsed("{\"command\":\"revoke\",\"ring\":\"web\",\"before\":1800000000}").before,
        1800000000);
    assert_false(parsed("{\"command\":\"revoke\",\"ring\":\"web\",\"all\":true}").this_host);
    assert_true(parsed("{\"command\":\"revoke\",\"ring\":\"web\",\"all\":true,\"this_host\":true}")
                    .this_host);
    assert_int_equal(parsed("{\"command\":\"report\",\"since\":1700000000}").since, 1700000000);
    struct stek_request inspect =
        parsed("{\"command\":\"inspect\",\"ring\":\"web\",\"ticket\":\"AAAA\"}");
    assert_string_equal(inspect.ticket, "AAAA");
    stek_request_fini(&inspect);
}

static void a_report_needs_the_time_that_it_begins(void **state)
{
    (void)state;
    assert_refused("{\"command\":\"report\"}", "report takes");
    assert_refused("{\"command\":\"report\",\"since\":\"90d\"}", "report takes");
    assert_refused("{\"command\":\"report\",\"since\":9223372036854775807}", "report takes");
    assert_refused("{\"command\":\"report\",\"since\":1,\"ring\":\"../x\"}", "report takes");
}

static void refuses_what_is_no_request(void **state)
{
    static const char *const lines[] = {"",
                                        "status",
                                        "[]",
                                        "7",
                                        "{",
                                        "{}}",
                                        "{\"command\":\"status\"} x",
                                        "{\"command\":\"status\",\"command\":\"status\"}",
                                        "{\"command\":\"\\u0000\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_refused(lines[i], "a request is one JSON object");
    assert_refused("{}", "\"command\" must be");
    assert_refused("{\"command\":7}", "\"command\" must be");
    assert_refused("{\"command\":\"stop\"}", "\"command\" must be");
}

static void refuses_a_ring_that_cannot_be(void **state)
{
    static const char *const lines[] = {
        "{\"command\":\"rotate\"}", "{\"command\":\"rotate\",\"ring\":7}",
        "{\"command\":\"rotate\",\"ring\":\"../etc\"}", "{\"command\":\"rotate\",\"ring\":\"\"}",
        "{\"command\":\"rotate\",\"ring\":\"web\",\"now\":true}"};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_refused(lines[i], "rotate takes");
}

static void a_revocation_means_exactly_one_thing(void **state)
{
    static const char *const lines[] = {
        "{\"command\":\"revoke\",\"ring\":\"web\"}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"all\":false}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"all\":true,\"this_host\":1}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"this_host\":true}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"all\":true,\"key\":\"ab\"}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"before\":\"yesterday\"}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"before\":1.5}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"before\":9223372036854775807}",
        "{\"command\":\"revoke\",\"ring\":\"web\",\"key\":\"\"}",
        "{\"command\":\"revoke\",\"all\":true}",
        /* 65 characters */
        ("{\"command\":\"revoke\",\"ring\":\"web\",\"key\":"
         "\"00000000000000000000000000000000000000000000000000000000000000000\"}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_refused(lines[i], "revoke takes");
}

static void a_request_over_64_kib_is_none(void **state)
{
    const size_t len = STEK_REQUEST_LEN_MAX + 1;
    char *line = malloc(len + 1);
    struct stek_request request;

    (void)state;
    assert_non_null(line);
    memset(line, ' ', len);
    memcpy(line, "{\"command\":\"status\"}", 20);
    line[len] = '\0';
    assert_non_null(stek_request_parse(line, len, &request));
    assert_null(stek_request_parse(line, len - 1, &request));
    free(line);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_command),
        cmocka_unit_test(a_report_needs_the_time_that_it_begins),
        cmocka_unit_test(refuses_what_is_no_request),
        cmocka_unit_test(refuses_a_ring_that_cannot_be),
        cmocka_unit_test(a_revocation_means_exactly_one_thing),
        cmocka_unit_test(a_request_over_64_kib_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
