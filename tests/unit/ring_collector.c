/* SPDX-License-Identifier: Apache-2.0 */
#include "ring_collector.h"

#include "memory_scan.h"

#include "crypto/hkdf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { CONTINUATIONS = 4, COLLECT = 'c', FILE_NAME_LEN = 256 };

enum kind {
    KIND_SECRET,
    KIND_HMAC,
    KIND_AES,
    KIND_PRK,
    KIND_CONTINUATION,
    KIND_MASK,
    KIND_PLANTED,
    KINDS
};

static const char *const kind_names[] = {"secret",       "hmac key", "aes key", "prk",
                                         "continuation", "mask",     "planted"};

/* A key to look for. `swapped`: each 4 bytes the other way round, as SHA-256 works on them. */
struct wanted {
    uint8_t key[32];
    enum kind kind;
    bool swapped;
    uint64_t seq;
    size_t site;
};

/* The order and the answer; in memory that the collector shares with the test. */
struct errand {
    pid_t pid; /* 0: the file */
    char file[FILE_NAME_LEN];
    struct collector_report report;
};

struct collector {
    const struct sites *sites;
    struct child child;
    struct errand *errand;
    size_t seqs;
    struct stek_record record[STEK_RECORDS_MAX];
};

struct looking {
    size_t count;
    struct wanted wanted[MEMORY_KEYS_MAX];
};

static void take_down(struct collector *collector)
{
    const struct stek_ring_state state = ring_state(collector->sites->ring);

    for (size_t i = 0; i < state.records.count; i++) {
        size_t known = 0;
        while (known < collector->seqs && collector->record[known].seq != state.records.at[i].seq)
            known++;
        CHECK(known < STEK_RECORDS_MAX);
        if (known == collector->seqs)
            collector->record[collector->seqs++] = state.records.at[i];
    }
}

static void want(struct looking *looking, enum kind kind, const uint8_t key[32], uint64_t seq,
                 size_t site)
{
    struct wanted *wanted = &looking->wanted[looking->count];

    CHECK(looking->count + 2 <= MEMORY_KEYS_MAX);
    looking->count += 2;
    wanted[0] = (struct wanted){.kind = kind, .seq = seq, .site = site};
    memcpy(wanted[0].key, key, 32);
    wanted[1] = wanted[0];
    wanted[1].swapped = true;
    for (size_t i = 0; i < 32; i++)
        wanted[1].key[i] = key[i ^ 3];
}

static void want_key(struct looking *looking, const struct stek_ticket_key *key, uint64_t seq,
                     size_t site)
{
    want(looking, KIND_HMAC, key->hmac_key, seq, site);
    want(looking, KIND_HMAC, (const uint8_t *)key->hmac_state.inner, seq, site);
    want(looking, KIND_HMAC, (const uint8_t *)key->hmac_state.outer, seq, site);
    want(looking, KIND_AES, key->aes_key, seq, site);
}

/* The continuations, as far as none of them is in the ring by now. */
static void want_continuations(struct looking *looking, const struct stek_record *record,
                               const struct stek_records *live)
{
    struct stek_secret32 next = record->secret;

    for (int i = 0; i < CONTINUATIONS; i++) {
        CHECK(stek_derive_continuation(&next, &next) == STEK_OK);
        if (stek_records_hold_secret(live, &next))
            return;
        want(looking, KIND_CONTINUATION, next.bytes, record->seq, 0);
    }
}

static void want_record(struct looking *looking, const struct stek_record *record,
                        const struct stek_records *live, const struct sites *sites)
{
    static const uint8_t salt[] = {'s', 't', 'e', 'k', ' ', 'v', '1'};
    const bool is_live = stek_records_hold_secret(live, &record->secret);
    struct stek_ticket_key key;
    uint8_t prk[32];

    want(looking, KIND_SECRET, record->secret.bytes, record->seq, 0);
    CHECK(stek_hkdf_extract(salt, sizeof salt, record->secret.bytes, 32, prk) == STEK_OK);
    want(looking, KIND_PRK, prk, record->seq, 0);
    want(looking, KIND_MASK, record->mask.bytes, record->seq, 0);
    want(looking, KIND_MASK, record->mask.bytes + 32, record->seq, 0);
    if (!is_live)
        want_continuations(looking, record, live);
    for (size_t i = 0; i < SERVER_SITES; i++) {
        CHECK(stek_derive_ticket_key(&record->secret, &sites->site[i].context, &key) == STEK_OK);
        want_key(looking, &key, record->seq, i);
    }
}

