/* SPDX-License-Identifier: Apache-2.0 */
/* stek keyfile export: the keys of a ring in the layout of a server that cannot load stek. */
#include "cli/keyfile/keyfile.h"

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/rundir.h"

#include "core/label.h"
#include "keyfile/derived.h"
#include "ringfile/ringfile.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct request {
    const char *ring;
    struct stek_context context;
    const char *key;
    const struct stek_keyfile_layout *to;
};

/* First the key that seals, then those that will, then those that only open. */
static bool take_keys(const struct stek_records *records, const struct stek_context *context,
                      int64_t now, struct stek_keyfile_keys *keys)
{
    static const enum stek_state order[] = {STEK_STATE_ACTIVE, STEK_STATE_PENDING,
                                            STEK_STATE_DRAINING};

    for (size_t state = 0; state < sizeof order / sizeof *order; state++)
        for (size_t i = 0; i < records->count; i++)
            if (stek_record_state(records, i, now) == order[state] &&
                stek_keyfile_add_derived(&records->at[i], context, keys) != STEK_OK)
                return false;
    return true;
}

static int put_out(const struct request *request, const struct stek_records *records)
{
    STEK_SECRET(stek_keyfile_keys)
    struct stek_keyfile_keys keys = {
        .layout = stek_keyfile_layout_find(request->to->part_len == 16 ? "boringssl" : "openssl")};
    const int64_t now = (int64_t)time(NULL);

    if (stek_records_active(records, now) < 0) {
        (void)fprintf(stderr, "stek keyfile export: ring %s has no active key: see 'stek status'\n",
                      request->ring);
        return STEK_EXIT_FAILED;
    }
    if (!take_keys(records, &request->context, now, &keys)) {
        (void)fprintf(stderr, "stek keyfile export: %s\n", stek_result_text(STEK_ERR_CRYPTO));
        return STEK_EXIT_FAILED;
    }
    return stek_keyfile_put_out("export", &keys, request->to, request->key);
}

static int export_ring(const struct request *request)
{
    STEK_SECRET(stek_ring_state) struct stek_ring_state state;
    const char *problem = NULL;
    const int dir = stek_rundir_open();

    enum stek_result result =
        dir < 0 ? STEK_ERR_SYSTEM : stek_ringfile_read(dir, request->ring, &state, &problem);
    const int error = errno;
    if (dir >= 0)
        (void)close(dir);
    if (result == STEK_OK)
        return put_out(request, &state.records);
    (void)fprintf(stderr, "stek keyfile export: %s/%s.ring cannot be read: %s\n", stek_rundir(),
                  request->ring,
                  problem != NULL ? problem
                  : dir < 0       ? strerror(error)
                                  : stek_result_text(result));
    return STEK_EXIT_FAILED;
}

static bool take_label(const char *label, struct stek_context *ret_context)
{
    const bool is_auto = label != NULL && strcmp(label, "auto") == 0;

    if (label != NULL && !is_auto && stek_context_label(label, ret_context))
        return true;
    if (label == NULL)
        (void)fprintf(stderr,
                      "stek keyfile export: --context LABEL is missing: give the label that is "
                      "'context' in the settings of servers with the module\n");
    else
        (void)fprintf(stderr, "stek keyfile export: --context %s: %s\n", label,
                      is_auto ? "no key file opens those tickets: set 'context = LABEL' for the "
                                "servers with the module, and give LABEL"
                              : "allowed: 1 to 255 printable ASCII characters");
    return false;
}

int stek_keyfile_export(int argc, char **argv)
{
    struct request request = {NULL, {0}, NULL, NULL};
    const char *to = NULL, *label = NULL;
    const struct stek_argument arguments[] = {{"ring", 0, NULL, &request.ring},
                                              {"context", 0, NULL, &label},
                                              {"to", 0, NULL, &to},
                                              {"key", 0, NULL, &request.key},
                                              {.name = NULL}};
    int code;

    if (!stek_arguments_read("keyfile export", argc, argv, arguments, stek_keyfile_print_help,
                             &code))
        return code;
    if (optind < argc || request.ring == NULL) {
        (void)fprintf(stderr, "stek keyfile export: %s\n",
                      optind < argc ? "it takes options only: try --help"
                                    : "--ring RING is missing: 'stek status' lists the rings");
        return STEK_EXIT_USAGE;
    }
    if (!stek_arguments_ring("keyfile export", request.ring) ||
        !take_label(label, &request.context))
        return STEK_EXIT_USAGE;
    request.to = stek_keyfile_layout_option("export", "to", to);
    return request.to != NULL ? export_ring(&request) : STEK_EXIT_USAGE;
}
