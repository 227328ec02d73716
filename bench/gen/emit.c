/* SPDX-License-Identifier: MIT */
#include "emit.h"

#include <string.h>

/* A generator that has no memory has nothing to do. */
static void must(enum kg_errc err)
{
    KG_REQUIRE(err == KG_OK);
}

void emit_init(struct emit *e, struct kg_buf *out, enum layout layout)
{
    *e = (struct emit){.out = out, .layout = layout, .first = true};
}

static void new_line(struct emit *e)
{
    if (e->layout != LAYOUT_PRETTY) {
        return;
    }
    must(kg_buf_adds(e->out, e->crlf ? "\r\n" : "\n"));
    for (unsigned i = 0; i < e->depth; i++) {
        must(kg_buf_adds(e->out, "  "));
    }
}

void emit_open(struct emit *e, char bracket)
{
    must(kg_buf_addc(e->out, bracket));
    e->depth++;
    e->first = true;
}

void emit_close(struct emit *e, char bracket)
{
    bool empty = e->first;

    e->depth--;
    e->first = false;
    if (!empty) {
        new_line(e);
    }
    must(kg_buf_addc(e->out, bracket));
}

void emit_element(struct emit *e)
{
    if (!e->first) {
        must(kg_buf_adds(e->out, e->layout == LAYOUT_COMPACT ? ", " : ","));
    }
    e->first = false;
    new_line(e);
}

void emit_name(struct emit *e, const char *name)
{
    emit_element(e);
    emit_string(e, name);
    must(kg_buf_adds(e->out, e->layout == LAYOUT_TIGHT ? ":" : ": "));
}

/* The first character of valid UTF-8; moves `*text` behind it. */
static uint32_t take_character(const char **text)
{
    const unsigned char *c = (const unsigned char *)*text;
    unsigned more = c[0] < 0x80 ? 0 : c[0] < 0xe0 ? 1 : c[0] < 0xf0 ? 2 : 3;
    uint32_t code = more == 0 ? c[0] : c[0] & (0x3fU >> more);

    for (unsigned i = 1; i <= more; i++) {
        code = code << 6 | (c[i] & 0x3fU);
    }
    *text += more + 1;
    return code;
}

static void emit_escaped(struct emit *e, const char *text)
{
    must(kg_buf_addc(e->out, '"'));
    while (*text != '\0') {
        uint32_t code = take_character(&text);

        if (code < 0x80) {
            if (code == '"' || code == '\\') {
                must(kg_buf_addc(e->out, '\\'));
            }
            must(kg_buf_addc(e->out, (char)code));
        } else if (code < 0x10000) {
            must(kg_buf_addf(e->out, "\\u%04x", code));
        } else {
            code -= 0x10000;
            must(kg_buf_addf(e->out, "\\u%04x\\u%04x", 0xd800 + (code >> 10),
                             0xdc00 + (code & 0x3ff)));
        }
    }
    must(kg_buf_addc(e->out, '"'));
}

void emit_string(struct emit *e, const char *text)
{
    if (e->ascii) {
        emit_escaped(e, text);
    } else {
        must(kg_buf_add_json(e->out, kg_str_from(text)));
    }
}

void emit_raw(struct emit *e, const char *text)
{
    must(kg_buf_adds(e->out, text));
}

void emit_number(struct emit *e, uint64_t number)
{
    must(kg_buf_addf(e->out, "%llu", (unsigned long long)number));
}

void emit_member_string(struct emit *e, const char *name, const char *text)
{
    emit_name(e, name);
    emit_string(e, text);
}

void emit_member_raw(struct emit *e, const char *name, const char *text)
{
    emit_name(e, name);
    emit_raw(e, text);
}

void emit_member_number(struct emit *e, const char *name, uint64_t number)
{
    emit_name(e, name);
    emit_number(e, number);
}

void emit_member_open(struct emit *e, const char *name, char bracket)
{
    emit_name(e, name);
    emit_open(e, bracket);
}
