/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "week.h"

#include "core/admit.h"
#include "fleet/rules/epoch.h"
#include "fleet/store/kekfile.h"
#include "fleet/store/statefolder.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct stek_policy policy = {
    .rotate_s = WEEK_ROTATE_S, .accept_s = WEEK_ACCEPT_S, .max_session_age_s = 86400, .ahead = 2};

void week_begin(struct week *week, uint64_t seed)
{
    memset(week, 0, sizeof *week);
    week->prng = (struct prng){seed};
    week->now = stek_epoch_begins(300);
    week->store.revision = 1;
    week->root = prng_secret(&week->prng);
    for (size_t i = 0; i < WEEK_HOSTS; i++) {
        week->host[i].keks.count = 1;
        assert_int_equal(stek_kek_init(&week->root, &week->host[i].keks.at[0]), STEK_OK);
        week_start_host(week, &week->host[i], NULL);
    }
}

void week_start_host(struct week *week, struct week_host *host, const struct stek_records *records)
{
    (void)week;
    host->off = false;
    host->read_revision = 0;
    stek_sync_init(&host->sync, &policy, records, host->seen.known ? host->seen.floor : 0);
}

/* ---- the store ---- */

static struct week_value *place_of(struct week_store *store, uint64_t seq)
{
    struct week_value *empty = NULL;

    for (size_t i = 0; i < WEEK_RECORDS_MAX; i++) {
        if (store->at[i].seq == seq)
            return &store->at[i];
        if (store->at[i].seq == 0 && empty == NULL)
            empty = &store->at[i];
    }
    assert_non_null(empty);
    return empty;
}

static bool compares(const struct week_store *store, const struct stek_sync_write *write)
{
    bool settled = store->floor_revision <= write->based_on;

    for (size_t i = 0; i < WEEK_RECORDS_MAX; i++)
        settled &= store->at[i].seq == 0 || store->at[i].revision <= write->based_on;
    return settled && (write->floor_expect == 0 || write->floor_expect == store->floor_revision);
}

static void put_record(struct week_store *store, const struct stek_kek *kek,
                       const struct stek_sync_write *write, const struct stek_record *record)
{
    struct week_value *value = place_of(store, record->seq);
    const uint64_t epoch = stek_epoch_for_record(record, write->epoch);

    value->seq = record->seq;
    value->revision = store->revision;
    value->record = *record;
    assert_int_equal(stek_envelope_seal_record(kek, epoch, "web", record, value->bytes), STEK_OK);
    assert_true(store->history_count < WEEK_HISTORY_MAX);
    store->history[store->history_count++] = *value;
}

static void apply(struct week *week, const struct week_host *host)
{
    struct week_store *store = &week->store;
    const struct stek_sync_write *write = &host->sync.out;
    const struct stek_kek *kek = &host->keks.at[0];

    store->revision++;
    if (write->put_floor) {
        assert_int_equal(stek_envelope_seal_floor(kek, write->epoch, "web", write->floor, week->now,
                                                  store->floor),
                         STEK_OK);
        store->floor_revision = store->revision;
    }
    for (size_t i = 0; i < WEEK_RECORDS_MAX; i++)
        if (store->at[i].seq < write->delete_below)
            store->at[i].seq = 0;
    for (uint32_t i = 0; i < write->count; i++)
        put_record(store, kek, write, &write->put[i].record);
}

/* ---- a host ---- */

static int64_t clock_of(const struct week *week, const struct week_host *host)
{
    return week->now + host->clock_off_s;
}

static void read_store(const struct week *week, struct week_host *host)
{
    const struct week_store *store = &week->store;
    struct stek_envelope envelope = {.epoch = 0};

    stek_sync_read_begin(&host->sync, store->revision);
    if (store->floor_revision > 0) {
        const struct stek_bytes bytes = {store->floor, sizeof store->floor};
        const enum stek_value value =
            stek_envelope_open_floor(&host->keks, "web", bytes, &envelope);
        stek_sync_saw_floor(&host->sync, store->floor_revision, value, envelope.record.seq,
                            envelope.epoch);
    }
    for (size_t i = 0; i < WEEK_RECORDS_MAX; i++) {
        const struct week_value *there = &store->at[i];
        const struct stek_bytes bytes = {there->bytes, sizeof there->bytes};
        if (there->seq == 0)
            continue;
        const enum stek_value value =
            stek_envelope_open_record(&host->keks, "web", there->seq, bytes, &envelope);
        stek_sync_saw_record(&host->sync, there->seq, there->revision, value, &envelope.record,
                             clock_of(week, host));
    }
    stek_sync_read_end(&host->sync);
    host->read_revision = store->revision;
}

static bool clock_is_confirmed(const struct week *week, const struct week_host *host)
{
    const int64_t ahead_s = host->clock_off_s - week->store.clock_off_s;

    return ahead_s <= STEK_CLOCK_SKEW_MAX_S && ahead_s >= -STEK_CLOCK_SKEW_MAX_S;
}

/* ---- its disk ---- */

static void key_path(const struct week_host *host, char ret_path[96])
{
    (void)snprintf(ret_path, 96, "%s/fleet.kek", host->disk);
}

void week_give_disk(struct week_host *host, const char *folder)
{
    char path[96];

    (void)snprintf(host->disk, sizeof host->disk, "%s", folder);
    key_path(host, path);
    assert_null(stek_kekfile_write(path, &host->keks.at[0]));
}

