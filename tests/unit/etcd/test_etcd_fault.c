/* SPDX-License-Identifier: Apache-2.0 */
/* What etcd's refusals mean, by number, and by words alone as a proxy passes them on. */
#include "unit.h"

#include "etcd/fault.h"

#include <stdio.h>
#include <string.h>

enum { UNKNOWN = 2 };

static enum stek_etcd_fault judged(int status, const char *text)
{
    struct stek_etcd_outcome outcome = {
        .endpoint = "http://etcd:2379", .curl_text = "", .http_status = 200};
    struct stek_etcd_problem problem;

    outcome.trailers.status = status;
    (void)snprintf(outcome.trailers.text, sizeof outcome.trailers.text, "%s", text);
    stek_etcd_judge(&outcome, &problem);
    assert_true(status == STEK_GRPC_OK || strncmp(problem.text, "http://etcd:2379: ", 18) == 0);
    assert_null(strstr(problem.text, "()")); /* no brackets around words that are not there */
    return problem.fault;
}

static void a_refusal_is_known_by_its_number(void **state)
{
    (void)state;
    assert_int_equal(judged(STEK_GRPC_OK, ""), STEK_ETCD_OK);
    assert_int_equal(judged(STEK_GRPC_PERMISSION_DENIED, "etcdserver: permission denied"),
                     STEK_ETCD_DENIED);
    assert_int_equal(judged(STEK_GRPC_INVALID_ARGUMENT, "etcdserver: user name is empty"),
                     STEK_ETCD_DENIED);
    assert_int_equal(
        judged(STEK_GRPC_RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded"),
        STEK_ETCD_NO_SPACE);
    assert_int_equal(judged(STEK_GRPC_RESOURCE_EXHAUSTED, "etcdserver: too many requests"),
                     STEK_ETCD_REFUSED);
    assert_int_equal(
        judged(STEK_GRPC_OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted"),
        STEK_ETCD_COMPACTED);
    assert_int_equal(judged(STEK_GRPC_FAILED_PRECONDITION, "etcdserver: lease already exists"),
                     STEK_ETCD_EXISTS);
    assert_int_equal(judged(STEK_GRPC_UNAVAILABLE, "etcdserver: no leader"), STEK_ETCD_NO_QUORUM);
    assert_int_equal(judged(STEK_GRPC_NOT_FOUND, "etcdserver: requested lease not found"),
                     STEK_ETCD_REFUSED);
    assert_int_equal(judged(STEK_GRPC_NO_STATUS, ""), STEK_ETCD_UNREACHABLE);
}

static void a_refusal_that_came_through_a_proxy_is_known_by_its_words(void **state)
{
    (void)state;
    assert_int_equal(judged(UNKNOWN, "etcdserver: permission denied"), STEK_ETCD_DENIED);
    assert_int_equal(judged(UNKNOWN, "etcdserver: mvcc: database space exceeded"),
                     STEK_ETCD_NO_SPACE);
    assert_int_equal(judged(UNKNOWN, "etcdserver: mvcc: required revision has been compacted"),
                     STEK_ETCD_COMPACTED);
    assert_int_equal(judged(UNKNOWN, "etcdserver: lease already exists"), STEK_ETCD_EXISTS);
    assert_int_equal(judged(UNKNOWN, "etcdserver: requested lease not found"), STEK_ETCD_REFUSED);
    assert_int_equal(judged(UNKNOWN, "etcdserver: no leader"), STEK_ETCD_NO_QUORUM);
    assert_int_equal(judged(UNKNOWN, "context canceled"), STEK_ETCD_NO_QUORUM);
}

static void after_words_that_say_nothing_a_write_may_have_been_done(void **state)
{
    static const char *const texts[] = {"", "etcdserver: request timed out",
                                        "context deadline exceeded", "etcdserver: leader changed",
                                        "something new"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_true(stek_etcd_is_ambiguous(judged(UNKNOWN, texts[i])));
        assert_true(stek_etcd_is_endpoints_fault(judged(UNKNOWN, texts[i])));
    }
    assert_false(stek_etcd_is_ambiguous(judged(UNKNOWN, "etcdserver: permission denied")));
    assert_false(stek_etcd_is_ambiguous(
        judged(STEK_GRPC_RESOURCE_EXHAUSTED, "etcdserver: too many requests")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_known_by_its_number),
        cmocka_unit_test(a_refusal_that_came_through_a_proxy_is_known_by_its_words),
        cmocka_unit_test(after_words_that_say_nothing_a_write_may_have_been_done),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
