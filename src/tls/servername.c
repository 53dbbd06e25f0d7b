/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/servername.h"

#include "crypto/libctx.h"

#include <openssl/tls1.h>

#include <string.h>

/* HostName in RFC 6066 has a 16-bit length; libssl takes 255 (TLSEXT_MAXLEN_host_name). */
enum { HOST_NAME_MAX_LEN = TLSEXT_MAXLEN_host_name, LIST_HEADER_LEN = 5 };

bool stek_server_name_hash(const char *name, size_t len, uint8_t ret_hash[STEK_NAME_HASH_LEN])
{
    uint8_t folded[HOST_NAME_MAX_LEN];
    uint8_t digest[32];

    if (len > sizeof folded)
        return false;
    memset(ret_hash, 0, STEK_NAME_HASH_LEN);
    if (len == 0)
        return true;
    for (size_t i = 0; i < len; i++)
        folded[i] = (uint8_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]);
    if (EVP_Digest(folded, len, digest, NULL, stek_libctx_sha256(), NULL) != 1)
        return false;
    memcpy(ret_hash, digest, STEK_NAME_HASH_LEN);
    return true;
}

bool stek_server_name_of_connection(const SSL *ssl, uint8_t ret_hash[STEK_NAME_HASH_LEN])
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    return stek_server_name_hash(name, name != NULL ? strlen(name) : 0, ret_hash);
}

/* The extension is a list of names, of which only one, a host_name, is in use: u16 list, u8 type 0,
 * u16 name. */
bool stek_server_name_of_hello(SSL *ssl, uint8_t ret_hash[STEK_NAME_HASH_LEN])
{
    const unsigned char *list;
    size_t len;

    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &list, &len) != 1)
        return stek_server_name_hash(NULL, 0, ret_hash);
    if (len < LIST_HEADER_LEN || list[2] != TLSEXT_NAMETYPE_host_name)
        return false;
    const size_t name_len = (size_t)list[3] << 8 | list[4];
    if (name_len != len - LIST_HEADER_LEN)
        return false;
    return stek_server_name_hash((const char *)list + LIST_HEADER_LEN, name_len, ret_hash);
}
