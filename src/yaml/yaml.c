/* SPDX-License-Identifier: MIT */
#include "kubeglean/yaml.h"

#include "reader.h"

enum kg_errc kg_yaml_refuse(struct reader *r, uint32_t line, uint32_t column,
                            const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)kg_error_setv(&r->error, KG_ECONFIG, 0, fmt, args);
    va_end(args);
    return kg_error_wrap(&r->error, "%s:%u:%u", r->file, line, column);
}

enum kg_errc kg_yaml_no_memory(struct reader *r)
{
    return kg_error_set(&r->error, KG_ENOMEM, 0, "%s: %s", r->file,
                        kg_errc_text(KG_ENOMEM));
}

enum kg_errc kg_yaml_no_room(struct reader *r)
{
    if (!r->tree->full) {
        return kg_yaml_no_memory(r);
    }
    return kg_error_set(&r->error, KG_ELIMIT, 0,
                        "%s: with its aliases expanded it needs more than %zu "
                        "bytes",
                        r->file, r->tree->max);
}

/* --- errors of libyaml ---------------------------------------------------- */

/* What a place begins with, as far as only ASCII stands before it. */
static struct kg_str text_at(struct kg_str text, size_t line, size_t column)
{
    while (line > 0 && text.ptr != NULL) {
        (void)kg_str_cut(&text, '\n');
        line--;
    }
    return column < text.len ? kg_str_of(text.ptr + column, text.len - column)
                             : kg_str_of("", 0);
}

/* `offset` is within the text. */
static enum kg_errc refuse_byte(struct reader *r, size_t offset,
                                const char *what)
{
    uint32_t line = 1;
    uint32_t column = 1;

    for (const char *c = r->text.ptr; c < r->text.ptr + offset; c++) {
        if (*c == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*c & 0xc0) != 0x80) {
            column++; /* Not within a character. */
        }
    }
    return kg_yaml_refuse(r, line, column, "%s", what);
}

/* Where the quote is, not where the file ends. */
static bool lacks_a_quote(const yaml_parser_t *p)
{
    return p->context != NULL &&
           strcmp(p->context, "while scanning a quoted scalar") == 0;
}

static enum kg_errc refuse_syntax(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    uint32_t line = (uint32_t)p->problem_mark.line + 1;
    uint32_t column = (uint32_t)p->problem_mark.column + 1;
    struct kg_str at =
        text_at(r->text, p->problem_mark.line, p->problem_mark.column);

    if (lacks_a_quote(p)) {
        return kg_yaml_refuse(r, (uint32_t)p->context_mark.line + 1,
                              (uint32_t)p->context_mark.column + 1,
                              "a quote is opened here, and never closed");
    }
    if (kg_str_starts(at, KG_STR("\t"))) {
        return kg_yaml_refuse(r, line, column,
                              "a tab cannot indent: use blanks");
    }
    if (p->context != NULL) {
        return kg_yaml_refuse(r, line, column, "%s %s", p->problem, p->context);
    }
    return kg_yaml_refuse(r, line, column, "%s", p->problem);
}

static enum kg_errc on_error(struct reader *r)
{
    switch (r->parser.error) {
    case YAML_MEMORY_ERROR:
        return kg_yaml_no_memory(r);
    case YAML_READER_ERROR:
        return refuse_byte(r, r->parser.problem_offset, r->parser.problem);
    default:
        return refuse_syntax(r);
    }
}

/* --- reading -------------------------------------------------------------- */

static enum kg_errc read_events(struct reader *r)
{
    enum kg_errc err = KG_OK;
    bool more = true;
    yaml_event_t ev;

    while (err == KG_OK && more) {
        if (yaml_parser_parse(&r->parser, &ev) == 0) {
            return on_error(r);
        }
        more = ev.type != YAML_STREAM_END_EVENT;
        err = kg_yaml_on_event(r, &ev);
        yaml_event_delete(&ev);
    }
    return err;
}

static enum kg_errc check_text(struct reader *r)
{
    size_t valid = kg_str_utf8_span(r->text);

    if (r->text.len > KG_LIMIT_CONFIG) {
        return kg_error_set(&r->error, KG_ELIMIT, 0,
                            "%s: longer than %zu bytes", r->file,
                            KG_LIMIT_CONFIG);
    }
    return valid == r->text.len
               ? KG_OK
               : refuse_byte(r, valid, "not UTF-8: save the file as UTF-8");
}

static enum kg_errc parse(struct reader *r)
{
    enum kg_errc err = check_text(r);

    if (err != KG_OK) {
        return err;
    }
    r->documents = kg_tree_new(r->tree, KG_ARRAY, kg_str_of("", 0));
    if (r->documents == NULL) {
        return kg_yaml_no_room(r);
    }
    if (yaml_parser_initialize(&r->parser) == 0) {
        return kg_yaml_no_memory(r);
    }
    yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text.ptr,
                                 r->text.len);
    err = read_events(r);
    yaml_parser_delete(&r->parser);
    return err;
}

/* libyaml would count the mark as a column. */
static struct kg_str without_mark(struct kg_str text)
{
    bool marked = kg_str_starts(text, KG_STR("\xef\xbb\xbf"));

    return marked ? kg_str_of(text.ptr + 3, text.len - 3) : text;
}

enum kg_errc kg_yaml_parse(struct kg_str text, const char *file,
                           struct kg_tree *t, struct kg_node **ret_documents,
                           struct kg_error *e)
{
    struct reader r = {.text = without_mark(text), .file = file, .tree = t};
    enum kg_errc err;

    kg_map_init(&r.anchors);
    kg_buf_init(&r.number, KG_LIMIT_NUMBER * 2);
    err = parse(&r);
    kg_buf_finish(&r.number);
    kg_yaml_forget_anchors(&r);
    if (err == KG_OK) {
        *ret_documents = r.documents;
    } else if (e != NULL) {
        *e = r.error;
    }
    return err;
}

enum kg_errc kg_yaml_parse_one(struct kg_str text, const char *file,
                               struct kg_tree *t, struct kg_node **ret_root,
                               struct kg_error *e)
{
    struct kg_node *documents;
    enum kg_errc err = kg_yaml_parse(text, file, t, &documents, e);

    if (err != KG_OK) {
        return err;
    }
    if (documents->n_children != 1) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "%s: one document is wanted, %u are there", file,
                            documents->n_children);
    }
    *ret_root = documents->child;
    return KG_OK;
}

const char *kg_yaml_parser_version(void)
{
    return yaml_get_version_string();
}
