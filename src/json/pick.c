/* SPDX-License-Identifier: MIT */
/* A push parser of RFC 8259 with one twist: it knows what is wanted. Strings
 * and names of what is not are passed over where they lie, so that an object
 * costs the memory of its wanted parts, however large the rest.
 *
 * `stack` has an entry for each open container; the node is NULL where nothing
 * below is wanted. */
#include "kubeglean/pick.h"

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "scalar.h"
#include "text.h"
#include "want.h"

enum state {
    VALUE,       /* A value, */
    FIRST_VALUE, /* or the end of an array. */
    NAME,        /* A member's name, */
    FIRST_NAME,  /* or the end of an object. */
    COLON,
    NEXT,   /* A comma, or the container's end. */
    TEXT,   /* Inside a string. */
    SCALAR, /* Inside a number or a literal. */
    TOP,    /* Between texts. */
    DEAD,   /* It failed. */
};

struct open {
    struct kg_node *node;       /* NULL: nothing of it is wanted. */
    const struct kg_want *want; /* What, of its members or elements. */
    bool object;
};

struct kg_pick {
    struct kg_wants wants;
    kg_pick_cb cb;
    void *data;
    enum state state;
    bool is_name;               /* The string is a member's name. */
    const struct kg_want *want; /* Of the value that comes; NULL: skip it. */
    struct kg_buf text;         /* String, name or scalar that is wanted. */
    struct kg_buf name;         /* Of the member whose value comes. */
    struct kg_text string;      /* While it is read. */
    struct kg_tree whole;       /* The text's tree, */
    struct kg_tree element;     /* and the element's. */
    size_t element_depth;       /* Of the one under way; 0: none. */
    uint64_t offset;            /* Bytes read so far. */
    size_t depth;
    enum kg_errc failed;
    struct open stack[KG_LIMIT_DEPTH];
};

/* --- what is kept ------------------------------------------------------------ */

static struct kg_tree *tree_of(struct kg_pick *p)
{
    return p->element_depth > 0 ? &p->element : &p->whole;
}

static struct open *parent_of(struct kg_pick *p)
{
    return p->depth > 0 ? &p->stack[p->depth - 1] : NULL;
}

/* Puts a value where it belongs; *ret_node stays NULL if it is not kept. */
static enum kg_errc keep(struct kg_pick *p, enum kg_kind kind,
                         struct kg_str text, struct kg_node **ret_node)
{
    struct open *parent = parent_of(p);
    struct kg_tree *tree = tree_of(p);
    struct kg_node *node = kg_tree_new(tree, kind, text);
    bool added = true;

    if (node != NULL && parent != NULL && !p->want->deliver) {
        added = parent->object ? kg_tree_append(tree, parent->node,
                                                kg_buf_str(&p->name), node)
                               : kg_tree_add(parent->node, node);
    }
    if (node == NULL || !added) {
        return tree->full ? KG_ELIMIT : KG_ENOMEM;
    }
    *ret_node = node;
    return KG_OK;
}

/* What was a string, say, where parts of an object are wanted, is no tree. */
static enum kg_errc deliver(struct kg_pick *p, enum kg_pick_kind kind,
                            const struct kg_tree *tree)
{
    return tree->root != NULL ? p->cb(p->data, kind, tree->root) : KG_OK;
}

static enum kg_errc deliver_element(struct kg_pick *p)
{
    enum kg_errc err = deliver(p, KG_PICK_ELEMENT, &p->element);

    kg_tree_finish(&p->element);
    p->element_depth = 0;
    return err;
}

static enum kg_errc deliver_text(struct kg_pick *p)
{
    enum kg_errc err = deliver(p, KG_PICK_TEXT, &p->whole);

    kg_tree_finish(&p->whole);
    kg_buf_shrink(&p->text, 4 * KG_KIB); /* Of one large string. */
    p->state = TOP;
    return err;
}

/* A value begins: from here to its end an element has a tree of its own. */
static void begin_value(struct kg_pick *p)
{
    if (p->want != NULL && p->want->deliver) {
        p->element_depth = p->depth + 1;
    }
}

static enum kg_errc end_value(struct kg_pick *p)
{
    enum kg_errc err = KG_OK;

    if (p->element_depth == p->depth + 1) {
        err = deliver_element(p);
    }
    if (err == KG_OK && p->depth == 0) {
        return deliver_text(p);
    }
    p->state = NEXT;
    return err;
}

/* --- values ------------------------------------------------------------------ */

