/* SPDX-License-Identifier: MIT */
/* Whom the user acts for: the header lines of each request. */
#include "conf.h"
#include "kubeglean/http.h"
#include "kubeglean/limits.h"

struct lines {
    struct kg_buf text;
    bool user; /* There is one. */
};

static bool fits_a_header(struct kg_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.ptr[i] < ' ' || s.ptr[i] == 0x7f) {
            return false;
        }
    }
    return s.len > 0;
}

static enum kg_errc add(struct kg_conf *conf, struct lines *l, const char *name,
                        struct kg_str value)
{
    if (!fits_a_header(value)) {
        return kg_error_set(conf->e, KG_ECONFIG, 0,
                            "%s: is empty, or holds a control character", name);
    }
    if (kg_buf_addf(&l->text, "%s%s: %.*s",
                    kg_buf_len(&l->text) > 0 ? "\n" : "", name,
                    KG_STR_ARG(value)) != KG_OK) {
        return kg_conf_no_memory(conf);
    }
    return KG_OK;
}

/* A string, or each string of an array. */
static enum kg_errc add_all(const struct kg_conf_object *o, struct lines *l,
                            const char *header, const struct kg_node *values)
{
    const struct kg_node *v = values->child;
    enum kg_errc err = KG_OK;

    if (values->kind != KG_ARRAY) {
        return kg_conf_wrong(o, values, "%.*s: must be a list, not %s",
                             KG_STR_ARG(values->name),
                             kg_kind_name(values->kind));
    }
    for (; err == KG_OK && v != NULL; v = v->next) {
        if (v->kind != KG_STRING || !fits_a_header(v->text)) {
            return kg_conf_wrong(o, v,
                                 "%.*s: must be texts without control "
                                 "characters",
                                 KG_STR_ARG(values->name));
        }
        err = add(o->conf, l, header, v->text);
    }
    return err;
}

/* A name's bytes that no header's name can have are %XX, as in client-go. */
static enum kg_errc add_extra(const struct kg_conf_object *o, struct lines *l,
                              const struct kg_node *values)
{
    struct kg_buf header;
    enum kg_errc err;

    kg_buf_init(&header, KG_LIMIT_URL);
    err = kg_buf_adds(&header, "Impersonate-Extra-");
    if (err == KG_OK) {
        err = kg_http_escape(&header, values->name);
    }
    if (err != KG_OK || kg_buf_cstr(&header) == NULL) {
        err = kg_conf_no_memory(o->conf);
    } else {
        err = add_all(o, l, kg_buf_str(&header).ptr, values);
    }
    kg_buf_finish(&header);
    return err;
}

static enum kg_errc add_extras(const struct kg_conf_object *o, struct lines *l)
{
    const struct kg_node *extra = kg_node_get(o->node, "as-user-extra");
    enum kg_errc err = KG_OK;

    if (extra == NULL || extra->kind == KG_NULL) {
        return KG_OK;
    }
    if (extra->kind != KG_OBJECT) {
        return kg_conf_wrong(o, extra, "as-user-extra: must be a map, not %s",
                             kg_kind_name(extra->kind));
    }
    for (const struct kg_node *n = extra->child; err == KG_OK && n != NULL;
         n = n->next) {
        err = add_extra(o, l, n);
    }
    return err;
}

static enum kg_errc add_groups(const struct kg_conf_object *o, struct lines *l)
{
    const struct kg_kubeconfig_overrides *over = o->conf->over;
    const struct kg_node *groups = kg_node_get(o->node, "as-groups");
    enum kg_errc err = KG_OK;

    if (over->n_as_groups == 0) {
        return groups != NULL && groups->kind != KG_NULL
                   ? add_all(o, l, "Impersonate-Group", groups)
                   : KG_OK;
    }
    for (size_t i = 0; err == KG_OK && i < over->n_as_groups; i++) {
        err = add(o->conf, l, "Impersonate-Group",
                  kg_str_from(over->as_groups[i]));
    }
    return err;
}

/* A text of the user, or the option that takes its place. */
static enum kg_errc add_text(const struct kg_conf_object *o, struct lines *l,
                             const char *header, const char *name,
                             const char *option)
{
    const char *text;
    enum kg_errc err = kg_conf_text(o, name, &text);

    if (err == KG_OK && option != NULL) {
        text = option;
    }
    return err == KG_OK && text != NULL
               ? add(o->conf, l, header, kg_str_from(text))
               : err;
}

static enum kg_errc add_lines(const struct kg_conf_object *o, struct lines *l)
{
    const struct kg_kubeconfig_overrides *over = o->conf->over;
    enum kg_errc err = add_text(o, l, "Impersonate-User", "as", over->as);

    l->user = kg_buf_len(&l->text) > 0;
    if (err == KG_OK) {
        err = add_text(o, l, "Impersonate-Uid", "as-uid", over->as_uid);
    }
    if (err == KG_OK) {
        err = add_groups(o, l);
    }
    return err == KG_OK ? add_extras(o, l) : err;
}

enum kg_errc kg_conf_as(const struct kg_conf_object *user)
{
    struct kg_conf *conf = user->conf;
    struct lines l = {.user = false};
    enum kg_errc err;

    kg_buf_init(&l.text, KG_LIMIT_HEADERS);
    err = add_lines(user, &l);
    if (err == KG_OK && kg_buf_len(&l.text) > 0 && !l.user) {
        err = kg_error_set(conf->e, KG_ECONFIG, 0,
                           "%s: groups, a uid or extras are asked for, but "
                           "nobody to act as: add --as",
                           conf->k->source);
    }
    if (err == KG_OK && l.user) {
        conf->k->impersonate =
            kg_conf_keep(conf, "%.*s", KG_STR_ARG(kg_buf_str(&l.text)));
        err = conf->k->impersonate != NULL ? KG_OK : kg_conf_no_memory(conf);
    }
    kg_buf_finish(&l.text);
    return err;
}
