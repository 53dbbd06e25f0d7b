/* SPDX-License-Identifier: Apache-2.0 */
/* A host: the real sync, a clock that is off, a ring file, and a transport that does what stekd's
 * does. */
#include "oracle.h"

#include "core/admit.h"

#include <stdlib.h>

int64_t sim_node_clock(const struct sim *sim, const struct sim_node *node)
{
    return sim->now + node->offset_ms;
}

static int64_t seconds(const struct sim *sim, const struct sim_node *node)
{
    return sim_node_clock(sim, node) / 1000;
}

void sim_node_in(struct sim *sim, struct sim_node *node, enum sim_event_kind kind, int64_t delay_ms)
{
    sim_push(sim, &(struct sim_event){.at_ms = sim->now + delay_ms,
                                      .kind = kind,
                                      .node = node->number,
                                      .life = node->life});
}

bool sim_node_in_touch(const struct sim_node *node)
{
    return node->alive && node->connected && !node->resuming && !node->stalled &&
           !node->partitioned;
}

/* To be called before it gets out of touch. */
void sim_node_note_touch(struct sim *sim, struct sim_node *node)
{
    if (sim_node_in_touch(node))
        node->touched_ms = sim->now;
}

/* A watch that was silent tells what it missed. */
static void catch_up(struct sim *sim, struct sim_node *node)
{
    if (!node->connected)
        return;
    node->resuming = true;
    node->sent_rev = 0;
    sim_net_watch(sim, node);
}

void sim_node_stall(struct sim *sim, struct sim_node *node, bool stalled)
{
    sim_node_note_touch(sim, node);
    const bool ends = node->stalled && !stalled;
    node->stalled = stalled;
    if (ends)
        catch_up(sim, node);
}

void sim_node_partition(struct sim *sim, struct sim_node *node, bool partitioned)
{
    sim_node_note_touch(sim, node);
    const bool ends = node->partitioned && !partitioned;
    if (partitioned && !node->partitioned && node->connected)
        sim_node_in(sim, node, SIM_TIMEOUT, sim->config.timeout_ms); /* the transport notices */
    node->partitioned = partitioned;
    if (ends)
        catch_up(sim, node);
}

void sim_node_start(struct sim *sim, struct sim_node *node)
{
    node->alive = true;
    node->life++;
    stek_sync_init(&node->sync, &sim->config.policy, node->has_file ? &node->file : NULL,
                   node->has_file ? node->file_floor : 0);
    node->wake_ms = 0;
    node->got_rev = 0;
    node->knows_clock = false;
    sim_node_in(sim, node, SIM_CONNECT, prng_between(&sim->prng, 0, sim->config.timeout_ms));
    sim_node_decide(sim, node);
}

void sim_node_crash(struct sim *sim, struct sim_node *node, bool lose_file)
{
    sim_node_break(sim, node);
    node->alive = false;
    node->life++;
    if (lose_file) {
        node->has_file = false;
        node->file = (struct stek_records){0};
        node->file_floor = 0;
        node->own_count = 0;
        node->floor_max = 0;
        node->hand_floor = 0;
        node->latest_s = 0;
        node->sealing = 0;
        node->touched_ms = INT64_MIN;
        node->epoch = sim->first_epoch; /* it is restored from its first image */
    }
}

/* The connection is gone, and all that was on it. */
void sim_node_break(struct sim *sim, struct sim_node *node)
{
    sim_node_note_touch(sim, node);
    node->wake_ms = 0;
    node->connected = false;
    node->reading = false;
    node->stalled = false;
    node->life++;
    node->arrives_ms = 0;
    sim->waiting_for[node->number] = 0;
    if (!node->alive)
        return;
    stek_sync_disconnected(&node->sync);
    sim_node_in(sim, node, SIM_CONNECT, prng_between(&sim->prng, 1, 2 * sim->config.timeout_ms));
    sim_node_in(sim, node, SIM_WAKE, 0);
}

/* Whatever was watched before is not listened to any more: what the answer says is watched on. */
static void ask_read(struct sim *sim, struct sim_node *node)
{
    struct sim_message *message = calloc(1, sizeof *message);

    if (message == NULL)
        abort();
    message->is_read = true;
    node->reading = true;
    sim_net_request(sim, node, message);
}

void sim_node_connect(struct sim *sim, struct sim_node *node)
{
    if (!node->alive || node->connected || node->reading)
        return;
    if (node->partitioned) {
        sim_node_in(sim, node, SIM_CONNECT,
                    prng_between(&sim->prng, 1, 2 * sim->config.timeout_ms));
        return;
    }
    ask_read(sim, node);
}

