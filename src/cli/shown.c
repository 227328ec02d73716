/* SPDX-License-Identifier: MIT */
#include "shown.h"

#include <unistd.h>

#include "kubeglean/limits.h"
#include "kubeglean/yaml.h"

const char *const kg_shown_forms[] = {[KG_SHOWN_JSON] = "json",
                                      [KG_SHOWN_YAML] = "yaml",
                                      [KG_SHOWN_NAME] = "name",
                                      [KG_SHOWN_DEED] = NULL};

void kg_shown_init(struct kg_shown *s, enum kg_shown_form form, bool dry_run)
{
    *s = (struct kg_shown){.form = form, .dry_run = dry_run};
    kg_print_init(&s->print, STDOUT_FILENO);
}

enum kg_errc kg_shown_end(struct kg_shown *s)
{
    enum kg_errc err = kg_print_flush(&s->print);

    kg_print_finish(&s->print);
    return err;
}

const char *kg_shown_resource(enum kg_kube_kind kind)
{
    return kind == KG_KUBE_CRONJOB ? "cronjob.batch" : "job.batch";
}

/* Who owns which field is of no interest here, and long. */
static enum kg_errc add_object(struct kg_shown *s, const struct kg_node *object,
                               struct kg_buf *text)
{
    struct kg_node *metadata;
    struct kg_node *bare;
    struct kg_tree t;
    enum kg_errc err = KG_ENOMEM;

    kg_tree_init(&t, KG_LIMIT_RESPONSE);
    bare = kg_tree_copy(&t, object);
    metadata = kg_node_get(bare, "metadata");
    if (metadata != NULL) {
        kg_node_drop(metadata, "managedFields");
    }
    if (bare != NULL && s->form == KG_SHOWN_JSON) {
        err = kg_node_json_lines(bare, text);
    } else if (bare != NULL) {
        err = s->n > 0 ? kg_buf_adds(text, "---\n") : KG_OK;
        err = err == KG_OK ? kg_yaml_write(bare, text) : err;
    }
    kg_tree_finish(&t);
    return err;
}

static enum kg_errc add_line(const struct kg_shown *s,
                             const struct kg_node *object, const char *deed,
                             struct kg_buf *text)
{
    bool is_cronjob =
        kg_str_is(kg_node_str(kg_node_get(object, "kind")), "CronJob");
    struct kg_str name = kg_node_str(kg_node_path(object, "metadata.name"));
    enum kg_errc err = kg_buf_addf(
        text, "%s/%.*s",
        kg_shown_resource(is_cronjob ? KG_KUBE_CRONJOB : KG_KUBE_JOB),
        KG_STR_ARG(name));

    if (err == KG_OK && s->form == KG_SHOWN_DEED) {
        err = kg_buf_addf(text, " %s%s", deed,
                          s->dry_run ? " (server dry run)" : "");
    }
    return err == KG_OK ? kg_buf_addc(text, '\n') : err;
}

/* Each object goes out when it is done, whatever becomes of the next. */
static enum kg_errc pass(struct kg_shown *s, enum kg_errc built,
                         struct kg_buf *text)
{
    if (built == KG_OK) {
        built = kg_print_add(&s->print, kg_buf_str(text));
    }
    if (built == KG_OK) {
        built = kg_print_flush(&s->print);
    }
    kg_buf_finish(text);
    s->n++;
    return built;
}

enum kg_errc kg_shown_add(struct kg_shown *s, const struct kg_node *object,
                          const char *deed)
{
    bool is_whole = s->form == KG_SHOWN_JSON || s->form == KG_SHOWN_YAML;
    struct kg_buf text;

    kg_buf_init(&text, 2 * KG_LIMIT_RESPONSE);
    return pass(s,
                is_whole ? add_object(s, object, &text)
                         : add_line(s, object, deed, &text),
                &text);
}

enum kg_errc kg_shown_deleted(struct kg_shown *s, struct kg_kube_ref ref)
{
    const char *resource = kg_shown_resource(ref.kind);
    struct kg_buf text;
    enum kg_errc err;

    kg_buf_init(&text, KG_LIMIT_URL);
    err = s->form == KG_SHOWN_NAME
              ? kg_buf_addf(&text, "%s/%.*s\n", resource, KG_STR_ARG(ref.name))
              : kg_buf_addf(&text, "%s \"%.*s\" deleted%s\n", resource,
                            KG_STR_ARG(ref.name),
                            s->dry_run ? " (server dry run)" : "");
    return pass(s, err, &text);
}
