/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base64.h"

#include <openssl/evp.h>

#include <string.h>

void stek_base64_encode(const uint8_t *bytes, size_t len, char *ret_text)
{
    (void)EVP_EncodeBlock((unsigned char *)ret_text, bytes, (int)len);
}

/* libcrypto takes white space and padding in other places, too: so the letters are counted first.
 */
bool stek_base64_decode(const char *text, size_t len, uint8_t *ret_bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const size_t chars = STEK_BASE64_LEN(len);
    const size_t padding = (3 - len % 3) % 3;

    if (strlen(text) != chars || strspn(text, letters) != chars - padding ||
        strspn(text + chars - padding, "=") != padding)
        return false;
    return EVP_DecodeBlock(ret_bytes, (const unsigned char *)text, (int)chars) ==
           (int)(len + padding);
}
