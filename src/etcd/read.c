/* SPDX-License-Identifier: Apache-2.0 */
#include "etcd/message.h"

#include <etcd.pb-c.h>

#include <stdlib.h>
#include <string.h>

/*
 * What a message may take up when it is unpacked. A message of 4 MiB with millions of values that
 * have no content would take hundreds of MiB.
 */
enum { UNPACKED_MAX = 32 << 20 };

struct budget {
    ProtobufCAllocator allocator;
    size_t left;
};

static void *spend(void *arg, size_t len)
{
    struct budget *budget = arg;

    if (len > budget->left)
        return NULL;
    budget->left -= len;
    return malloc(len);
}

static void give_back(void *arg, void *at)
{
    (void)arg;
    free(at);
}

#define BUDGET_OF(budget)                                                                          \
    {                                                                                              \
        {spend, give_back, &(budget)}, UNPACKED_MAX                                                \
    }

/* An answer without a header is not from etcd, nor is one after whose revision there is none. */
static bool read_header(const Etcd__Header *header, struct stek_etcd_answer *ret_answer)
{
    if (header == NULL || header->revision < 0 || header->revision == INT64_MAX)
        return false;
    ret_answer->cluster_id = header->cluster_id;
    ret_answer->revision = header->revision;
    return true;
}

/* No key has changed after the revision of the answer that tells of it. Whoever believed that would
 * take what comes later for older. */
static bool is_of_the_past(const Etcd__KeyValue *kv, const struct stek_etcd_answer *answer)
{
    return kv == NULL || (kv->mod_revision >= 0 && kv->mod_revision <= answer->revision);
}

static bool values_are_sound(const Etcd__RangeResponse *range,
                             const struct stek_etcd_answer *answer)
{
    for (size_t i = 0; i < range->n_kvs; i++)
        if (!is_of_the_past(range->kvs[i], answer))
            return false;
    return true;
}

static bool events_are_sound(const Etcd__WatchResponse *watch,
                             const struct stek_etcd_answer *answer)
{
    for (size_t i = 0; i < watch->n_events; i++)
        if (!is_of_the_past(watch->events[i]->kv, answer))
            return false;
    return true;
}

static struct stek_etcd_item item_of(const Etcd__KeyValue *kv, bool gone)
{
    return (struct stek_etcd_item){.key = {kv->key.data, kv->key.len},
                                   .value = {kv->value.data, kv->value.len},
                                   .revision = kv->mod_revision,
                                   .gone = gone};
}

static void hand_out(const Etcd__RangeResponse *range, stek_etcd_item_fn on_item, void *arg,
                     const struct stek_etcd_answer *head)
{
    for (size_t i = 0; on_item != NULL && range != NULL && i < range->n_kvs; i++) {
        const struct stek_etcd_item item = item_of(range->kvs[i], false);
        on_item(arg, head, &item);
    }
}

