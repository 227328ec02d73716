/* SPDX-License-Identifier: MIT */
#include "binds.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "kubeglean/clock.h"
#include "kubeglean/limits.h"

/* PostgreSQL counts from 2000-01-01. */
#define EPOCH_US INT64_C(946684800000000)

/* What array_recv() reads before the elements. */
struct array_head {
    uint32_t n_dimensions, may_have_nulls, element_oid, length, lower_bound;
};

void kg_binds_init(struct kg_binds *a)
{
    kg_buf_init(&a->bytes, KG_LIMIT_SINK_BINDS);
    kg_binds_reset(a);
}

void kg_binds_finish(struct kg_binds *a)
{
    kg_buf_finish(&a->bytes);
}

void kg_binds_reset(struct kg_binds *a)
{
    kg_buf_shrink(&a->bytes, KG_LIMIT_BATCH_BYTES);
    a->n = 0;
    a->err = KG_OK;
}

static void add(struct kg_binds *a, const void *ptr, size_t len)
{
    if (a->err == KG_OK) {
        a->err = kg_buf_add(&a->bytes, kg_str_of(ptr, len));
    }
}

static void add_u32(struct kg_binds *a, uint32_t value)
{
    uint32_t net = htonl(value);

    add(a, &net, sizeof(net));
}

static void open_arg(struct kg_binds *a)
{
    KG_REQUIRE(a->n < KG_BINDS_MAX);
    a->begin[a->n] = kg_buf_len(&a->bytes);
}

static void close_arg(struct kg_binds *a)
{
    a->len[a->n] = (int)(kg_buf_len(&a->bytes) - a->begin[a->n]);
    a->n++;
}

void kg_binds_text(struct kg_binds *a, struct kg_str text)
{
    open_arg(a);
    add(a, text.ptr, text.len);
    close_arg(a);
}

static struct kg_str u64_text(uint64_t value, char text[24])
{
    int len = snprintf(text, 24, "%" PRIu64, value);

    return kg_str_of(text, (size_t)len);
}

void kg_binds_u64(struct kg_binds *a, uint64_t value)
{
    char text[24];

    kg_binds_text(a, u64_text(value, text));
}

void kg_binds_time(struct kg_binds *a, int64_t us)
{
    char text[KG_TIME_TEXT_MAX];

    kg_binds_text(a, kg_str_from(kg_time_format(us, text)));
    if (us == KG_TIME_NONE) {
        a->len[a->n - 1] = -1;
    }
}

void kg_binds_array_begin(struct kg_binds *a, enum kg_binds_type type)
{
    struct array_head head = {0};

    open_arg(a);
    a->array_head = kg_buf_len(&a->bytes);
    a->array_type = type;
    a->n_elements = 0;
    add(a, &head, sizeof(head));
}

void kg_binds_element(struct kg_binds *a, struct kg_str text)
{
    uint32_t len = htonl((uint32_t)text.len);
    char *room;

    a->n_elements++;
    if (a->err != KG_OK) {
        return;
    }
    a->err = kg_buf_reserve(&a->bytes, sizeof(len) + text.len, &room);
    if (a->err != KG_OK) {
        return;
    }
    memcpy(room, &len, sizeof(len));
    if (text.len > 0) {
        memcpy(room + sizeof(len), text.ptr, text.len);
    }
    kg_buf_commit(&a->bytes, sizeof(len) + text.len);
}

void kg_binds_element_null(struct kg_binds *a)
{
    add_u32(a, UINT32_MAX);
    a->n_elements++;
}

void kg_binds_element_value(struct kg_binds *a, struct kg_value value)
{
    if (value.is_null) {
        kg_binds_element_null(a);
    } else {
        kg_binds_element(a, value.text);
    }
}

void kg_binds_element_u64(struct kg_binds *a, uint64_t value)
{
    char text[24];

    kg_binds_element(a, u64_text(value, text));
}

void kg_binds_element_time(struct kg_binds *a, int64_t us)
{
    char text[KG_TIME_TEXT_MAX];

    if (us == KG_TIME_NONE) {
        kg_binds_element_null(a);
        return;
    }
    kg_binds_element(a, kg_str_from(kg_time_format(us, text)));
}

void kg_binds_element_integer(struct kg_binds *a, int32_t value)
{
    add_u32(a, sizeof(value));
    add_u32(a, (uint32_t)value);
    a->n_elements++;
}

void kg_binds_element_bigint(struct kg_binds *a, int64_t value)
{
    add_u32(a, sizeof(value));
    add_u32(a, (uint32_t)((uint64_t)value >> 32));
    add_u32(a, (uint32_t)value);
    a->n_elements++;
}

void kg_binds_element_instant(struct kg_binds *a, int64_t us)
{
    kg_binds_element_bigint(a, us == KG_TIME_NONE ? us : us - EPOCH_US);
}

static struct array_head head_of(enum kg_binds_type type, uint32_t n)
{
    return (struct array_head){
        .n_dimensions = htonl(n > 0 ? 1 : 0),
        .may_have_nulls = htonl(1),
        .element_oid = htonl((uint32_t)type),
        .length = htonl(n),
        .lower_bound = htonl(1),
    };
}

void kg_binds_array_end(struct kg_binds *a)
{
    const struct array_head head = head_of(a->array_type, a->n_elements);

    if (a->err == KG_OK) {
        char *begin = a->bytes.ptr + a->bytes.start + a->array_head;

        memcpy(begin, &head, sizeof(head));
        if (a->n_elements == 0) { /* Nothing stands behind "no dimension". */
            kg_buf_truncate(&a->bytes, a->array_head + 3 * sizeof(uint32_t));
        }
    }
    close_arg(a);
}

void kg_binds_array_of(struct kg_binds *a, enum kg_binds_type type, size_t n,
                       size_t len)
{
    const struct array_head head = head_of(type, (uint32_t)n);
    size_t room_len = n * sizeof(uint32_t) + len;
    char *room;

    open_arg(a);
    add(a, &head, sizeof(head));
    if (a->err == KG_OK) {
        a->err = kg_buf_reserve(&a->bytes, room_len, &room);
    }
    if (a->err == KG_OK) {
        kg_buf_commit(&a->bytes, room_len);
    }
    close_arg(a);
}

char *kg_binds_elements(struct kg_binds *a, unsigned i)
{
    return a->bytes.ptr + a->bytes.start + a->begin[i] +
           sizeof(struct array_head);
}

const char *kg_binds_ptr(const struct kg_binds *a, unsigned i)
{
    return a->len[i] < 0 ? NULL : kg_buf_str(&a->bytes).ptr + a->begin[i];
}