/* An object is kept if members of it are wanted, or all of it. */
static bool is_wanted(const struct kg_want *w, bool object)
{
    return w != NULL &&
           (w->whole || (object ? w->child != NULL : w->each != NULL));
}

static enum kg_errc open_container(struct kg_pick *p, bool object)
{
    struct open o = {.object = object};
    enum kg_errc err = KG_OK;

    if (p->depth == KG_COUNT_OF(p->stack)) {
        return KG_ELIMIT;
    }
    begin_value(p);
    if (is_wanted(p->want, object)) {
        err = keep(p, object ? KG_OBJECT : KG_ARRAY, kg_str_of("", 0), &o.node);
        o.want = p->want;
    }
    p->stack[p->depth++] = o;
    p->state = object ? FIRST_NAME : FIRST_VALUE;
    p->want = object ? NULL : kg_want_element(o.want);
    return err;
}

static enum kg_errc close_container(struct kg_pick *p, char c)
{
    if (p->depth == 0 || (c == '}') != parent_of(p)->object) {
        return KG_ESYNTAX;
    }
    p->depth--;
    return end_value(p);
}

static enum kg_errc comma(struct kg_pick *p)
{
    struct open *parent = parent_of(p);

    KG_REQUIRE(parent != NULL); /* Outside, a comma is no token. */
    p->state = parent->object ? NAME : VALUE;
    p->want = parent->object ? NULL : kg_want_element(parent->want);
    return KG_OK;
}

/* False when `text` is no scalar. */
static bool kind_of(struct kg_str text, enum kg_kind *ret_kind)
{
    static const enum kg_kind kinds[] = {
        [KG_SCALAR_NULL] = KG_NULL,
        [KG_SCALAR_TRUE] = KG_BOOL,
        [KG_SCALAR_FALSE] = KG_BOOL,
        [KG_SCALAR_NUMBER] = KG_NUMBER,
    };
    enum kg_scalar scalar = kg_scalar_of(text);

    if (scalar == KG_SCALAR_NONE || scalar == KG_SCALAR_NAN) {
        return false;
    }
    *ret_kind = kinds[scalar];
    return true;
}

static enum kg_errc end_scalar(struct kg_pick *p)
{
    struct kg_str text = kg_buf_str(&p->text);
    struct kg_node *node;
    enum kg_kind kind;
    enum kg_errc err = KG_OK;

    if (!kind_of(text, &kind)) {
        return KG_ESYNTAX;
    }
    begin_value(p);
    if (p->want != NULL && p->want->whole) {
        err = keep(p, kind, kind == KG_NULL ? kg_str_of("", 0) : text, &node);
    }
    return err == KG_OK ? end_value(p) : err;
}

static enum kg_errc end_string(struct kg_pick *p)
{
    struct kg_str text = kg_buf_str(&p->text);
    struct kg_node *node;
    enum kg_errc err = KG_OK;

    if (kg_str_utf8_span(text) != text.len) {
        return KG_ESYNTAX;
    }
    if (p->is_name) {
        p->want = kg_want_member(p->stack[p->depth - 1].want, text);
        p->state = COLON;
        kg_buf_reset(&p->name);
        return p->want != NULL ? kg_buf_add(&p->name, text) : KG_OK;
    }
    begin_value(p);
    if (p->want != NULL && p->want->whole) {
        err = keep(p, KG_STRING, text, &node);
    }
    return err == KG_OK ? end_value(p) : err;
}

/* --- strings ----------------------------------------------------------------- */

static bool is_kept(const struct kg_pick *p)
{
    return p->is_name ? p->stack[p->depth - 1].want != NULL
                      : p->want != NULL && p->want->whole;
}

static enum kg_errc begin_string(struct kg_pick *p, bool is_name)
{
    p->is_name = is_name;
    p->state = TEXT;
    kg_buf_reset(&p->text);
    kg_text_begin(&p->string, is_kept(p) ? &p->text : NULL);
    return KG_OK;
}

static enum kg_errc read_string(struct kg_pick *p, struct kg_str s,
                                size_t *ret_len)
{
    enum kg_errc err = kg_text_read(&p->string, s, ret_len);

    return err == KG_OK && p->string.state == KG_TEXT_OVER ? end_string(p)
                                                           : err;
}

/* --- bytes ------------------------------------------------------------------- */

static enum kg_errc value(struct kg_pick *p, char c)
{
    if (c == '{' || c == '[') {
        return open_container(p, c == '{');
    }
    if (c == '"') {
        return begin_string(p, false);
    }
    if (c == ']' && p->state == FIRST_VALUE) {
        return close_container(p, c);
    }
    if (!kg_scalar_has((uint8_t)c)) {
        return KG_ESYNTAX;
    }
    p->state = SCALAR;
    kg_buf_reset(&p->text);
    return kg_buf_addc(&p->text, c);
}

