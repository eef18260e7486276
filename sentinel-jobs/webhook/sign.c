/* SPDX-License-Identifier: MIT */
#include "webhook/sign.h"

#include "common/failure.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

int sign_body(const char *secret, int64_t seconds, const char *body, size_t length, char signature[SIGNATURE_SIZE])
{
    char digest_name[] = "SHA256";
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    unsigned char digest[32];
    size_t digest_length = 0;
    char before[32];
    bool is_done;

    snprintf(before, sizeof(before), "%" PRId64 ".", seconds);
    is_done = context && EVP_MAC_init(context, (const unsigned char *)secret, strlen(secret), parameters) &&
              EVP_MAC_update(context, (const unsigned char *)before, strlen(before)) &&
              EVP_MAC_update(context, (const unsigned char *)body, length) &&
              EVP_MAC_final(context, digest, &digest_length, sizeof(digest)) && digest_length == sizeof(digest);
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    if (!is_done)
        return FAIL_INTERNAL;
    signature = stpcpy(signature, "v1=");
    for (size_t i = 0; i < sizeof(digest); i++, signature += 2)
        snprintf(signature, 3, "%02x", digest[i]);
    return 0;
}
