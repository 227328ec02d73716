/* SPDX-License-Identifier: MIT */
#include "selector.h"

#include "kubeglean/heap.h"

/* --- labels: key, !key, key=v, key==v, key!=v, key in (v,w), key notin (v) */

static bool is_special(char c)
{
    return strchr("=!(), ", c) != NULL;
}

static void skip_blanks(struct kg_str *s)
{
    *s = kg_str_trim(*s);
}

static struct kg_str word(struct kg_str *s)
{
    struct kg_str w;
    size_t len = 0;

    skip_blanks(s);
    while (len < s->len && !is_special(s->ptr[len])) {
        len++;
    }
    w = kg_str_of(s->ptr, len);
    *s = kg_str_of(s->ptr + len, s->len - len);
    skip_blanks(s);
    return w;
}

static bool eat(struct kg_str *s, const char *text)
{
    if (!kg_str_starts(*s, kg_str_from(text))) {
        return false;
    }
    *s = kg_str_of(s->ptr + strlen(text), s->len - strlen(text));
    skip_blanks(s);
    return true;
}

static enum kg_errc unexpected(struct kg_str s, struct kg_error *e)
{
    return kg_error_set(
        e, KG_ESYNTAX, 0,
        "unable to parse requirement: found '%.*s', expected: identifier",
        s.len > 0 ? 1 : 0, s.ptr);
}

static enum kg_errc value_of(struct kg_str *s, struct sim_term *t,
                             struct kg_error *e)
{
    if (s->len > 0 && is_special(s->ptr[0]) && s->ptr[0] != ',' &&
        s->ptr[0] != ')') {
        return unexpected(*s, e);
    }
    if (t->n_values == SIM_VALUES_MAX) {
        return kg_error_set(e, KG_ELIMIT, 0, "too many values");
    }
    t->values[t->n_values++] = word(s);
    return KG_OK;
}

static enum kg_errc set_of(struct kg_str *s, struct sim_term *t,
                           struct kg_error *e)
{
    enum kg_errc err;

    if (!eat(s, "(")) {
        return unexpected(*s, e);
    }
    do {
        err = value_of(s, t, e);
    } while (err == KG_OK && eat(s, ","));
    if (err == KG_OK && !eat(s, ")")) {
        return unexpected(*s, e);
    }
    return err;
}

static enum kg_errc relation(struct kg_str *s, struct sim_term *t,
                             struct kg_error *e)
{
    t->op = SIM_IN;
    if (eat(s, "==") || eat(s, "=")) {
        return value_of(s, t, e);
    }
    if (eat(s, "in ") || kg_str_starts(*s, KG_STR("in("))) {
        (void)eat(s, "in");
        return set_of(s, t, e);
    }
    t->op = SIM_NOT_IN;
    if (eat(s, "!=")) {
        return value_of(s, t, e);
    }
    if (eat(s, "notin")) {
        return set_of(s, t, e);
    }
    t->op = SIM_HAS;
    return KG_OK;
}

static enum kg_errc label_term(struct kg_str *s, struct sim_term *t,
                               struct kg_error *e)
{
    bool absent;

    *t = (struct sim_term){0};
    skip_blanks(s);
    absent = eat(s, "!");
    t->key = word(s);
    if (t->key.len == 0) {
        return unexpected(*s, e);
    }
    if (absent) {
        t->op = SIM_HAS_NOT;
        return KG_OK;
    }
    return relation(s, t, e);
}

static enum kg_errc parse_labels(struct sim_selector *s, struct kg_str text,
                                 struct kg_error *e)
{
    enum kg_errc err = KG_OK;

    if (kg_str_trim(text).len == 0) {
        return KG_OK;
    }
    do {
        if (s->n_labels == SIM_TERMS_MAX) {
            return kg_error_set(e, KG_ELIMIT, 0, "too many requirements");
        }
        err = label_term(&text, &s->labels[s->n_labels++], e);
    } while (err == KG_OK && eat(&text, ","));
    return err == KG_OK && text.len > 0 ? unexpected(text, e) : err;
}

/* --- fields: name=value, name==value, name!=value ------------------------ */

static bool field_of(const struct sim_version *v, struct kg_str name,
                     struct kg_str *ret_value)
{
    if (kg_str_is(name, "metadata.name")) {
        *ret_value = v->name;
    } else if (kg_str_is(name, "metadata.namespace")) {
        *ret_value = v->ns;
    } else if (kg_str_is(name, "status.phase")) {
        *ret_value = v->phase;
    } else if (kg_str_is(name, "spec.nodeName")) {
        *ret_value = v->node;
    } else {
        return false;
    }
    return true;
}