static void saw_value(struct sim *sim, struct sim_node *node, const struct sim_value *value)
{
    if (!value->there)
        stek_sync_saw_record_deleted(&node->sync, value->seq, value->revision);
    else
        stek_sync_saw_record(&node->sync, value->seq, value->revision,
                             value->foreign || value->epoch < node->epoch ? STEK_VALUE_WRONG_KEY
                                                                          : STEK_VALUE_GOOD,
                             &value->record, seconds(sim, node));
}

static void saw_floor(struct sim_node *node, int64_t revision, bool foreign, uint64_t floor,
                      uint64_t epoch)
{
    const bool opens = !foreign && epoch >= node->epoch;

    if (revision > 0)
        stek_sync_saw_floor(&node->sync, revision, opens ? STEK_VALUE_GOOD : STEK_VALUE_WRONG_KEY,
                            floor, epoch);
}

static void take_read(struct sim *sim, struct sim_node *node, const struct sim_message *message)
{
    node->reading = false;
    stek_sync_read_begin(&node->sync, message->revision);
    saw_floor(node, message->floor_revision, message->floor_foreign, message->floor,
              message->floor_epoch);
    for (size_t i = 0; i < message->count; i++)
        saw_value(sim, node, &message->value[i]);
    stek_sync_read_end(&node->sync);
    node->connected = true;
    node->resuming = false;
    node->got_rev = node->sent_rev = message->revision;
    sim_net_watch(sim, node);
}

void sim_node_answer(struct sim *sim, struct sim_node *node, struct sim_event *event)
{
    const struct sim_message *message = event->message;

    if (sim->waiting_for[node->number] != event->request || !node->alive)
        return;
    sim->waiting_for[node->number] = 0;
    if (message->is_read) {
        take_read(sim, node, message);
    } else {
        stek_sync_written(&node->sync, message->outcome, message->revision,
                          sim_node_clock(sim, node));
    }
    sim_node_decide(sim, node);
}

void sim_node_timeout(struct sim *sim, struct sim_node *node, uint64_t request)
{
    if (request == 0 && node->alive) { /* nothing was heard for too long */
        sim_node_break(sim, node);
        return;
    }
    if (sim->waiting_for[node->number] != request || !node->alive)
        return;
    sim->waiting_for[node->number] = 0;
    if (node->reading || prng_one_in(&sim->prng, 2)) {
        sim_node_break(sim, node);
        return;
    }
    stek_sync_written(&node->sync, STEK_WRITTEN_AMBIGUOUS, 0, sim_node_clock(sim, node));
    sim_node_decide(sim, node);
}

void sim_node_changes(struct sim *sim, struct sim_node *node, int64_t revision)
{
    if (!node->connected || !node->alive || node->stalled || node->reading)
        return;
    if (node->got_rev < sim->store.compacted && revision > node->got_rev) {
        node->got_rev = 0; /* what comes next is forgotten: all must be read */
        sim_node_break(sim, node);
        return;
    }
    size_t first = sim->store.log_count;
    while (first > 0 && sim->store.log[first - 1].revision > node->got_rev)
        first--;
    for (size_t i = first; i < sim->store.log_count; i++) {
        const struct sim_change *change = &sim->store.log[i];
        if (change->revision > revision)
            break;
        sim->store.bytes += 220;
        if (change->is_floor && change->floor == 0 && !change->floor_foreign)
            stek_sync_saw_floor_deleted(&node->sync, change->revision);
        else if (change->is_floor)
            saw_floor(node, change->revision, change->floor_foreign, change->floor,
                      change->floor_epoch);
        else
            saw_value(sim, node, &change->value);
    }
    node->got_rev = revision > node->got_rev ? revision : node->got_rev;
    node->resuming = false;
    sim_node_decide(sim, node);
}

/* How far this clock is ahead of the others' median, as far as this node has ever heard of them. */
static void hear_clocks(struct sim *sim, struct sim_node *node)
{
    int64_t ahead[3];
    unsigned known = 0;

    node->knows_clock |= node->connected;
    for (unsigned i = 1; i <= sim->config.nodes && known < 3 && node->knows_clock; i++) {
        const struct sim_node *other = &sim->node[(node->number + i) % sim->config.nodes];
        if (other != node)
            ahead[known++] = node->offset_ms - other->offset_ms;
    }
    if (known < 3)
        return;
    const int64_t low = ahead[0] < ahead[1] ? ahead[0] : ahead[1];
    const int64_t high = ahead[0] < ahead[1] ? ahead[1] : ahead[0];
    stek_sync_saw_clock(&node->sync, ahead[2] < low ? low : ahead[2] > high ? high : ahead[2]);
}

