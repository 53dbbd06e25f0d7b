/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors.h"

#include "hex.h"

#include <stdio.h>

json_t *vectors_load(const char *file)
{
    char path[4096];
    json_error_t error;

    snprintf(path, sizeof path, "%s/%s", VECTORS_DIR, file);
    json_t *root = json_load_file(path, 0, &error);
    if (root == NULL)
        fail_msg("%s:%d: %s", path, error.line, error.text);
    return root;
}

const char *vectors_text(const json_t *vector, const char *member)
{
    const char *text = json_string_value(json_object_get(vector, member));

    if (text == NULL)
        fail_msg("a vector has no text \"%s\"", member);
    return text;
}

size_t vectors_bytes(const json_t *vector, const char *member, uint8_t *ret_bytes, size_t room)
{
    return hex_read(vectors_text(vector, member), ret_bytes, room);
}
