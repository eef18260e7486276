/* SPDX-License-Identifier: MIT */
#include "http/server.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <string.h>

/* HTTP/1.1, or whatever it is that a client without ALPN speaks; whoever insists on HTTP/2 is told that there is none.
 */
static int on_alpn(SSL *ssl, const unsigned char **ret_protocol, unsigned char *ret_length,
                   const unsigned char *offered, unsigned length, void *arg)
{
    static const char http1[] = "http/1.1";

    (void)ssl;
    (void)arg;
    for (unsigned i = 0; i < length && offered[i] < length - i; i += offered[i] + 1U) {
        if (offered[i] == sizeof(http1) - 1 && memcmp(offered + i + 1, http1, sizeof(http1) - 1) == 0) {
            *ret_protocol = offered + i + 1;
            *ret_length = offered[i];
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *give_up(SSL_CTX *context, struct failure *failure, const char *what, const char *path)
{
    char reason[128] = "no reason given";
    unsigned long code = ERR_peek_last_error();

    if (code)
        ERR_error_string_n(code, reason, sizeof(reason));
    ERR_clear_error();
    fail(failure, FAIL_INVALID, "%s %s: %s", what, path ? path : "(not given)", reason);
    SSL_CTX_free(context);
    return NULL;
}

SSL_CTX *http__tls_make(const char *certificate, const char *key, struct failure *failure)
{
    SSL_CTX *context;

    ERR_clear_error();
    context = SSL_CTX_new(TLS_server_method());
    if (!context || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
        return give_up(context, failure, "cannot set up TLS", "1.3");
    /* Thousands of idle connections: their buffers come back when they are used. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return give_up(context, failure, "cannot use the certificate", certificate);
    if (!key || SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return give_up(context, failure, "cannot use the key", key);
    if (SSL_CTX_check_private_key(context) != 1)
        return give_up(context, failure, "the key is not that of the certificate", certificate);
    return context;
}