static enum kg_errc begin_name(struct kg_pick *p, char c)
{
    return c == '"' ? begin_string(p, true) : KG_ESYNTAX;
}

static enum kg_errc punctuation(struct kg_pick *p, char c)
{
    switch (p->state) {
    case TOP:
        p->want = p->wants.top;
        return value(p, c);
    case VALUE:
    case FIRST_VALUE:
        return value(p, c);
    case FIRST_NAME:
        return c == '}' ? close_container(p, c) : begin_name(p, c);
    case NAME:
        return begin_name(p, c);
    case COLON:
        p->state = VALUE;
        return c == ':' ? KG_OK : KG_ESYNTAX;
    case NEXT:
        if (c == '}' || c == ']') {
            return close_container(p, c);
        }
        return c == ',' ? comma(p) : KG_ESYNTAX;
    default:
        return KG_ESYNTAX;
    }
}

/* Reads from the front of `s`, at least a byte unless a scalar ends there. */
static enum kg_errc read_some(struct kg_pick *p, struct kg_str s,
                              size_t *ret_len)
{
    char c = s.ptr[0];

    *ret_len = 1;
    switch (p->state) {
    case TEXT:
        return read_string(p, s, ret_len);
    case SCALAR:
        if (kg_scalar_has((uint8_t)c)) {
            return kg_buf_len(&p->text) < KG_LIMIT_NUMBER
                       ? kg_buf_addc(&p->text, c)
                       : KG_ELIMIT;
        }
        *ret_len = 0;
        return end_scalar(p);
    default:
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
            return KG_OK;
        }
        return punctuation(p, c);
    }
}

static enum kg_errc fail(struct kg_pick *p, enum kg_errc err,
                         struct kg_error *e)
{
    p->state = DEAD;
    p->failed = err;
    return kg_error_set(e, err, 0, "JSON at byte %llu: %s",
                        (unsigned long long)p->offset, kg_errc_text(err));
}

enum kg_errc kg_pick_feed(struct kg_pick *p, struct kg_str bytes,
                          struct kg_error *e)
{
    if (p->state == DEAD) {
        return fail(p, p->failed, e);
    }
    while (bytes.len > 0) {
        size_t len = 0;
        enum kg_errc err = read_some(p, bytes, &len);

        if (err != KG_OK) {
            return fail(p, err, e);
        }
        bytes = kg_str_of(bytes.ptr + len, bytes.len - len);
        p->offset += len;
    }
    return KG_OK;
}

enum kg_errc kg_pick_end(struct kg_pick *p, struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    if (p->state == DEAD) {
        return fail(p, p->failed, e);
    }
    if (p->state == SCALAR && p->depth == 0) {
        err = end_scalar(p);
    }
    if (err == KG_OK && p->state != TOP) {
        err = KG_ESYNTAX;
    }
    return err == KG_OK ? KG_OK : fail(p, err, e);
}

void kg_pick_reset(struct kg_pick *p)
{
    kg_tree_finish(&p->whole);
    kg_tree_finish(&p->element);
    kg_buf_reset(&p->text);
    p->element_depth = 0;
    p->depth = 0;
    p->offset = 0;
    p->state = TOP;
}

enum kg_errc kg_pick_create(const struct kg_pick_def *def, kg_pick_cb cb,
                            void *data, struct kg_pick **ret_pick)
{
    struct kg_pick *p = kg_calloc(1, sizeof(*p));

    if (p == NULL || kg_wants_init(&p->wants, def) != KG_OK) {
        kg_free(p);
        return KG_ENOMEM;
    }
    p->cb = cb;
    p->data = data;
    kg_buf_init(&p->text, KG_LIMIT_STRING);
    kg_buf_init(&p->name, KG_LIMIT_KEY);
    kg_tree_init(&p->whole, def->max_bytes);
    kg_tree_init(&p->element, def->max_bytes);
    kg_pick_reset(p);
    *ret_pick = p;
    return KG_OK;
}

void kg_pick_destroy(struct kg_pick *p)
{
    if (p == NULL) {
        return;
    }
    kg_tree_finish(&p->whole);
    kg_tree_finish(&p->element);
    kg_buf_finish(&p->text);
    kg_buf_finish(&p->name);
    kg_wants_finish(&p->wants);
    kg_free(p);
}
