/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/attach.h"

#include "core/abi.h"
#include "tls/callbacks.h"
#include "tls/context/context.h"
#include "tls/meet.h"

static enum stek_result attach(SSL_CTX *ctx, struct stek_ring *ring,
                               const struct stek_attach_options *options, bool is_new)
{
    static const struct stek_attach_options defaults = STEK_ATTACH_OPTIONS_INIT;
    struct stek_attachment *attachment;
    struct stek_context label;

    if (options == NULL)
        options = &defaults;
    if (ctx == NULL || ring == NULL || !stek_abi_fits(options, options->size, sizeof *options) ||
        options->early_data < STEK_EARLY_DATA_ONCE || options->early_data > STEK_EARLY_DATA_NEVER ||
        !stek_context_label(options->context, &label))
        return STEK_ERR_ARGUMENT;
    const enum stek_result result = stek_attachment_enter(ctx, ring, &label, options, &attachment);
    if (result != STEK_OK)
        return result;
    stek_ring_start_counting(ring);
    attachment->put_back = stek_callbacks_install_key;
    stek_meet_prepare(ctx, attachment);
    if (is_new)
        stek_meet_watch_certs(attachment);
    stek_callbacks_install(ctx, attachment);
    if (options->early_data != STEK_EARLY_DATA_AS_IS)
        SSL_CTX_set_allow_early_data_cb(ctx, stek_allow_early_data_cb, attachment);
    return STEK_OK;
}

enum stek_result stek_attach(SSL_CTX *ctx, struct stek_ring *ring,
                             const struct stek_attach_options *options)
{
    return attach(ctx, ring, options, false);
}

enum stek_result stek_attach_new(SSL_CTX *ctx, struct stek_ring *ring,
                                 const struct stek_attach_options *options)
{
    return attach(ctx, ring, options, true);
}
