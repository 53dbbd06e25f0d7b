/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/front/text.h"

#include <stdlib.h>
#include <string.h>

struct stek_text *stek_text_new(char *bytes)
{
    struct stek_text *text = bytes != NULL ? malloc(sizeof *text) : NULL;

    if (text == NULL) {
        free(bytes);
        return NULL;
    }
    *text = (struct stek_text){.holders = 1, .len = strlen(bytes), .bytes = bytes};
    return text;
}

/* evbuffer_ref_cleanup_cb; connections may end after whoever made the text. */
static void on_sent(const void *bytes, size_t len, void *arg)
{
    (void)bytes, (void)len;
    stek_text_drop(arg);
}

bool stek_text_add(struct stek_text *text, struct evbuffer *reply)
{
    if (evbuffer_add_reference(reply, text->bytes, text->len, on_sent, text) != 0)
        return false;
    text->holders++;
    return true;
}

void stek_text_drop(struct stek_text *text)
{
    if (text == NULL || --text->holders > 0)
        return;
    free(text->bytes);
    free(text);
}
