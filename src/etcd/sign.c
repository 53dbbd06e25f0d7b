/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signs of life beside those of the watch, which are answers to progress requests.
 *
 * A member of a newer etcd (pull request 20229: in 3.6.2, and backported) answers none while a
 * watch begins after the last change of the store. Then a reading shows that it lives, and by its
 * revision that there is nothing that the watch should have told.
 *
 * A proxy, `etcd grpc-proxy`, joins the equal watches of many hosts into one of its own, which is
 * what it is there for, but answers no progress requests at all (issue 19710; before 3.4.19 they
 * even ended it). So it is asked for a key that it may answer from its cache: that shows that it
 * lives, and costs the members nothing. Its own loss of the leader it tells, since the stream says
 * `hasleader`. What it does not notice is a member that is stopped or a network that swallows
 * everything behind it: so now and then the question is one that only the leader can answer.
 */
#include "etcd/state.h"

enum { LEADER_EVERY = 12 };

static void ask(struct stek_etcd *etcd, bool leader, stek_etcd_done_fn on_done)
{
    const struct stek_etcd_op op = {.read = stek_etcd_read_range, .caller = {NULL, on_done, etcd}};
    const struct stek_etcd_span one = {etcd->spans[0].span.from, {NULL, 0}};
    struct stek_etcd_request request;

    if ((leader ? stek_etcd_ask_range(&one, 1, 0, &request)
                : stek_etcd_ask_local(one.from, &request)) != STEK_OK ||
        stek_etcd_op_begin(etcd, "KV/Range", &request, &op) != STEK_OK)
        stek_etcd_break_with(etcd, STEK_ETCD_LOCAL, "cannot ask for a sign of life: no memory");
}

static bool has_nothing_to_tell(const struct stek_etcd *etcd, int64_t revision)
{
    for (size_t i = 0; i < etcd->spans_count; i++)
        if (etcd->spans[i].state == STEK_SPAN_WATCHED && revision <= etcd->spans[i].revision)
            return true;
    return false;
}

static void on_member_read(void *arg, const struct stek_etcd_problem *problem,
                           const struct stek_etcd_answer *answer)
{
    struct stek_etcd *etcd = arg;

    (void)problem;
    if (answer != NULL && has_nothing_to_tell(etcd, answer->revision))
        etcd->heard_ms = stek_etcd_now_ms();
}

void stek_etcd_ask_member(struct stek_etcd *etcd)
{
    ask(etcd, false, on_member_read);
}

static void on_proxy_read(void *arg, const struct stek_etcd_problem *problem,
                          const struct stek_etcd_answer *answer)
{
    (void)answer;
    if (stek_etcd_is_endpoints_fault(problem->fault))
        return;
    struct stek_etcd *etcd = arg;
    etcd->heard_ms = stek_etcd_now_ms();
}

void stek_etcd_ask_proxy(struct stek_etcd *etcd)
{
    ask(etcd, etcd->signs++ % LEADER_EVERY == LEADER_EVERY - 1, on_proxy_read);
}
