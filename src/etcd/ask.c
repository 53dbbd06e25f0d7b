/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/message.h"

#include <etcd.pb-c.h>

/* protobuf-c takes bytes without const; it only reads them. */
static ProtobufCBinaryData data(struct stek_bytes bytes)
{
    return (ProtobufCBinaryData){.len = bytes.len, .data = (uint8_t *)(uintptr_t)bytes.at};
}

static enum stek_result pack(const ProtobufCMessage *message, struct stek_etcd_request *ret_request)
{
    if (protobuf_c_message_get_packed_size(message) > sizeof ret_request->at)
        return STEK_ERR_ARGUMENT;
    ret_request->len = protobuf_c_message_pack(message, ret_request->at);
    return STEK_OK;
}

static Etcd__RangeRequest range_of(const struct stek_etcd_span *span, int64_t limit,
                                   int64_t revision)
{
    Etcd__RangeRequest range = ETCD__RANGE_REQUEST__INIT;

    range.key = data(span->from);
    range.range_end = data(span->until);
    range.limit = limit;
    range.revision = revision;
    return range;
}

enum stek_result stek_etcd_ask_range(const struct stek_etcd_span *span, int64_t limit,
                                     int64_t revision, struct stek_etcd_request *ret_request)
{
    const Etcd__RangeRequest range = range_of(span, limit, revision);

    return pack(&range.base, ret_request);
}

enum stek_result stek_etcd_ask_names(const struct stek_etcd_span *span, int64_t limit,
                                     int64_t revision, struct stek_etcd_request *ret_request)
{
    Etcd__RangeRequest range = range_of(span, limit, revision);

    range.keys_only = 1;
    return pack(&range.base, ret_request);
}

enum stek_result stek_etcd_ask_local(struct stek_bytes key, struct stek_etcd_request *ret_request)
{
    Etcd__RangeRequest range = ETCD__RANGE_REQUEST__INIT;

    range.key = data(key);
    range.serializable = 1;
    return pack(&range.base, ret_request);
}

/* The parts of a transaction, which protobuf-c wants as arrays of pointers. */
struct txn {
    Etcd__Compare compare[STEK_ETCD_PUTS_MAX + 1];
    Etcd__Compare *compares[STEK_ETCD_PUTS_MAX + 1];
    Etcd__PutRequest put[STEK_ETCD_PUTS_MAX];
    Etcd__DeleteRangeRequest deletion;
    Etcd__RequestOp success[STEK_ETCD_PUTS_MAX + 1];
    Etcd__RequestOp *successes[STEK_ETCD_PUTS_MAX + 1];
    Etcd__TxnRequest request;
};

static Etcd__Compare *new_compare(struct txn *txn, struct stek_bytes key)
{
    const size_t i = txn->request.n_compare++;
    Etcd__Compare *compare = &txn->compare[i];

    *compare = (Etcd__Compare)ETCD__COMPARE__INIT;
    compare->key = data(key);
    txn->compares[i] = compare;
    return compare;
}

/* Only if the key is absent, or has the known revision: etcd compares and writes in one step. */
static void add_compare(struct txn *txn, const struct stek_etcd_put *put)
{
    Etcd__Compare *compare = new_compare(txn, put->key);

    compare->result = ETCD__COMPARE__RESULT__EQUAL;
    compare->target =
        put->expected == 0 ? ETCD__COMPARE__TARGET__CREATE : ETCD__COMPARE__TARGET__MOD;
    compare->target_union_case = put->expected == 0 ? ETCD__COMPARE__TARGET_UNION_CREATE_REVISION
                                                    : ETCD__COMPARE__TARGET_UNION_MOD_REVISION;
    if (put->expected != 0)
        compare->mod_revision = put->expected;
}

/* Only if no key in the span was made or changed since: etcd compares every key in it. */
static void add_basis(struct txn *txn, const struct stek_etcd_write *write)
{
    Etcd__Compare *compare = new_compare(txn, write->basis.from);

    compare->range_end = data(write->basis.until);
    compare->result = ETCD__COMPARE__RESULT__LESS;
    compare->target = ETCD__COMPARE__TARGET__MOD;
    compare->target_union_case = ETCD__COMPARE__TARGET_UNION_MOD_REVISION;
    compare->mod_revision = write->based_on + 1;
}

static Etcd__RequestOp *add_success(struct txn *txn)
{
    const size_t i = txn->request.n_success++;

    txn->success[i] = (Etcd__RequestOp)ETCD__REQUEST_OP__INIT;
    txn->successes[i] = &txn->success[i];
    return &txn->success[i];
}