void sim_node_show(const struct sim *sim, const struct sim_node *node)
{
    static const char *const origins[] = {"", "fresh", "continued", "superseded"};

    sim_trace(sim, "node %u at %lld, floor %llu:", node->number, (long long)seconds(sim, node),
              (unsigned long long)node->file_floor);
    for (size_t i = 0; i < node->file.count; i++) {
        const struct stek_record *record = &node->file.at[i];
        sim_trace(sim, "  seq %llu %02x%02x: %lld to %lld, opens until %lld, %s",
                  (unsigned long long)record->seq, record->secret.bytes[0], record->secret.bytes[1],
                  (long long)(record->active_from - seconds(sim, node)),
                  (long long)(record->active_until - seconds(sim, node)),
                  (long long)(record->accept_until - seconds(sim, node)), origins[record->origin]);
    }
}

/* Wakes by the node's own clock, and now and then in any case, as a daemon does whose clock may
 * step. */
static void wake_later(struct sim *sim, struct sim_node *node, int64_t at_ms)
{
    const int64_t often_ms = sim->config.policy.rotate_s * 125;
    int64_t delay_ms = at_ms - sim_node_clock(sim, node);

    if (delay_ms > often_ms || at_ms == INT64_MAX)
        delay_ms = often_ms;
    if (delay_ms < 1)
        delay_ms = 1;
    if (node->wake_ms > sim->now && node->wake_ms <= sim->now + delay_ms)
        return;
    node->wake_ms = sim->now + delay_ms;
    sim_node_in(sim, node, SIM_WAKE, delay_ms);
}

static void write_out(struct sim *sim, struct sim_node *node)
{
    struct sim_message *message = calloc(1, sizeof *message);

    if (message == NULL)
        abort();
    message->write = node->sync.out;
    sim_trace(sim, "node %u puts %u records from seq %llu%s", node->number, message->write.count,
              message->write.count > 0 ? (unsigned long long)message->write.put[0].record.seq
                                       : 0ULL,
              message->write.put_floor ? " and the floor" : "");
    sim_net_request(sim, node, message);
}

void sim_node_decide(struct sim *sim, struct sim_node *node)
{
    struct stek_fresh fresh = {.count = sim->config.policy.ahead + 1};
    struct stek_sync_actions actions;

    if (!node->alive)
        return;
    for (uint32_t i = 0; i < fresh.count; i++)
        fresh.secret[i] = prng_secret(&sim->prng);
    if (!sim->healing && prng_one_in(&sim->prng, 50))
        fresh.count = 0; /* the generator fails */
    hear_clocks(sim, node);
    sim_epochs_begin(node);
    const enum stek_result result = stek_sync_decide(&node->sync, sim_node_clock(sim, node), &fresh,
                                                     prng_next(&sim->prng), &actions);
    if (result != STEK_OK && result != STEK_ERR_RANDOM)
        sim_fail(sim, "decide", "node %u: %s", node->number, stek_result_text(result));
    if (actions.changed) {
        node->file = node->sync.records;
        node->file_floor = node->sync.floor;
        node->has_file = node->file.count > 0 || node->file_floor > 0;
    }
    for (uint32_t i = 0; i < actions.report_count; i++)
        sim_trace(sim, "node %u refuses seq %llu: %s", node->number,
                  (unsigned long long)actions.report[i].seq,
                  stek_refusal_text(actions.report[i].refusal));
    if (actions.op == STEK_SYNC_OP_DONE || actions.op == STEK_SYNC_OP_FAILED)
        sim_trace(sim, "node %u: operation %s", node->number,
                  actions.op == STEK_SYNC_OP_DONE ? "done" : actions.op_problem);
    wake_later(sim, node, actions.wake_at_ms);
    oracle_look(sim, node);
    if (fresh.count == 0)
        node->keyless_ms = 0; /* it tries again when it wakes */
    sim_epochs_follow(sim, node);
    if (actions.write && node->connected)
        write_out(sim, node);
    else if (actions.write)
        sim_fail(sim, "decide", "node %u writes without being connected", node->number);
    if (actions.read && node->connected)
        ask_read(sim, node);
}
