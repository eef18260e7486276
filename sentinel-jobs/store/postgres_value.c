/* SPDX-License-Identifier: MIT */
#include "store/postgres.h"

#include <endian.h>
#include <string.h>

/* Object identifiers of types: fixed numbers of PostgreSQL's catalog (pg_type.dat). */
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_TEXT = 25, OID_UUID = 2950 };
enum { OID_BYTEA_ARRAY = 1001, OID_TEXT_ARRAY = 1009, OID_INT8_ARRAY = 1016, OID_UUID_ARRAY = 2951 };

static void put(struct postgres_params *params, Oid type, const void *value, size_t length, bool is_scalar)
{
    int n = params->count;

    /* More than there is room for is our own mistake; the execution then fails instead of something worse. */
    if (n >= POSTGRES_PARAMS_MAX || length > INT32_MAX) {
        params->failed = true;
        return;
    }
    if (is_scalar)
        value = memcpy(params->scalars[n], value, length);
    params->types[n] = type;
    params->values[n] = value;
    params->lengths[n] = (int)length;
    params->formats[n] = type == OID_TEXT ? 0 : 1;
    params->count++;
}

void postgres_put_uuid(struct postgres_params *params, const struct uuid *uuid)
{
    put(params, OID_UUID, uuid->bytes, sizeof(uuid->bytes), true);
}

void postgres_put_i64(struct postgres_params *params, int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);

    put(params, OID_INT8, &wire, sizeof(wire), true);
}

void postgres_put_bool(struct postgres_params *params, bool value)
{
    char wire = value ? 1 : 0;

    put(params, OID_BOOL, &wire, sizeof(wire), true);
}

void postgres_put_text(struct postgres_params *params, const char *text)
{
    put(params, OID_TEXT, text, text ? strlen(text) : 0, false);
}

void postgres_put_bytes(struct postgres_params *params, const void *data, size_t length)
{
    put(params, OID_BYTEA, length ? data : "", length, false);
}

/* ---- arrays ------------------------------------------------------------------------------------------------------ */

void postgres_array_cleanup(struct postgres_array *array)
{
    sn__buffer_clear(&array->buffer);
}

static void add_u32(struct postgres_array *array, uint32_t value)
{
    uint32_t wire = htobe32(value);

    sn__buffer_add(&array->buffer, &wire, sizeof(wire));
}

void postgres_array_begin(struct postgres_array *array, enum postgres_element element, size_t count)
{
    static const Oid types[][2] = {
        [POSTGRES_UUID] = {OID_UUID, OID_UUID_ARRAY},
        [POSTGRES_I64] = {OID_INT8, OID_INT8_ARRAY},
        [POSTGRES_TEXT] = {OID_TEXT, OID_TEXT_ARRAY},
        [POSTGRES_BYTES] = {OID_BYTEA, OID_BYTEA_ARRAY},
    };

    sn__buffer_clear(&array->buffer);
    array->type = types[element][1];
    add_u32(array, count > 0); /* dimensions */
    add_u32(array, 0);         /* no NULL in it */
    add_u32(array, types[element][0]);
    if (count > 0) {
        add_u32(array, (uint32_t)count);
        add_u32(array, 1); /* the first index */
    }
}

void postgres_array_bytes(struct postgres_array *array, const void *data, size_t length)
{
    if (length > INT32_MAX) {
        array->buffer.failed = true;
        return;
    }
    add_u32(array, (uint32_t)length);
    sn__buffer_add(&array->buffer, data, length);
}

void postgres_array_uuid(struct postgres_array *array, const struct uuid *uuid)
{
    postgres_array_bytes(array, uuid->bytes, sizeof(uuid->bytes));
}

void postgres_array_i64(struct postgres_array *array, int64_t value)
{
    uint64_t wire = htobe64((uint64_t)value);

    postgres_array_bytes(array, &wire, sizeof(wire));
}

void postgres_array_text(struct postgres_array *array, const char *text)
{
    postgres_array_bytes(array, text ? text : "", text ? strlen(text) : 0);
}

void postgres_put_array(struct postgres_params *params, const struct postgres_array *array)
{
    if (array->buffer.failed)
        params->failed = true;
    else
        put(params, array->type, array->buffer.data, array->buffer.length, false);
}

/* ---- results ----------------------------------------------------------------------------------------------------- */

void postgres_result_cleanup(PGresult **result)
{
    PQclear(*result);
}

int64_t postgres_i64(const PGresult *result, int row, int column)
{
    const char *value = PQgetvalue(result, row, column);
    uint64_t eight;
    uint32_t four;
    uint16_t two;

    switch (PQgetlength(result, row, column)) {
    case 8:
        memcpy(&eight, value, sizeof(eight));
        return (int64_t)be64toh(eight);
    case 4:
        memcpy(&four, value, sizeof(four));
        return (int32_t)be32toh(four);
    case 2:
        memcpy(&two, value, sizeof(two));
        return (int16_t)be16toh(two);
    default:
        return 0;
    }
}

bool postgres_bool(const PGresult *result, int row, int column)
{
    return PQgetlength(result, row, column) == 1 && *PQgetvalue(result, row, column) != 0;
}

struct uuid postgres_uuid(const PGresult *result, int row, int column)
{
    struct uuid uuid = {{0}};

    if (PQgetlength(result, row, column) == (int)sizeof(uuid.bytes))
        memcpy(uuid.bytes, PQgetvalue(result, row, column), sizeof(uuid.bytes));
    return uuid;
}

char *postgres_text(const PGresult *result, int row, int column)
{
    return strndup(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

void postgres_copy_text(const PGresult *result, int row, int column, char *to, size_t size)
{
    size_t length = (size_t)PQgetlength(result, row, column);

    if (length >= size)
        length = size - 1;
    memcpy(to, PQgetvalue(result, row, column), length);
    to[length] = '\0';
}
