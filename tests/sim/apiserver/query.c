/* SPDX-License-Identifier: MIT */
#include "http.h"
#include "json.h"
#include "kubeglean/heap.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char *decode(struct kg_str s)
{
    char *out = sim_cstr(s);
    size_t to = 0;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '%' && i + 2 < s.len && hex(s.ptr[i + 1]) >= 0 &&
            hex(s.ptr[i + 2]) >= 0) {
            c = (char)(hex(s.ptr[i + 1]) * 16 + hex(s.ptr[i + 2]));
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[to++] = c;
    }
    out[to] = '\0';
    return out;
}

char *sim_query(struct kg_str query, const char *name)
{
    while (query.ptr != NULL) {
        struct kg_str value = kg_str_cut(&query, '&');
        struct kg_str key = kg_str_cut(&value, '=');

        if (kg_str_is(key, name)) {
            return decode(value);
        }
    }
    return NULL;
}

bool sim_query_int(struct kg_str query, const char *name, int64_t *ret_value)
{
    char *text = sim_query(query, name);
    bool good = text != NULL && kg_str_to_i64(kg_str_from(text), ret_value);

    kg_free(text);
    return good;
}

bool sim_query_true(struct kg_str query, const char *name)
{
    char *text = sim_query(query, name);
    bool yes =
        text != NULL && strcmp(text, "0") != 0 && strcmp(text, "false") != 0;

    kg_free(text);
    return yes;
}