/* Keys as cells keep them. */
static void want_covered(struct looking *looking, const struct stek_record *record,
                         const struct sites *sites)
{
    struct stek_ticket_key key;

    for (size_t i = 0; i < SERVER_SITES; i++) {
        CHECK(stek_derive_ticket_key(&record->secret, &sites->site[i].context, &key) == STEK_OK);
        stek_mask_apply(&record->mask, &key);
        want_key(looking, &key, record->seq, i);
    }
}

static void choose(struct collector *collector, int what, struct looking *looking)
{
    const struct stek_ring_state state = ring_state(collector->sites->ring);
    uint8_t planted[32];

    looking->count = 0;
    for (size_t i = 0; i < collector->seqs && what != COLLECTOR_PLANTED; i++) {
        const struct stek_record *record = &collector->record[i];
        const bool live = stek_records_hold_secret(&state.records, &record->secret);
        if (what == COLLECTOR_COVERED && !live)
            want_covered(looking, record, collector->sites);
        else if (what != COLLECTOR_COVERED && live == (what == COLLECTOR_LIVE))
            want_record(looking, record, &state.records, collector->sites);
    }
    server_planted(planted);
    if (what == COLLECTOR_PLANTED)
        want(looking, KIND_PLANTED, planted, 0, 0);
}

static void describe(const struct memory_finds *finds, const struct looking *looking,
                     struct collector_report *report)
{
    bool found[KINDS] = {false};

    report->keys = looking->count / 2;
    report->finds = finds->count;
    for (size_t i = 0; i < finds->count && i < MEMORY_FINDS_MAX; i++) {
        const struct memory_find *find = &finds->list[i];
        const struct wanted *wanted = &looking->wanted[find->key];
        found[wanted->kind] = true;
        if (i < COLLECTOR_LINES_MAX)
            (void)snprintf(
                report->line[i], COLLECTOR_LINE_LEN,
                "%s%s of record %" PRIu64 ", site %zu: bytes %zu to %zu at %" PRIx64 " in %s",
                kind_names[wanted->kind], wanted->swapped ? " (words swapped)" : "", wanted->seq,
                wanted->site, find->offset, find->offset + find->len, find->at, find->where);
    }
    report->secrets = found[KIND_SECRET];
    report->masks = found[KIND_MASK];
    report->ticket_keys = found[KIND_HMAC] || found[KIND_AES];
}

static void look(struct collector *collector, int what)
{
    struct errand *errand = collector->errand;
    struct memory_scan *scan = memory_scan_new();
    struct looking *looking = calloc(1, sizeof *looking);
    struct memory_finds finds;

    CHECK(looking != NULL);
    choose(collector, what, looking);
    for (size_t i = 0; i < looking->count; i++)
        memory_scan_add(scan, looking->wanted[i].key);
    memset(&errand->report, 0, sizeof errand->report);
    errand->report.bytes = errand->pid != 0 ? memory_scan_process(scan, errand->pid, &finds)
                                            : memory_scan_file(scan, errand->file, &finds);
    describe(&finds, looking, &errand->report);
    memory_scan_free(scan);
    free(looking);
}

static void run(int fd, void *arg)
{
    struct collector *collector = arg;
    int order;

    while ((order = child_hear(fd)) >= 0) {
        if (order == COLLECT)
            take_down(collector);
        else
            look(collector, order);
        child_tell(fd, (char)order);
    }
}

struct collector *collector_start(const struct sites *sites)
{
    struct collector *collector = calloc(1, sizeof *collector);

    CHECK(collector != NULL);
    collector->sites = sites;
    collector->errand = ring_shared_memory(sizeof *collector->errand);
    collector->child = child_start(run, collector);
    return collector;
}

void collector_end(struct collector *collector)
{
    child_kill(&collector->child);
    (void)munmap(collector->errand, sizeof *collector->errand);
    free(collector);
}

static void order(const struct collector *collector, int what)
{
    child_tell(collector->child.fd, (char)what);
    CHECK(child_hear(collector->child.fd) == what);
}

void collector_collect(struct collector *collector)
{
    order(collector, COLLECT);
}

const struct collector_report *collector_look_at_process(struct collector *collector,
                                                         enum collector_what what, pid_t pid)
{
    collector->errand->pid = pid;
    order(collector, (int)what);
    return &collector->errand->report;
}

const struct collector_report *collector_look_at_file(struct collector *collector,
                                                      enum collector_what what, const char *path)
{
    collector->errand->pid = 0;
    (void)snprintf(collector->errand->file, FILE_NAME_LEN, "%s", path);
    order(collector, (int)what);
    return &collector->errand->report;
}