static void add_put(struct txn *txn, const struct stek_etcd_put *put)
{
    Etcd__PutRequest *request = &txn->put[txn->request.n_success];
    Etcd__RequestOp *op = add_success(txn);

    *request = (Etcd__PutRequest)ETCD__PUT_REQUEST__INIT;
    request->key = data(put->key);
    request->value = data(put->value);
    request->ignore_lease = put->lease == -1;
    request->lease = put->lease == -1 ? 0 : put->lease;
    op->request_case = ETCD__REQUEST_OP__REQUEST_REQUEST_PUT;
    op->request_put = request;
}

static void add_deletion(struct txn *txn, const struct stek_etcd_span *span)
{
    Etcd__RequestOp *op = add_success(txn);

    txn->deletion = (Etcd__DeleteRangeRequest)ETCD__DELETE_RANGE_REQUEST__INIT;
    txn->deletion.key = data(span->from);
    txn->deletion.range_end = data(span->until);
    op->request_case = ETCD__REQUEST_OP__REQUEST_REQUEST_DELETE_RANGE;
    op->request_delete_range = &txn->deletion;
}

enum stek_result stek_etcd_ask_write(const struct stek_etcd_write *write,
                                     struct stek_etcd_request *ret_request)
{
    struct txn txn;

    if (write->count > STEK_ETCD_PUTS_MAX)
        return STEK_ERR_ARGUMENT;
    txn.request = (Etcd__TxnRequest)ETCD__TXN_REQUEST__INIT;
    txn.request.compare = txn.compares;
    txn.request.success = txn.successes;
    for (size_t i = 0; i < write->count; i++) {
        if (write->puts[i].expected >= 0)
            add_compare(&txn, &write->puts[i]);
        if (write->puts[i].value.len > 0)
            add_put(&txn, &write->puts[i]);
    }
    if (write->basis.from.len > 0)
        add_basis(&txn, write);
    if (write->deleted.from.len > 0)
        add_deletion(&txn, &write->deleted);
    return pack(&txn.request.base, ret_request);
}

enum stek_result stek_etcd_ask_delete(struct stek_bytes key, struct stek_etcd_request *ret_request)
{
    Etcd__DeleteRangeRequest request = ETCD__DELETE_RANGE_REQUEST__INIT;

    request.key = data(key);
    return pack(&request.base, ret_request);
}

enum stek_result stek_etcd_ask_lease(int64_t id, int64_t ttl_s,
                                     struct stek_etcd_request *ret_request)
{
    Etcd__LeaseGrantRequest request = ETCD__LEASE_GRANT_REQUEST__INIT;

    request.id = id;
    request.ttl = ttl_s;
    return pack(&request.base, ret_request);
}

enum stek_result stek_etcd_ask_keepalive(int64_t id, struct stek_etcd_request *ret_request)
{
    Etcd__LeaseKeepAliveRequest request = ETCD__LEASE_KEEP_ALIVE_REQUEST__INIT;

    request.id = id;
    return pack(&request.base, ret_request);
}

enum stek_result stek_etcd_ask_watch(const struct stek_etcd_span *span, int64_t watch_id,
                                     int64_t revision, struct stek_etcd_request *ret_request)
{
    Etcd__WatchRequest request = ETCD__WATCH_REQUEST__INIT;
    Etcd__WatchCreateRequest create = ETCD__WATCH_CREATE_REQUEST__INIT;

    create.key = data(span->from);
    create.range_end = data(span->until);
    create.start_revision = revision;
    create.watch_id = watch_id;
    create.fragment = 1;
    request.request_union_case = ETCD__WATCH_REQUEST__REQUEST_UNION_CREATE_REQUEST;
    request.create_request = &create;
    return pack(&request.base, ret_request);
}

enum stek_result stek_etcd_ask_cancel(int64_t watch_id, struct stek_etcd_request *ret_request)
{
    Etcd__WatchRequest request = ETCD__WATCH_REQUEST__INIT;
    Etcd__WatchCancelRequest cancel = ETCD__WATCH_CANCEL_REQUEST__INIT;

    cancel.watch_id = watch_id;
    request.request_union_case = ETCD__WATCH_REQUEST__REQUEST_UNION_CANCEL_REQUEST;
    request.cancel_request = &cancel;
    return pack(&request.base, ret_request);
}

enum stek_result stek_etcd_ask_progress(struct stek_etcd_request *ret_request)
{
    Etcd__WatchRequest request = ETCD__WATCH_REQUEST__INIT;
    Etcd__WatchProgressRequest progress = ETCD__WATCH_PROGRESS_REQUEST__INIT;

    request.request_union_case = ETCD__WATCH_REQUEST__REQUEST_UNION_PROGRESS_REQUEST;
    request.progress_request = &progress;
    return pack(&request.base, ret_request);
}
