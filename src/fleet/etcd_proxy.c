/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs of life of a proxy, `etcd grpc-proxy`. It joins the equal watches of many hosts into one of its own, which is what it
 * is there for, but answers no progress requests (etcd issue 19710; before 3.4.19 they even ended it). So it is asked for a
 * key that it may answer from its cache: that shows that it lives, and costs the members nothing. Its own loss of the
 * leader it tells, since the stream says `hasleader`. What it does not notice is a member that is stopped or a network that
 * swallows everything behind it: so now and then the question is one that only the leader can answer.
 */
#include "fleet/etcd_impl.h"

enum { LEADER_EVERY = 12 };

static void on_sign(void *arg, const struct stek_etcd_problem *problem, const struct stek_etcd_answer *answer)
{
    struct stek_etcd *etcd = arg;

    (void)answer;
    if (!stek_etcd_is_endpoints_fault(problem->fault))
        etcd->heard_ms = stek_etcd_now_ms();
}

void stek_etcd_proxy_tick(struct stek_etcd *etcd)
{
    const struct stek_etcd_op op = {.read = stek_etcd_read_range, .caller = {NULL, on_sign, etcd}};
    const struct stek_etcd_span one = {etcd->spans[0].span.from, {NULL, 0}};
    const bool leader = etcd->signs++ % LEADER_EVERY == LEADER_EVERY - 1;
    struct stek_etcd_request request;

    if ((leader ? stek_etcd_ask_range(&one, 1, 0, &request) : stek_etcd_ask_local(one.from, &request)) != STEK_OK ||
        stek_etcd_op_begin(etcd, "KV/Range", &request, &op) != STEK_OK)
        stek_etcd_break_with(etcd, STEK_ETCD_LOCAL, "cannot ask for a sign of life: no memory");
}
