/* SPDX-License-Identifier: MIT */
#include "queue/rabbitmq_content.h"

#include "queue/rabbitmq_link.h"

#include "common/wallclock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRACEPARENT_HEADER "traceparent"
#define REASON_HEADER "sentinel-reason"
#define AT_HEADER "sentinel-at"

static amqp_table_entry_t text_header(const char *name, const char *value)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(name),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value = {.bytes = amqp_cstring_bytes(value)}},
    };
}

int rabbitmq_content_publish(amqp_connection_state_t connection, const struct queue_message *message,
                             const char *dead_reason, uint64_t serial)
{
    amqp_basic_properties_t properties = {
        ._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG,
        .content_type = amqp_cstring_bytes("application/json"),
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
    };
    amqp_table_entry_t headers[3];
    char job[UUID_TEXT_SIZE];
    char body[RABBITMQ_BODY_SIZE];
    char id[24];

    uuid_print(&message->job, job);
    snprintf(body, sizeof(body), "{\"v\":1,\"job\":\"%s\"}", job);
    snprintf(id, sizeof(id), "%" PRIu64, serial);
    properties.message_id = amqp_cstring_bytes(id);
    properties.headers.entries = headers;
    if (*message->traceparent)
        headers[properties.headers.num_entries++] = text_header(TRACEPARENT_HEADER, message->traceparent);
    if (dead_reason) {
        headers[properties.headers.num_entries++] = text_header(REASON_HEADER, dead_reason);
        headers[properties.headers.num_entries++] = (amqp_table_entry_t){
            .key = amqp_cstring_bytes(AT_HEADER),
            .value = {.kind = AMQP_FIELD_KIND_I64, .value = {.i64 = wallclock_us()}},
        };
    }
    if (properties.headers.num_entries > 0)
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
    return amqp_basic_publish(connection, RABBITMQ_CHANNEL,
                              amqp_cstring_bytes(dead_reason ? RABBITMQ_DEAD_EXCHANGE : RABBITMQ_EXCHANGE),
                              amqp_cstring_bytes(dead_reason ? RABBITMQ_DEAD_QUEUE : RABBITMQ_QUEUE), 1, 0, &properties,
                              amqp_cstring_bytes(body));
}

void rabbitmq_content_begin(struct rabbitmq_content *content)
{
    *content = (struct rabbitmq_content){.expects = CONTENT_HEADER};
}

static bool is_named(const amqp_table_entry_t *entry, const char *name)
{
    return entry->key.len == strlen(name) && memcmp(entry->key.bytes, name, entry->key.len) == 0;
}

static bool is_text(const amqp_field_value_t *value)
{
    return value->kind == AMQP_FIELD_KIND_UTF8 || value->kind == AMQP_FIELD_KIND_BYTES;
}

/* Cut to its room. */
static void copy_text(char *to, size_t size, amqp_bytes_t from)
{
    size_t length = from.len < size ? from.len : size - 1;

    if (length > 0) /* an empty one has no address */
        memcpy(to, from.bytes, length);
    to[length] = '\0';
}

/* The broker's own account, the latest event first: a list of tables with reason and time. */
static void read_death(struct dead_letter *letter, const amqp_field_value_t *value)
{
    const amqp_table_t *latest;

    if (value->kind != AMQP_FIELD_KIND_ARRAY || value->value.array.num_entries < 1 ||
        value->value.array.entries[0].kind != AMQP_FIELD_KIND_TABLE)
        return;
    latest = &value->value.array.entries[0].value.table;
    for (int i = 0; i < latest->num_entries; i++) {
        const amqp_table_entry_t *entry = &latest->entries[i];

        if (is_named(entry, "reason") && is_text(&entry->value))
            copy_text(letter->reason, sizeof(letter->reason), entry->value.value.bytes);
        else if (is_named(entry, "time") && entry->value.kind == AMQP_FIELD_KIND_TIMESTAMP)
            letter->at = (int64_t)entry->value.value.u64 * 1000000;
    }
}

static void read_headers(struct rabbitmq_content *content, const amqp_table_t *headers)
{
    struct dead_letter *letter = &content->letter;

    for (int i = 0; i < headers->num_entries; i++)
        if (is_named(&headers->entries[i], "x-death"))
            read_death(letter, &headers->entries[i].value);
    /* What a worker said counts for more. */
    for (int i = 0; i < headers->num_entries; i++) {
        const amqp_table_entry_t *entry = &headers->entries[i];

        if (is_named(entry, TRACEPARENT_HEADER) && is_text(&entry->value) &&
            entry->value.value.bytes.len < sizeof(content->traceparent))
            copy_text(content->traceparent, sizeof(content->traceparent), entry->value.value.bytes);
        else if (is_named(entry, REASON_HEADER) && is_text(&entry->value))
            copy_text(letter->reason, sizeof(letter->reason), entry->value.value.bytes);
        else if (is_named(entry, AT_HEADER) && entry->value.kind == AMQP_FIELD_KIND_I64)
            letter->at = entry->value.value.i64;
    }
}

static void read_header(struct rabbitmq_content *content, const amqp_frame_t *frame)
{
    const amqp_basic_properties_t *properties = frame->payload.properties.decoded;

    content->left = frame->payload.properties.body_size;
    content->is_too_long = content->left >= sizeof(content->body);
    if (properties->_flags & AMQP_BASIC_HEADERS_FLAG)
        read_headers(content, &properties->headers);
    if (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) {
        char id[24];

        copy_text(id, sizeof(id), properties->message_id);
        content->serial = strtoull(id, NULL, 10);
    }
}

int rabbitmq_content_add(struct rabbitmq_content *content, const amqp_frame_t *frame, struct failure *failure)
{
    if (content->expects == CONTENT_HEADER && frame->frame_type == AMQP_FRAME_HEADER) {
        read_header(content, frame);
        content->expects = CONTENT_BODY;
    } else if (content->expects == CONTENT_BODY && frame->frame_type == AMQP_FRAME_BODY &&
               frame->payload.body_fragment.len <= content->left) {
        amqp_bytes_t part = frame->payload.body_fragment;

        if (!content->is_too_long && part.len > 0) {
            memcpy(content->body + content->length, part.bytes, part.len);
            content->length += part.len;
        }
        content->left -= part.len;
    } else {
        return fail(failure, FAIL_INTERNAL, "the broker sent the parts of a message in no order");
    }
    if (content->left > 0)
        return 0;
    content->expects = CONTENT_NONE;
    return 1;
}

bool rabbitmq_content_parse(const struct rabbitmq_content *content, struct queue_message *ret_message)
{
    struct queue_message message = {0};
    json_t *body;
    json_t *version;
    const char *job;
    bool is_ours;

    if (content->is_too_long)
        return false;
    body = json_loadb(content->body, content->length, JSON_REJECT_DUPLICATES, NULL);
    version = json_object_get(body, "v");
    job = json_string_value(json_object_get(body, "job"));
    is_ours = json_is_integer(version) && json_integer_value(version) == 1 && job && uuid_parse(job, &message.job);
    json_decref(body);
    if (!is_ours)
        return false;
    memcpy(message.traceparent, content->traceparent, sizeof(message.traceparent));
    *ret_message = message;
    return true;
}