static bool can_select(struct kg_str name, const char *kind)
{
    static const struct sim_version none;
    struct kg_str value;

    return field_of(&none, name, &value) &&
           (kg_str_starts(name, KG_STR("metadata.")) ||
            kg_str_ends(kg_str_from(kind), KG_STR(".Pod")) ||
            (kg_str_ends(kg_str_from(kind), KG_STR(".Namespace")) &&
             kg_str_is(name, "status.phase")));
}

static enum kg_errc field_term(struct sim_term *t, struct kg_str text,
                               const char *kind, bool modern,
                               struct kg_error *e)
{
    ptrdiff_t not_equal = kg_str_find(text, KG_STR("!="));

    *t = (struct sim_term){.op = not_equal >= 0 ? SIM_NOT_IN : SIM_IN};
    t->key = kg_str_cut(&text, not_equal >= 0 ? '!' : '=');
    if (text.ptr == NULL) {
        return kg_error_set(e, KG_ESYNTAX, 0,
                            "invalid selector: '%.*s'; can't understand "
                            "'%.*s'",
                            KG_STR_ARG(t->key), KG_STR_ARG(t->key));
    }
    if (text.len > 0 && text.ptr[0] == '=') {
        text = kg_str_of(text.ptr + 1, text.len - 1);
    }
    t->values[t->n_values++] = text;
    if (can_select(t->key, kind)) {
        return KG_OK;
    }
    return modern ? kg_error_set(e, KG_EINVALID, 0,
                                 "field label not supported: %.*s",
                                 KG_STR_ARG(t->key))
                  : kg_error_set(e, KG_EINVALID, 0,
                                 "field label \"%.*s\" not supported for %s",
                                 KG_STR_ARG(t->key), kind);
}

static enum kg_errc parse_fields(struct sim_selector *s, struct kg_str text,
                                 const char *kind, bool modern,
                                 struct kg_error *e)
{
    while (text.ptr != NULL) {
        struct kg_str one = kg_str_cut(&text, ',');
        enum kg_errc err;

        if (one.len == 0) {
            continue;
        }
        if (s->n_fields == SIM_TERMS_MAX) {
            return kg_error_set(e, KG_ELIMIT, 0, "too many fields");
        }
        err = field_term(&s->fields[s->n_fields++], one, kind, modern, e);
        if (err != KG_OK) {
            return err;
        }
    }
    return KG_OK;
}

/* --- both ---------------------------------------------------------------- */

enum kg_errc sim_selector_init(struct sim_selector *s, char *labels,
                               char *fields, const char *kind, bool modern,
                               struct kg_error *e)
{
    enum kg_errc err;

    *s = (struct sim_selector){.texts = {labels, fields}};
    err = parse_labels(s, kg_str_from(labels), e);
    if (err == KG_OK) {
        err = parse_fields(s, kg_str_from(fields), kind, modern, e);
    }
    if (err != KG_OK) {
        sim_selector_finish(s);
    }
    return err;
}

void sim_selector_finish(struct sim_selector *s)
{
    kg_free(s->texts[0]);
    kg_free(s->texts[1]);
    *s = (struct sim_selector){0};
}

static bool term_fits(const struct sim_term *t, struct kg_str value)
{
    bool there = value.ptr != NULL;
    bool found = false;

    for (size_t i = 0; i < t->n_values; i++) {
        found = found || kg_str_eq(t->values[i], value);
    }
    switch (t->op) {
    case SIM_IN:
        return there && found;
    case SIM_NOT_IN:
        return !there || !found;
    case SIM_HAS:
        return there;
    case SIM_HAS_NOT:
        return !there;
    }
    return false;
}

bool sim_selector_fits(const struct sim_selector *s,
                       const struct sim_version *v)
{
    for (size_t i = 0; i < s->n_fields; i++) {
        struct kg_str value;

        if (!field_of(v, s->fields[i].key, &value) ||
            !term_fits(&s->fields[i], value)) {
            return false;
        }
    }
    for (size_t i = 0; i < s->n_labels; i++) {
        if (!term_fits(&s->labels[i], sim_version_label(v, s->labels[i].key))) {
            return false;
        }
    }
    return true;
}
