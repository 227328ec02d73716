/* SPDX-License-Identifier: MIT */
#include "checked.h"

#include "kubeglean/limits.h"

size_t kg_checked_missing(const struct kg_checked *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_rights; i++) {
        n += !c->rights[i].allowed;
    }
    return n;
}

static const char *cronjobs_of(const struct kg_kube_server *server)
{
    if (!server->has_cronjobs) {
        return "none";
    }
    return server->beta_cronjobs ? "batch/v1beta1" : "batch/v1";
}

/* "pods/log" */
static enum kg_errc add_resource(const struct kg_kube_right *right,
                                 struct kg_buf *out)
{
    bool sub = right->subresource[0] != '\0';

    return kg_buf_addf(out, "%s%s%s", right->resource, sub ? "/" : "",
                       right->subresource);
}

/* --- for people -------------------------------------------------------------------- */

static enum kg_errc add_server(const struct kg_checked *c, struct kg_buf *out)
{
    const struct kg_kubeconfig *k = c->kubeconfig;
    bool context = k->context[0] != '\0';

    return kg_buf_addf(
        out,
        "cluster     %s%s%s\n"
        "from        %s%s%s%s\n"
        "server      %s\n"
        "CronJobs    %s\n"
        "lists       %s\n"
        "logs        %s\n",
        k->cluster, k->cluster[0] != '\0' ? ", " : "", k->server,
        context ? "context " : "", k->context, context ? " of " : "", k->source,
        c->server->version, cronjobs_of(c->server),
        c->server->streams_lists ? "streamed" : "in pages",
        c->server->split_logs ? "standard output alone (stream=Stdout)"
                              : "standard output and error mixed");
}

static enum kg_errc add_right(const struct kg_kube_right *right,
                              struct kg_buf *out)
{
    enum kg_errc err = kg_buf_addf(out, "  %s ", right->verb);
    const char *group = right->group[0] != '\0' ? right->group : "\"\"";

    if (err == KG_OK) {
        err = add_resource(right, out);
    }
    if (err == KG_OK) {
        err = kg_buf_addf(out, "%s%s\n    - {apiGroups: [%s], resources: [",
                          right->group[0] != '\0' ? "." : "", right->group,
                          group);
    }
    if (err == KG_OK) {
        err = add_resource(right, out);
    }
    return err == KG_OK ? kg_buf_addf(out, "], verbs: [%s]}\n", right->verb)
                        : err;
}

/* Those of one namespace; *ret_end is behind them. */
static enum kg_errc add_namespace(const struct kg_checked *c, size_t begin,
                                  struct kg_buf *out, size_t *ret_end)
{
    struct kg_str ns = c->rights[begin].ns;
    size_t n_missing = 0;
    size_t end = begin;
    enum kg_errc err;

    for (; end < c->n_rights && kg_str_eq(c->rights[end].ns, ns); end++) {
        n_missing += !c->rights[end].allowed;
    }
    *ret_end = end;
    if (n_missing == 0) {
        return kg_buf_addf(out, "namespace   %.*s: all %zu rights\n",
                           KG_STR_ARG(ns), end - begin);
    }
    err = kg_buf_addf(out,
                      "namespace   %.*s: %zu of %zu rights are missing; a "
                      "Role's rule for each:\n",
                      KG_STR_ARG(ns), n_missing, end - begin);
    for (size_t i = begin; err == KG_OK && i < end; i++) {
        if (!c->rights[i].allowed) {
            err = add_right(c->rights[i].right, out);
        }
    }
    return err;
}

enum kg_errc kg_checked_text(const struct kg_checked *c, struct kg_buf *out)
{
    enum kg_errc err = add_server(c, out);

    for (size_t i = 0; err == KG_OK && i < c->n_rights;) {
        err = add_namespace(c, i, out, &i);
    }
    return err;
}

/* --- for programs ------------------------------------------------------------------- */

