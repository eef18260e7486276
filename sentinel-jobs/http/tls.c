/* SPDX-License-Identifier: MIT */
#include "http/server.h"

#include "base/cleanup.h"
#include "privilege/privilege.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

/*
 * Theory of operation. A certificate with its key is an SSL_CTX that never changes; a new one is a new SSL_CTX.
 * OpenSSL counts who uses it, but h2o keeps a bare pointer from the accept of a connection to its first bytes. So each
 * connection of ours holds a reference, and the former certificate goes when the last of its connections does.
 */
struct http_tls {
    SSL_CTX *context;
};

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

/* OpenSSL would ask at the terminal, and a service would wait there for ever. */
static int no_passphrase(char *text, int size, int is_for_writing, void *arg)
{
    (void)text;
    (void)size;
    (void)is_for_writing;
    (void)arg;
    return -1;
}

/* The first of what OpenSSL noted; the later ones say which function gave up because of it. */
static const char *reason(char text[128])
{
    unsigned long code = ERR_peek_error();
    const char *words = code ? ERR_reason_error_string(code) : NULL;

    snprintf(text, 128, "%s", words ? words : "no reason given");
    ERR_clear_error();
    return text;
}

static int load_certificate(SSL_CTX *context, const char *path, struct failure *failure)
{
    char text[128];
    int r = privilege_check_readable(path, failure);

    if (r < 0)
        return r;
    if (SSL_CTX_use_certificate_chain_file(context, path) == 1)
        return 0;
    if (ERR_GET_REASON(ERR_peek_error()) == PEM_R_NO_START_LINE) {
        ERR_clear_error();
        return fail(failure, FAIL_INVALID, "there is no certificate (PEM) in %.200s", path);
    }
    return fail(failure, FAIL_INVALID, "cannot use the certificate in %.150s: %s", path, reason(text));
}

static void cleanup_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void cleanup_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static int no_key(const char *path, struct failure *failure)
{
    int why = ERR_GET_REASON(ERR_peek_last_error());
    char text[128];

    /* Of the two, which OpenSSL says depends on its version. */
    if (why == PEM_R_NO_START_LINE || why == ERR_R_UNSUPPORTED) {
        ERR_clear_error();
        return fail(failure, FAIL_INVALID, "there is no key (PEM) that could be used in %.200s", path);
    }
    if (why == PEM_R_BAD_PASSWORD_READ) {
        ERR_clear_error();
        return fail(failure, FAIL_INVALID,
                    "the key in %.150s has a passphrase, which nobody could type: openssl pkey writes it without",
                    path);
    }
    return fail(failure, FAIL_INVALID, "cannot use the key in %.150s: %s", path, reason(text));
}

static int load_key(SSL_CTX *context, const char *certificate, const char *path, struct failure *failure)
{
    __attribute__((cleanup(cleanup_bio))) BIO *bio = NULL;
    __attribute__((cleanup(cleanup_key))) EVP_PKEY *key = NULL;
    X509 *leaf = SSL_CTX_get0_certificate(context);
    char text[128];
    int r = privilege_check_readable(path, failure);

    if (r < 0)
        return r;
    bio = BIO_new_file(path, "r");
    key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
    if (!key)
        return no_key(path, failure);
    if (!leaf || X509_check_private_key(leaf, key) != 1) {
        ERR_clear_error();
        return fail(failure, FAIL_INVALID, "the key in %.120s is not that of the certificate in %.120s", path,
                    certificate);
    }
    if (SSL_CTX_use_PrivateKey(context, key) != 1)
        return fail(failure, FAIL_INVALID, "cannot use the key in %.150s: %s", path, reason(text));
    return 0;
}

static int set_up(SSL_CTX *context, struct failure *failure)
{
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
        return fail(failure, FAIL_INTERNAL, "OpenSSL has no TLS 1.3");
    /* Thousands of idle connections: their buffers come back when they are used. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, on_alpn, NULL);
    return 0;
}

int http_tls_load(const char *certificate, const char *key, struct http_tls **ret_tls, struct failure *failure)
{
    struct http_tls *tls = calloc(1, sizeof(*tls));
    int r;

    ERR_clear_error();
    if (tls)
        tls->context = SSL_CTX_new(TLS_server_method());
    if (!tls || !tls->context) {
        http_tls_free(tls);
        return fail_nomem(failure);
    }
    r = set_up(tls->context, failure);
    if (r == 0)
        r = load_certificate(tls->context, certificate, failure);
    if (r == 0)
        r = load_key(tls->context, certificate, key, failure);
    if (r < 0)
        http_tls_free(tls);
    else
        *ret_tls = tls;
    return r;
}

void http_tls_free(struct http_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

static int64_t seconds_of(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

void http_tls_validity(const struct http_tls *tls, int64_t *ret_from, int64_t *ret_until)
{
    const X509 *leaf = SSL_CTX_get0_certificate(tls->context);

    *ret_from = seconds_of(X509_get0_notBefore(leaf));
    *ret_until = seconds_of(X509_get0_notAfter(leaf));
}

SSL_CTX *http__tls_context(const struct http_tls *tls)
{
    if (!tls)
        return NULL;
    SSL_CTX_up_ref(tls->context);
    return tls->context;
}
