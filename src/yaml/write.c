/* SPDX-License-Identifier: MIT */
/* A tree as libyaml's events. What libyaml writes goes to the buffer at once. */
#include <yaml.h>

#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"
#include "scalar.h"

struct writer {
    yaml_emitter_t emitter;
    struct kg_buf *out;
    struct kg_buf number; /* What a plain text would be as a number. */
    enum kg_errc err;     /* Why the buffer took no more. */
};

static int on_text(void *data, unsigned char *text, size_t len)
{
    struct writer *w = data;

    w->err = kg_buf_add(w->out, kg_str_of((const char *)text, len));
    return w->err == KG_OK;
}

/* Takes `ev` over. libyaml fails for lack of memory alone, or because we did. */
static enum kg_errc emit(struct writer *w, int made, yaml_event_t *ev)
{
    if (made != 0 && yaml_emitter_emit(&w->emitter, ev) != 0) {
        return KG_OK;
    }
    return w->err != KG_OK ? w->err : KG_ENOMEM;
}

/* "2026-11-22" is a date and "12:30" a number in base 60 to some. */
static bool is_like_a_date(struct kg_str s)
{
    static const char parts[] = "0123456789-:+.TtZz ";
    size_t n = 0;

    while (n < s.len && strchr(parts, s.ptr[n]) != NULL && s.ptr[n] != '\0') {
        n++;
    }
    return n == s.len && n > 0 && s.ptr[0] >= '0' && s.ptr[0] <= '9';
}

static bool needs_quotes(struct writer *w, struct kg_str s)
{
    static const char *const words[] = {"<<", "=", NULL};
    enum kg_kind kind;
    struct kg_str text;

    return kg_str_which(s, words) >= 0 || is_like_a_date(s) ||
           kg_yaml_scalar(s, &w->number, &kind, &text) != KG_OK ||
           kind != KG_STRING;
}

static yaml_scalar_style_t style_of(struct writer *w, enum kg_kind kind,
                                    struct kg_str text)
{
    if (kind != KG_STRING) {
        return YAML_PLAIN_SCALAR_STYLE;
    }
    if (text.len > 0 && memchr(text.ptr, '\n', text.len) != NULL) {
        return YAML_LITERAL_SCALAR_STYLE;
    }
    return needs_quotes(w, text) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                 : YAML_PLAIN_SCALAR_STYLE;
}

static enum kg_errc write_scalar(struct writer *w, enum kg_kind kind,
                                 struct kg_str text)
{
    yaml_event_t ev;
    int made;

    if (kind == KG_NULL) {
        text = KG_STR("null");
    }
    made = yaml_scalar_event_initialize(
        &ev, NULL, NULL, (const yaml_char_t *)(text.len > 0 ? text.ptr : ""),
        (int)text.len, 1, 1, style_of(w, kind, text));
    return emit(w, made, &ev);
}

static enum kg_errc open_collection(struct writer *w, enum kg_kind kind)
{
    yaml_event_t ev;
    int made = kind == KG_OBJECT
                   ? yaml_mapping_start_event_initialize(
                         &ev, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE)
                   : yaml_sequence_start_event_initialize(
                         &ev, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);

    return emit(w, made, &ev);
}

static enum kg_errc close_collection(struct writer *w, enum kg_kind kind)
{
    yaml_event_t ev;
    int made = kind == KG_OBJECT ? yaml_mapping_end_event_initialize(&ev)
                                 : yaml_sequence_end_event_initialize(&ev);

    return emit(w, made, &ev);
}

static enum kg_errc write_node(struct writer *w, const struct kg_node *n)
{
    enum kg_errc err;

    if (n->kind != KG_OBJECT && n->kind != KG_ARRAY) {
        return write_scalar(w, n->kind, n->text);
    }
    err = open_collection(w, n->kind);
    for (const struct kg_node *c = n->child; err == KG_OK && c != NULL;
         c = c->next) {
        if (n->kind == KG_OBJECT) {
            err = write_scalar(w, KG_STRING, c->name);
        }
        if (err == KG_OK) {
            err = write_node(w, c);
        }
    }
    return err == KG_OK ? close_collection(w, n->kind) : err;
}

static enum kg_errc write_document(struct writer *w, const struct kg_node *n)
{
    yaml_event_t ev;
    enum kg_errc err = emit(
        w, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING), &ev);

    if (err == KG_OK) {
        err = emit(
            w, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, 1),
            &ev);
    }
    if (err == KG_OK) {
        err = write_node(w, n);
    }
    if (err == KG_OK) {
        err = emit(w, yaml_document_end_event_initialize(&ev, 1), &ev);
    }
    return err == KG_OK ? emit(w, yaml_stream_end_event_initialize(&ev), &ev)
                        : err;
}

enum kg_errc kg_yaml_write(const struct kg_node *n, struct kg_buf *out)
{
    struct writer w = {.out = out};
    enum kg_errc err;

    if (yaml_emitter_initialize(&w.emitter) == 0) {
        return KG_ENOMEM;
    }
    kg_buf_init(&w.number, KG_LIMIT_NUMBER * 2);
    yaml_emitter_set_output(&w.emitter, on_text, &w);
    yaml_emitter_set_unicode(&w.emitter, 1);
    yaml_emitter_set_width(&w.emitter, -1);
    err = write_document(&w, n);
    yaml_emitter_delete(&w.emitter);
    kg_buf_finish(&w.number);
    return err;
}
