/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"
#include "kubeglean/config.h"
#include "kubeglean/limits.h"
#include "kubeglean/profile.h"
#include "kubeglean/sink.h"

enum { PROFILES_MAX = 32 };

struct schema {
    bool grants, migrate;
    const char *role;
    struct kg_profile *profiles[PROFILES_MAX];
    const struct kg_table_def *tables[PROFILES_MAX];
    size_t n_profiles;
};

static const struct kg_option options[] = {
    {.name = "grants",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct schema, grants),
     .help = "The rights that the agent's role needs instead"},
    {.name = "role",
     .type = KG_OPTION_TEXT,
     .value = "NAME",
     .at = offsetof(struct schema, role),
     .help = "With --grants: the agent's role (default kubeglean)"},
    {.name = "migrate",
     .type = KG_OPTION_FLAG,
     .at = offsetof(struct schema, migrate),
     .help = "With --grants: of a role that makes the tables itself"},
    {0}};

static enum kg_errc load(struct schema *s, const char *name, struct kg_error *e)
{
    enum kg_errc code;

    if (s->n_profiles == PROFILES_MAX) {
        return kg_error_set(e, KG_EUSAGE, 0, "at most %d profiles",
                            PROFILES_MAX);
    }
    code = kg_profile_load(name, &s->profiles[s->n_profiles], e);
    if (code == KG_OK) {
        s->tables[s->n_profiles] = kg_profile_table(s->profiles[s->n_profiles]);
        s->n_profiles++;
    }
    return code;
}

static enum kg_errc load_all(struct schema *s, const struct kg_args *names,
                             struct kg_error *e)
{
    enum kg_errc code = names->n_items == 0 ? load(s, "krr", e) : KG_OK;

    for (size_t i = 0; code == KG_OK && i < names->n_items; i++) {
        code = load(s, names->items[i], e);
    }
    return code;
}

static enum kg_errc print(const struct schema *s, struct kg_error *e)
{
    struct kg_buf out;
    struct kg_str text;
    enum kg_errc code;

    kg_buf_init(&out, KG_LIMIT_CONFIG);
    code = s->grants ? kg_sink_grants(s->tables, s->n_profiles,
                                      kg_str_from(s->role), s->migrate, &out)
                     : kg_sink_ddl(s->tables, s->n_profiles, &out);
    text = kg_buf_str(&out);
    if (code != KG_OK) {
        (void)kg_error_set(e, code, 0, "%s", kg_errc_text(code));
    } else if (fwrite(text.ptr, 1, text.len, stdout) != text.len ||
               fflush(stdout) != 0) {
        code = kg_error_set(e, KG_EIO, 0, "standard output: cannot write");
    }
    kg_buf_finish(&out);
    return code;
}

static enum kg_exit schema(char **args)
{
    struct schema s = {.role = "kubeglean"};
    struct kg_args rest;
    struct kg_error e;
    enum kg_exit code;

    if (!kg_verb_parse(&kg_verb_schema, args, &s, &rest, &code)) {
        return code;
    }
    code = load_all(&s, &rest, &e) == KG_OK && print(&s, &e) == KG_OK
               ? KG_EXIT_DONE
               : kg_verb_failed(&kg_verb_schema, &e);
    for (size_t i = 0; i < s.n_profiles; i++) {
        kg_profile_destroy(s.profiles[i]);
    }
    return code;
}

const struct kg_verb kg_verb_schema = {
    .name = "schema",
    .summary = "Print the DDL of the tables, or the rights they need",
    .synopsis = "[OPTION]... [PROFILE|FILE]...",
    .about =
        "Without a profile: krr. The agent makes its tables itself where it "
        "may; an\nowner who does not let it runs both scripts, and the agent "
        "has \"migrate: false\":\n\n"
        "  kubeglean schema | psql reports\n"
        "  kubeglean schema --grants --role agent | psql reports\n",
    .options = options,
    .run = schema,
};