void week_take_disk(struct week_host *host)
{
    char path[96];

    key_path(host, path);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof path, "%s/web.seen", host->disk);
    assert_int_equal(unlink(path), 0);
    while (host->replaced_count > 0)
        close(host->replaced[--host->replaced_count]);
    host->disk[0] = '\0';
}

static void replace_key_file(struct week_host *host, const struct stek_kek *kek)
{
    char path[96];

    key_path(host, path);
    assert_true(host->replaced_count < WEEK_FILES_MAX);
    host->replaced[host->replaced_count] = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(host->replaced[host->replaced_count++] >= 0);
    assert_null(stek_kekfile_replace(path, kek));
}

/* As stek-fleet.so and stekd do: fleet/epochs.c, daemon/fleet_keys.c. */
static void note_seen(const struct week *week, struct week_host *host)
{
    stek_seen_add(&host->seen, host->keks.at[0].id, &host->sync, clock_of(week, host));
    if (host->disk[0] != '\0')
        assert_null(stek_state_keep_seen(host->disk, "web", &host->seen));
}

static void end_epochs(const struct week *week, struct week_host *host)
{
    const uint64_t needed = stek_epoch_needed(&host->sync, clock_of(week, host));
    struct stek_kek moved = host->keks.at[0];

    if (host->sync.synced && !host->sync.read_wanted)
        note_seen(week, host);
    if (host->keeps_epochs || needed <= moved.epoch)
        return;
    assert_int_equal(stek_kek_advance(&moved, needed), STEK_OK);
    if (host->disk[0] != '\0')
        replace_key_file(host, &moved);
    host->keks.at[0] = moved;
}

/* As members tell each other: how far this clock is ahead of another host's. */
static void hear_clocks(const struct week *week, struct week_host *host)
{
    for (size_t i = 0; i < WEEK_HOSTS; i++)
        if (&week->host[i] != host && !week->host[i].off) {
            stek_sync_saw_clock(&host->sync,
                                (host->clock_off_s - week->host[i].clock_off_s) * 1000);
            return;
        }
}

static void decide(struct week *week, struct week_host *host)
{
    struct stek_fresh fresh = {.count = policy.ahead + 1};
    struct stek_sync_actions actions;
    const int64_t now = clock_of(week, host);

    for (uint32_t i = 0; i < fresh.count; i++)
        fresh.secret[i] = prng_secret(&week->prng);
    assert_int_equal(stek_kek_look_at(&host->keks.at[0], stek_epoch_at(now)), STEK_OK);
    hear_clocks(week, host);
    stek_sync_know_day(&host->sync, clock_is_confirmed(week, host), host->keks.at[0].epoch);
    assert_int_equal(
        stek_sync_decide(&host->sync, now * 1000, &fresh, prng_next(&week->prng), &actions),
        STEK_OK);
    if (actions.write && compares(&week->store, &host->sync.out)) {
        apply(week, host);
        stek_sync_written(&host->sync, STEK_WRITTEN_WON, week->store.revision, now * 1000);
        host->read_revision = week->store.revision;
    } else if (actions.write) {
        stek_sync_written(&host->sync, STEK_WRITTEN_LOST, 0, now * 1000);
        host->read_revision = 0;
    }
}

static void live(struct week *week, struct week_host *host)
{
    if (host->off)
        return;
    if (host->cut_off)
        stek_sync_disconnected(&host->sync);
    for (int i = 0; i < 3; i++) {
        if (!host->cut_off && (host->read_revision != week->store.revision || !host->sync.synced))
            read_store(week, host);
        decide(week, host);
    }
    end_epochs(week, host);
}

void week_pass(struct week *week, int64_t seconds, int64_t step_s, void (*each)(struct week *week))
{
    for (int64_t passed = 0; passed < seconds; passed += step_s) {
        week->now += step_s;
        for (size_t i = 0; i < WEEK_HOSTS; i++)
            live(week, &week->host[i]);
        if (each != NULL)
            each(week);
    }
}

bool week_is_in_step(const struct week *week)
{
    const struct stek_record *first = NULL;

    for (size_t i = 0; i < WEEK_HOSTS; i++) {
        const struct week_host *host = &week->host[i];
        const int active = stek_records_active(&host->sync.records, week->now);
        if (host->off)
            continue;
        if (active < 0 || stek_sync_standing(&host->sync, week->now) != STEK_SYNC_IN_STEP)
            return false;
        const struct stek_record *record = &host->sync.records.at[active];
        if (first == NULL)
            first = record;
        if (record->seq != first->seq ||
            memcmp(&record->secret, &first->secret, sizeof record->secret) != 0)
            return false;
    }
    return true;
}

size_t week_opened(const struct week *week, const struct week_host *host, int64_t before)
{
    size_t opened = 0;

    for (size_t i = 0; i < week->store.history_count; i++) {
        const struct week_value *value = &week->store.history[i];
        const struct stek_bytes bytes = {value->bytes, sizeof value->bytes};
        struct stek_envelope envelope;
        if (value->record.accept_until <= before)
            opened += stek_envelope_open_record(&host->keks, "web", value->seq, bytes, &envelope) ==
                      STEK_VALUE_GOOD;
    }
    return opened;
}
