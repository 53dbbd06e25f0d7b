/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/state.h"

#include <stdlib.h>
#include <string.h>

static void unlink_op(struct stek_etcd_op *op)
{
    struct stek_etcd_op **at = &op->etcd->ops;

    while (*at != op)
        at = &(*at)->next;
    *at = op->next;
}

static void read_answer(struct stek_etcd_op *op, struct stek_bytes message,
                        struct stek_etcd_problem *problem, struct stek_etcd_answer *ret_answer)
{
    if (op->read(message, op->caller.on_item, op->caller.arg, ret_answer) == STEK_OK)
        stek_etcd_check_cluster(op->etcd, ret_answer);
    else
        stek_etcd_problem_set(problem, STEK_ETCD_PROTOCOL, op->etcd->place.endpoint,
                              "an answer that is not from etcd");
}

/* The link's word on a call. What is the endpoint's fault takes the link down as well. */
static void on_end(void *arg, const struct stek_etcd_problem *said, struct stek_bytes message)
{
    struct stek_etcd_op *op = arg;
    struct stek_etcd_problem problem = *said;
    struct stek_etcd_answer answer = {0};

    unlink_op(op);
    if (problem.fault == STEK_ETCD_OK)
        read_answer(op, message, &problem, &answer);
    if (stek_etcd_is_endpoints_fault(problem.fault))
        stek_etcd_break(op->etcd, &problem);
    op->caller.on_done(op->caller.arg, &problem, problem.fault == STEK_ETCD_OK ? &answer : NULL);
    free(op);
}

enum stek_result stek_etcd_op_begin(struct stek_etcd *etcd, const char *method,
                                    const struct stek_etcd_request *request,
                                    const struct stek_etcd_op *op)
{
    struct stek_etcd_op *copy;

    if (etcd->link == NULL || etcd->broken)
        return STEK_ERR_BUSY;
    copy = malloc(sizeof *copy);
    if (copy == NULL)
        return STEK_ERR_MEMORY;
    *copy = *op;
    copy->etcd = etcd;
    const struct stek_etcd_ear ear = {.on_end = on_end, .arg = copy};
    const struct stek_bytes message = stek_etcd_request_bytes(request);
    enum stek_result result = op->exchange ? stek_etcd_exchange(etcd->link, method, message, &ear)
                                           : stek_etcd_call(etcd->link, method, message, &ear);
    if (result != STEK_OK) {
        free(copy);
        return result;
    }
    copy->next = etcd->ops;
    etcd->ops = copy;
    return STEK_OK;
}

void stek_etcd_ops_fail(struct stek_etcd *etcd, const struct stek_etcd_problem *problem)
{
    struct stek_etcd_op *op = etcd->ops;

    etcd->ops = NULL;
    while (op != NULL) {
        struct stek_etcd_op *next = op->next;
        op->caller.on_done(op->caller.arg, problem, NULL);
        free(op);
        op = next;
    }
}

static enum stek_result read_delete(struct stek_bytes message, stek_etcd_item_fn on_item, void *arg,
                                    struct stek_etcd_answer *ret_answer)
{
    (void)on_item;
    (void)arg;
    return stek_etcd_read_delete(message, ret_answer);
}

static enum stek_result read_keepalive(struct stek_bytes message, stek_etcd_item_fn on_item,
                                       void *arg, struct stek_etcd_answer *ret_answer)
{
    (void)on_item;
    (void)arg;
    return stek_etcd_read_keepalive(message, ret_answer);
}

static enum stek_result read_lease(struct stek_bytes message, stek_etcd_item_fn on_item, void *arg,
                                   struct stek_etcd_answer *ret_answer)
{
    (void)on_item;
    (void)arg;
    return stek_etcd_read_lease(message, ret_answer);
}

static enum stek_result read_write(struct stek_bytes message, stek_etcd_item_fn on_item, void *arg,
                                   struct stek_etcd_answer *ret_answer)
{
    (void)on_item;
    (void)arg;
    return stek_etcd_read_write(message, ret_answer);
}

enum stek_result stek_etcd_write(struct stek_etcd *etcd, const struct stek_etcd_write *write,
                                 const struct stek_etcd_caller *caller)
{
    const struct stek_etcd_op op = {.read = read_write, .caller = *caller};
    struct stek_etcd_request request;

    if (!etcd->online)
        return STEK_ERR_BUSY;
    enum stek_result result = stek_etcd_ask_write(write, &request);
    return result == STEK_OK ? stek_etcd_op_begin(etcd, "KV/Txn", &request, &op) : result;
}

enum stek_result stek_etcd_delete(struct stek_etcd *etcd, struct stek_bytes key,
                                  const struct stek_etcd_caller *caller)
{
    const struct stek_etcd_op op = {.read = read_delete, .caller = *caller};
    struct stek_etcd_request request;

    if (!etcd->online)
        return STEK_ERR_BUSY;
    enum stek_result result = stek_etcd_ask_delete(key, &request);
    return result == STEK_OK ? stek_etcd_op_begin(etcd, "KV/DeleteRange", &request, &op) : result;
}

enum stek_result stek_etcd_lease(struct stek_etcd *etcd, int64_t id, int64_t ttl_s,
                                 const struct stek_etcd_caller *caller)
{
    const struct stek_etcd_op op = {.read = read_lease, .caller = *caller};
    struct stek_etcd_request request;

    if (!etcd->online)
        return STEK_ERR_BUSY;
    enum stek_result result = stek_etcd_ask_lease(id, ttl_s, &request);
    return result == STEK_OK ? stek_etcd_op_begin(etcd, "Lease/LeaseGrant", &request, &op) : result;
}

enum stek_result stek_etcd_range(struct stek_etcd *etcd, const struct stek_etcd_span *span,
                                 int64_t limit, const struct stek_etcd_caller *caller)
{
    const struct stek_etcd_op op = {.read = stek_etcd_read_range, .caller = *caller};
    struct stek_etcd_request request;

    if (!etcd->online)
        return STEK_ERR_BUSY;
    enum stek_result result = stek_etcd_ask_range(span, limit, 0, &request);
    return result == STEK_OK ? stek_etcd_op_begin(etcd, "KV/Range", &request, &op) : result;
}

/* LeaseKeepAlive is a stream. A proxy ends it with the request; a member still answers. */
enum stek_result stek_etcd_keepalive(struct stek_etcd *etcd, int64_t id,
                                     const struct stek_etcd_caller *caller)
{
    const struct stek_etcd_op op = {.read = read_keepalive, .exchange = true, .caller = *caller};
    struct stek_etcd_request request;

    if (!etcd->online)
        return STEK_ERR_BUSY;
    enum stek_result result = stek_etcd_ask_keepalive(id, &request);
    return result == STEK_OK ? stek_etcd_op_begin(etcd, "Lease/LeaseKeepAlive", &request, &op)
                             : result;
}