static void copy_text(const char *text, struct stek_etcd_answer *ret_answer)
{
    size_t len = text != NULL ? strnlen(text, sizeof ret_answer->text - 1) : 0;

    for (size_t i = 0; i < len; i++)
        ret_answer->text[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    ret_answer->text[len] = '\0';
}

enum stek_result stek_etcd_read_range(struct stek_bytes message, stek_etcd_item_fn on_item,
                                      void *arg, struct stek_etcd_answer *ret_answer)
{
    struct stek_etcd_answer answer = {0};
    struct budget budget = BUDGET_OF(budget);
    Etcd__RangeResponse *range =
        etcd__range_response__unpack(&budget.allocator, message.len, message.at);
    const bool ok =
        range != NULL && read_header(range->header, &answer) && values_are_sound(range, &answer);

    if (ok) {
        answer.more = range->more != 0;
        answer.count = range->count;
        *ret_answer = answer;
        hand_out(range, on_item, arg, ret_answer);
    }
    etcd__range_response__free_unpacked(range, NULL);
    return ok ? STEK_OK : STEK_ERR_FORMAT;
}

enum stek_result stek_etcd_read_write(struct stek_bytes message,
                                      struct stek_etcd_answer *ret_answer)
{
    struct stek_etcd_answer answer = {0};
    struct budget budget = BUDGET_OF(budget);
    Etcd__TxnResponse *txn = etcd__txn_response__unpack(&budget.allocator, message.len, message.at);
    const bool ok = txn != NULL && read_header(txn->header, &answer);

    if (ok) {
        answer.succeeded = txn->succeeded != 0;
        *ret_answer = answer;
    }
    etcd__txn_response__free_unpacked(txn, NULL);
    return ok ? STEK_OK : STEK_ERR_FORMAT;
}

enum stek_result stek_etcd_read_delete(struct stek_bytes message,
                                       struct stek_etcd_answer *ret_answer)
{
    struct stek_etcd_answer answer = {0};
    struct budget budget = BUDGET_OF(budget);
    Etcd__DeleteRangeResponse *response =
        etcd__delete_range_response__unpack(&budget.allocator, message.len, message.at);
    const bool ok = response != NULL && read_header(response->header, &answer);

    if (ok) {
        answer.succeeded = response->deleted > 0;
        *ret_answer = answer;
    }
    etcd__delete_range_response__free_unpacked(response, NULL);
    return ok ? STEK_OK : STEK_ERR_FORMAT;
}

enum stek_result stek_etcd_read_lease(struct stek_bytes message,
                                      struct stek_etcd_answer *ret_answer)
{
    struct stek_etcd_answer answer = {0};
    struct budget budget = BUDGET_OF(budget);
    Etcd__LeaseGrantResponse *response =
        etcd__lease_grant_response__unpack(&budget.allocator, message.len, message.at);
    const bool ok = response != NULL && read_header(response->header, &answer);

    if (ok) {
        answer.ttl_s = response->ttl;
        copy_text(response->error, &answer);
        *ret_answer = answer;
    }
    etcd__lease_grant_response__free_unpacked(response, NULL);
    return ok ? STEK_OK : STEK_ERR_FORMAT;
}

enum stek_result stek_etcd_read_keepalive(struct stek_bytes message,
                                          struct stek_etcd_answer *ret_answer)
{
    struct stek_etcd_answer answer = {0};
    struct budget budget = BUDGET_OF(budget);
    Etcd__LeaseKeepAliveResponse *response =
        etcd__lease_keep_alive_response__unpack(&budget.allocator, message.len, message.at);
    const bool ok = response != NULL && read_header(response->header, &answer);

    if (ok) {
        answer.ttl_s = response->ttl;
        *ret_answer = answer;
    }
    etcd__lease_keep_alive_response__free_unpacked(response, NULL);
    return ok ? STEK_OK : STEK_ERR_FORMAT;
}

static void hand_out_events(const Etcd__WatchResponse *watch, stek_etcd_item_fn on_item, void *arg,
                            const struct stek_etcd_answer *head)
{
    for (size_t i = 0; on_item != NULL && i < watch->n_events; i++) {
        const Etcd__Event *event = watch->events[i];
        if (event->kv == NULL)
            continue;
        const struct stek_etcd_item item =
            item_of(event->kv, event->type == ETCD__EVENT__TYPE__DELETE);
        on_item(arg, head, &item);
    }
}

enum stek_result stek_etcd_read_watch(struct stek_bytes message, stek_etcd_item_fn on_item,
                                      void *arg, struct stek_etcd_answer *ret_answer)
{
    struct stek_etcd_answer answer = {0};
    struct budget budget = BUDGET_OF(budget);
    Etcd__WatchResponse *watch =
        etcd__watch_response__unpack(&budget.allocator, message.len, message.at);
    const bool ok =
        watch != NULL && read_header(watch->header, &answer) && events_are_sound(watch, &answer);

    if (ok) {
        answer.watch_id = watch->watch_id;
        answer.created = watch->created != 0;
        answer.canceled = watch->canceled != 0;
        answer.compacted = watch->compact_revision;
        copy_text(watch->cancel_reason, &answer);
        *ret_answer = answer;
        hand_out_events(watch, on_item, arg, ret_answer);
    }
    etcd__watch_response__free_unpacked(watch, NULL);
    return ok ? STEK_OK : STEK_ERR_FORMAT;
}
