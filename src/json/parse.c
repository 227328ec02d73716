/* SPDX-License-Identifier: MIT */
#include "parse.h"

#include <string.h>
#include <yajl/yajl_parse.h>
#include <yajl/yajl_version.h>

#include "kubeglean/reader.h"

#define OBJECTS    ((size_t)2048) /* yajl's handle, lexer, empty buffers. */
#define STACK_STEP ((size_t)128)  /* Its stack of states grows by it, */
#define BUFFER_MIN ((size_t)2048) /* its buffers for texts begin with it. */
#define HEADER     ((size_t)32)   /* The arena's, for each piece. */

/* --- callbacks ---------------------------------------------------------------- */

static int on_null(void *data)
{
    struct kg_parse *p = data;

    return p->ops->scalar_cb(p->data, KG_NULL, KG_STR("null"));
}

static int on_boolean(void *data, int value)
{
    struct kg_parse *p = data;

    return p->ops->scalar_cb(p->data, KG_BOOL,
                             value != 0 ? KG_STR("true") : KG_STR("false"));
}

static int on_number(void *data, const char *text, size_t len)
{
    struct kg_parse *p = data;

    return p->ops->scalar_cb(p->data, KG_NUMBER, kg_str_of(text, len));
}

static int on_string(void *data, const unsigned char *text, size_t len)
{
    struct kg_parse *p = data;

    return p->ops->scalar_cb(p->data, KG_STRING,
                             kg_str_of((const char *)text, len));
}

static int on_name(void *data, const unsigned char *text, size_t len)
{
    struct kg_parse *p = data;

    return p->ops->name_cb(p->data, kg_str_of((const char *)text, len));
}

static int on_open_object(void *data)
{
    struct kg_parse *p = data;

    return p->ops->open_cb(p->data, KG_OBJECT);
}

static int on_close_object(void *data)
{
    struct kg_parse *p = data;

    return p->ops->close_cb(p->data, KG_OBJECT);
}

static int on_open_array(void *data)
{
    struct kg_parse *p = data;

    return p->ops->open_cb(p->data, KG_ARRAY);
}

static int on_close_array(void *data)
{
    struct kg_parse *p = data;

    return p->ops->close_cb(p->data, KG_ARRAY);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_open_object,
    .yajl_map_key = on_name,
    .yajl_end_map = on_close_object,
    .yajl_start_array = on_open_array,
    .yajl_end_array = on_close_array,
};

/* --- memory -------------------------------------------------------------------- */

static void *take(void *arena, size_t len)
{
    return kg_arena_resize(arena, NULL, len);
}

static void *resize(void *arena, void *ptr, size_t len)
{
    return kg_arena_resize(arena, ptr, len);
}

static void give_back(void *arena, void *ptr)
{
    (void)arena;
    (void)ptr;
}

/* All the stacks that yajl goes through on its way down, each a step larger. */
static size_t stacks(size_t max_depth)
{
    size_t n = max_depth / STACK_STEP + 2;

    return n * (n + 1) / 2 * STACK_STEP + n * HEADER;
}

/* An escaped string is decoded into a buffer that doubles until it fits. */
static size_t decoded(struct kg_str piece)
{
    if (memchr(piece.ptr, '\\', piece.len) == NULL) {
        return 0;
    }
    return 4 * (piece.len + BUFFER_MIN) + 64 * HEADER;
}

/* Up to its closing quote; too much for other tokens, which are short. */
static size_t first_token(struct kg_str piece)
{
    size_t len = 1;

    while (len < piece.len && piece.ptr[len] != '"') {
        len += piece.ptr[len] == '\\' ? 2 : 1;
    }
    return len;
}

/* The lexer takes a piece's first token for one that goes on from the piece
 * before, and copies it into a buffer that doubles until it fits. */
static size_t copied(struct kg_str piece)
{
    size_t len = first_token(piece);

    return len < BUFFER_MIN ? 0 : 2 * (len + BUFFER_MIN) + HEADER;
}

enum kg_errc kg_parse_init(struct kg_parse *p, size_t max_depth,
                           const struct kg_parse_ops *ops, void *data)
{
    *p = (struct kg_parse){
        .ops = ops, .data = data, .stacks = stacks(max_depth)};
    return kg_arena_init(&p->arena, OBJECTS + 2 * p->stacks);
}

void kg_parse_finish(struct kg_parse *p)
{
    kg_parse_end(p);
    kg_arena_finish(&p->arena);
}

/* --- a document ------------------------------------------------------------------ */

void kg_parse_begin(struct kg_parse *p)
{
    yajl_alloc_funcs funcs = {
        .malloc = take, .realloc = resize, .free = give_back, .ctx = &p->arena};

    KG_REQUIRE(p->yajl == NULL);
    p->yajl = yajl_alloc(&callbacks, &funcs, p);
}

enum kg_errc kg_parse_feed(struct kg_parse *p, struct kg_str piece)
{
    if (piece.len == 0) {
        return KG_OK;
    }
    if (kg_arena_reserve(&p->arena,
                         p->stacks + copied(piece) + decoded(piece)) != KG_OK) {
        return KG_ENOMEM;
    }
    switch (yajl_parse(p->yajl, (const unsigned char *)piece.ptr, piece.len)) {
    case yajl_status_ok:
        return KG_OK;
    case yajl_status_client_canceled:
        return KG_ECANCELED;
    default:
        return KG_ESYNTAX;
    }
}

size_t kg_parse_at(const struct kg_parse *p)
{
    return yajl_get_bytes_consumed(p->yajl);
}

void kg_parse_end(struct kg_parse *p)
{
    if (p->yajl != NULL) {
        yajl_free(p->yajl);
        p->yajl = NULL;
        kg_arena_reset(&p->arena);
    }
}

int kg_reader_parser_version(void)
{
    return yajl_version();
}