static struct kg_node *list_of(struct kg_tree *t, const char *text)
{
    struct kg_node *list = kg_tree_new(t, KG_ARRAY, KG_STR(""));

    return list != NULL && kg_tree_add(list, kg_tree_string(t, text)) ? list
                                                                      : NULL;
}

static struct kg_node *rule_of(struct kg_tree *t,
                               const struct kg_kube_right *right,
                               const char *resource)
{
    struct kg_node *rule = kg_tree_new(t, KG_OBJECT, KG_STR(""));

    return rule != NULL &&
                   kg_tree_put(t, rule, "apiGroups",
                               list_of(t, right->group)) &&
                   kg_tree_put(t, rule, "resources", list_of(t, resource)) &&
                   kg_tree_put(t, rule, "verbs", list_of(t, right->verb))
               ? rule
               : NULL;
}

static struct kg_node *right_of(struct kg_tree *t,
                                const struct kg_checked_right *r)
{
    struct kg_node *n = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_buf resource;
    const char *name;
    bool ok;

    kg_buf_init(&resource, KG_LIMIT_URL);
    ok = n != NULL && add_resource(r->right, &resource) == KG_OK;
    name = ok ? kg_buf_cstr(&resource) : NULL;
    ok = name != NULL &&
         kg_tree_put(t, n, "namespace", kg_tree_new(t, KG_STRING, r->ns)) &&
         kg_tree_put(t, n, "allowed", kg_tree_bool(t, r->allowed)) &&
         kg_tree_put(t, n, "rule", rule_of(t, r->right, name));
    kg_buf_finish(&resource);
    return ok ? n : NULL;
}

static struct kg_node *server_of(struct kg_tree *t,
                                 const struct kg_kube_server *server)
{
    struct kg_node *n = kg_tree_new(t, KG_OBJECT, KG_STR(""));

    return n != NULL &&
                   kg_tree_put(t, n, "version",
                               kg_tree_string(t, server->version)) &&
                   kg_tree_put(t, n, "cronJobs",
                               kg_tree_string(t, cronjobs_of(server))) &&
                   kg_tree_put(t, n, "streamsLists",
                               kg_tree_bool(t, server->streams_lists)) &&
                   kg_tree_put(t, n, "splitsLogs",
                               kg_tree_bool(t, server->split_logs))
               ? n
               : NULL;
}

static struct kg_node *all_of(struct kg_tree *t, const struct kg_checked *c)
{
    const struct kg_kubeconfig *k = c->kubeconfig;
    struct kg_node *root = kg_tree_new(t, KG_OBJECT, KG_STR(""));
    struct kg_node *rights = kg_tree_new(t, KG_ARRAY, KG_STR(""));
    bool ok = root != NULL && rights != NULL &&
              kg_tree_put(t, root, "source", kg_tree_string(t, k->source)) &&
              kg_tree_put(t, root, "context", kg_tree_string(t, k->context)) &&
              kg_tree_put(t, root, "cluster", kg_tree_string(t, k->cluster)) &&
              kg_tree_put(t, root, "address", kg_tree_string(t, k->server)) &&
              kg_tree_put(t, root, "server", server_of(t, c->server)) &&
              kg_tree_put(t, root, "missing",
                          kg_tree_int(t, (int64_t)kg_checked_missing(c)));

    for (size_t i = 0; ok && i < c->n_rights; i++) {
        ok = kg_tree_add(rights, right_of(t, &c->rights[i]));
    }
    return ok && kg_tree_put(t, root, "rights", rights) ? root : NULL;
}

enum kg_errc kg_checked_json(const struct kg_checked *c, struct kg_buf *out)
{
    struct kg_tree t;
    const struct kg_node *root;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&t, KG_LIMIT_TREE);
    root = all_of(&t, c);
    if (root != NULL) {
        err = kg_node_json(root, out);
    }
    kg_tree_finish(&t);
    return err == KG_OK ? kg_buf_addc(out, '\n') : err;
}
