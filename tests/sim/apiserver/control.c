/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "kubeglean/heap.h"
#include "lists.h"
#include "stats.h"
#include "verbs.h"

enum { TEXT_MAX = 1024 * 1024, TREE_MAX = 16 * 1024 * 1024 };

static void say(struct sim_call *c, int status, struct kg_str text)
{
    sim_answer(c->conn, status, "application/json", NULL, text);
}

/* --- faults -------------------------------------------------------------------- */

static void add_faults(struct sim_call *c)
{
    struct kg_error e;
    struct kg_tree t;
    enum kg_errc err = KG_OK;
    const struct kg_node *one;

    kg_tree_init(&t, TREE_MAX);
    err = sim_json_parse(&t, c->req->body, &e);
    if (err == KG_OK && t.root->kind == KG_ARRAY) {
        for (one = t.root->child; one != NULL && err == KG_OK;
             one = one->next) {
            err = sim_faults_add(&c->sim->faults, one, &e);
        }
    } else if (err == KG_OK) {
        err = sim_faults_add(&c->sim->faults, t.root, &e);
    }
    kg_tree_finish(&t);
    if (err == KG_OK) {
        say(c, 200, KG_STR("{}\n"));
    } else {
        say(c, 400, kg_str_from(e.text));
    }
}

static void faults(struct sim_call *c)
{
    if (strcmp(c->req->method, "DELETE") == 0) {
        sim_faults_clear(&c->sim->faults);
        say(c, 200, KG_STR("{}\n"));
    } else {
        add_faults(c);
    }
}

/* {"path": PREFIX, "do": "close"}: streams that are open now. */
static void break_streams(struct sim_call *c)
{
    enum sim_harm harm;
    struct kg_buf b;
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    kg_buf_init(&b, TEXT_MAX);
    if (sim_json_parse(&t, c->req->body, NULL) == KG_OK &&
        sim_harm_parse(kg_node_str(kg_node_get(t.root, "do")), &harm)) {
        unsigned n = sim_server_harm(
            &c->sim->server, kg_node_str(kg_node_get(t.root, "path")), harm);

        sim_require(kg_buf_addf(&b, "{\"streams\":%u}\n", n));
        say(c, 200, kg_buf_str(&b));
    } else {
        say(c, 400, KG_STR("\"do\" is close, reset, stall or end\n"));
    }
    kg_buf_finish(&b);
    kg_tree_finish(&t);
}

/* {"user": U, "token": T}: T is U's token from now on, no other. */
static void change_token(struct sim_call *c)
{
    struct sim_config *config = &c->sim->config;
    struct kg_tree t;
    bool found = false;

    kg_tree_init(&t, TREE_MAX);
    if (sim_json_parse(&t, c->req->body, NULL) == KG_OK) {
        struct kg_str user = kg_node_str(kg_node_get(t.root, "user"));

        for (size_t i = 0; i < config->n_tokens; i++) {
            struct sim_token *token = &config->tokens[i];

            if (kg_str_is(user, token->user)) {
                kg_free(token->text);
                token->text =
                    sim_cstr(kg_node_str(kg_node_get(t.root, "token")));
                found = true;
            }
        }
    }
    kg_tree_finish(&t);
    say(c, found ? 200 : 400,
        found ? KG_STR("{}\n") : KG_STR("no such user\n"));
}

/* --- the rest --------------------------------------------------------------------- */

static void compact(struct sim_call *c)
{
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    if (c->req->body.len > 0 &&
        sim_json_parse(&t, c->req->body, NULL) == KG_OK) {
        c->sim->watchers.gone_as_status =
            kg_str_is(kg_node_str(kg_node_get(t.root, "as")), "status");
    }
    kg_tree_finish(&t);
    sim_store_compact(&c->sim->store);
    sim_lists_forget(c->sim);
    say(c, 200, KG_STR("{}\n"));
}

static void put_objects(struct sim_call *c, struct kg_buf *b)
{
    for (size_t i = 0; i < SIM_RESOURCE_NR; i++) {
        sim_require(kg_buf_addf(b, "%s\"%s\":%zu", i > 0 ? "," : "",
                                sim_kinds[i].plural,
                                c->sim->store.resources[i].n_objects));
    }
}

/* Of this program alone: getrusage() remembers who started it. */
static long resident_max_kib(void)
{
    FILE *f = fopen("/proc/self/status", "re");
    char line[200];
    long kib = 0;

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtol(line + 6, NULL, 10);
        }
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return kib;
}

static void stats(struct sim_call *c)
{
    struct sim *s = c->sim;
    struct rusage usage;
    struct kg_buf b;

    (void)getrusage(RUSAGE_SELF, &usage);
    kg_buf_init(&b, TEXT_MAX);
    sim_require(kg_buf_adds(&b, "{\"requests\":{"));
    sim_stats_json(&s->stats, &b);
    sim_require(kg_buf_adds(&b, "},\"objects\":{"));
    put_objects(c, &b);
    sim_require(kg_buf_addf(
        &b,
        "},\"resourceVersion\":%llu,\"connections\":%u,\"streams\":%u,"
        "\"watches\":%u,\"watchesDropped\":%llu,\"logs\":%llu,"
        "\"faultsMet\":%llu,\"bytesSent\":%llu,\"maxResidentKiB\":%ld,"
        "\"cpuMs\":%lld}\n",
        (unsigned long long)s->store.rv, s->server.n_conns, s->server.n_streams,
        s->watchers.n_watches, (unsigned long long)s->watchers.n_dropped,
        (unsigned long long)s->n_logs, (unsigned long long)s->faults.n_met,
        (unsigned long long)s->server.bytes_sent, resident_max_kib(),
        (long long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
            (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000));
    say(c, 200, kg_buf_str(&b));
    kg_buf_finish(&b);
}

static void ends(struct sim_call *c)
{
    struct kg_buf b;

    kg_buf_init(&b, TEXT_MAX);
    sim_ends_json(&c->sim->ends, &b);
    say(c, 200, kg_buf_str(&b));
    kg_buf_finish(&b);
}

/* Everything goes but the namespace `default`; resourceVersions go on. */
static void reset(struct sim_call *c)
{
    struct sim *s = c->sim;

    for (size_t i = SIM_RESOURCE_NR; i > 0; i--) {
        struct sim_resource *r = &s->store.resources[i - 1];

        for (size_t n = r->n_objects; n > 0; n--) {
            struct sim_object *o = r->objects[n - 1];

            if (i - 1 != SIM_NAMESPACES ||
                !kg_str_is(o->now->name, "default")) {
                sim_store_remove(o);
            }
        }
    }
    sim_faults_clear(&s->faults);
    sim_stats_clear(&s->stats);
    sim_ends_clear(&s->ends);
    say(c, 200, KG_STR("{}\n"));
}

void sim_control(struct sim_call *c)
{
    static const struct {
        const char *path;
        void (*act)(struct sim_call *c);
    } pages[] = {
        {"/sim/faults", faults},      {"/sim/break", break_streams},
        {"/sim/compact", compact},    {"/sim/stats", stats},
        {"/sim/token", change_token}, {"/sim/reset", reset},
        {"/sim/ends", ends},
    };

    for (size_t i = 0; i < KG_COUNT_OF(pages); i++) {
        if (kg_str_is(c->req->path, pages[i].path)) {
            pages[i].act(c);
            return;
        }
    }
    say(c, 404,
        KG_STR("/sim/faults, break, compact, stats, token, reset, ends\n"));
}
