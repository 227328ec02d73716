/* JSON text, in the layouts that Python's json.dumps gives it. */
#ifndef KG_GEN_EMIT_H
#define KG_GEN_EMIT_H

#include "kubeglean/buf.h"

enum layout {
    LAYOUT_PRETTY,  /* indent=2 */
    LAYOUT_COMPACT, /* One line, a blank behind commas and colons. */
    LAYOUT_TIGHT,   /* One line without any blank. */
};

struct emit {
    struct kg_buf *out;
    enum layout layout;
    bool crlf;  /* Lines end with CR LF. */
    bool ascii; /* Other characters are written as \uXXXX. */
    unsigned depth;
    bool first; /* Nothing stands yet in the innermost container. */
};

void emit_init(struct emit *e, struct kg_buf *out, enum layout layout);
void emit_open(struct emit *e, char bracket);
void emit_close(struct emit *e, char bracket);
/* What comes before an element of an array: comma, line, indentation. */
void emit_element(struct emit *e);
/* The same, and the name. */
void emit_name(struct emit *e, const char *name);
void emit_string(struct emit *e, const char *text);
/* A number, a literal, or any text that is JSON already. */
void emit_raw(struct emit *e, const char *text);
void emit_number(struct emit *e, uint64_t number);

/* A member each. */
void emit_member_string(struct emit *e, const char *name, const char *text);
void emit_member_raw(struct emit *e, const char *name, const char *text);
void emit_member_number(struct emit *e, const char *name, uint64_t number);
void emit_member_open(struct emit *e, const char *name, char bracket);

#endif /* KG_GEN_EMIT_H */
