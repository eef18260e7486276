/* SPDX-License-Identifier: MIT */
#include "observe/transfer.h"

#include <pthread.h>
#include <sys/socket.h>

#define LOOK_MS 100

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode global_code;

/* Unlike those that libcurl opens by itself (7.88), not inherited by what is executed. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)arg;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static void init_global(void)
{
    global_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int transfer_open(struct transfer *ret_transfer, struct failure *failure)
{
    struct transfer transfer;

    /* once in the life of the process, and never undone: others may be at work */
    pthread_once(&once, init_global);
    if (global_code != CURLE_OK)
        return fail(failure, FAIL_INTERNAL, "libcurl cannot be set up: %s", curl_easy_strerror(global_code));
    transfer.multi = curl_multi_init();
    transfer.easy = curl_easy_init();
    if (!transfer.multi || !transfer.easy) {
        transfer_close(&transfer);
        return fail_nomem(failure);
    }
    *ret_transfer = transfer;
    return 0;
}

void transfer_close(struct transfer *transfer)
{
    if (transfer->easy)
        curl_easy_cleanup(transfer->easy);
    if (transfer->multi)
        curl_multi_cleanup(transfer->multi);
    *transfer = (struct transfer){0};
}

CURLcode transfer_reset(struct transfer *transfer)
{
    CURLcode code = CURLE_OK;

    curl_easy_reset(transfer->easy);
    TRANSFER_SET(code, transfer->easy, CURLOPT_NOSIGNAL, 1L);
    TRANSFER_SET(code, transfer->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    TRANSFER_SET(code, transfer->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    TRANSFER_SET(code, transfer->easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    TRANSFER_SET(code, transfer->easy, CURLOPT_FOLLOWLOCATION, 0L);
    TRANSFER_SET(code, transfer->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    TRANSFER_SET(code, transfer->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    TRANSFER_SET(code, transfer->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    /* else giving up waits for getaddrinfo(3), which may take a minute: its thread ends by itself */
    TRANSFER_SET(code, transfer->easy, CURLOPT_QUICK_EXIT, 1L);
    return code;
}

static CURLcode result_of(struct transfer *transfer)
{
    int left;

    for (CURLMsg *message = curl_multi_info_read(transfer->multi, &left); message;
         message = curl_multi_info_read(transfer->multi, &left))
        if (message->msg == CURLMSG_DONE)
            return message->data.result;
    return CURLE_FAILED_INIT;
}

CURLcode transfer_perform(struct transfer *transfer, bool (*is_over)(void *arg), void *arg)
{
    CURLMcode code = curl_multi_add_handle(transfer->multi, transfer->easy);
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    int running = 1;

    if (code != CURLM_OK)
        return code == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
    while (!is_over(arg)) {
        code = curl_multi_perform(transfer->multi, &running);
        if (code == CURLM_OK && running)
            code = curl_multi_poll(transfer->multi, NULL, 0, LOOK_MS, NULL);
        if (code != CURLM_OK || !running) {
            result = code == CURLM_OK ? result_of(transfer) : CURLE_OUT_OF_MEMORY;
            break;
        }
    }
    curl_multi_remove_handle(transfer->multi, transfer->easy);
    return result;
}
