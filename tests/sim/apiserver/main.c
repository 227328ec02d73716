/* SPDX-License-Identifier: MIT */
/* kube-sim: a Kubernetes API server, its controllers and a kubelet, played. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "cronjobs.h"
#include "garbage.h"
#include "jobs.h"
#include "kubeglean/heap.h"
#include "kubelet.h"
#include "lists.h"
#include "router.h"
#include "stats.h"
#include "verbs.h"

enum { TREE_MAX = 1024 * 1024 };

static const char usage[] =
    "usage: kube-sim [options]\n"
    "  --port N                  on 127.0.0.1; 0, the default: any\n"
    "  --port-file FILE          write the port there\n"
    "  --imitate 1.20|0.36       whose behaviour (default 0.36)\n"
    "  --cronjobs v1|v1beta1|both  default: v1 for 0.36, v1beta1 for 1.20\n"
    "  --token USER=TOKEN        a user (may be repeated; without any, every\n"
    "                            token is good, and none too)\n"
    "  --deny USER=VERB:RESOURCE what a user may not; * is any\n"
    "  --anonymous allow|forbid|refuse  without a token: let in, 403, 401\n"
    "                            (default: allow, or forbid if there are "
    "users)\n"
    "  --watch-seconds N         watches end after N to 2N (default 1800)\n"
    "  --history N               events kept of each resource (default 20000)\n"
    "  --default-log FILE        what containers write that do not say\n"
    "  --default-krr-rows N      or a generated KRR report\n"
    "  --log-dir DIR             where sim/log-file is looked for\n"
    "  --log-rate N              bytes a second (default: over the run)\n"
    "  --run-ms N                how long containers run (default 1000)\n"
    "  --pending-ms N            how long Pods are pending (default 200)\n"
    "  --backoff-ms N            between a Job's Pods (default 1000)\n"
    "  --namespace NAME          one more than default (may be repeated)\n";

enum option_id {
    OPT_PORT = 1000,
    OPT_PORT_FILE,
    OPT_IMITATE,
    OPT_CRONJOBS,
    OPT_TOKEN,
    OPT_DENY,
    OPT_ANONYMOUS,
    OPT_WATCH_SECONDS,
    OPT_HISTORY,
    OPT_DEFAULT_LOG,
    OPT_DEFAULT_KRR_ROWS,
    OPT_LOG_DIR,
    OPT_LOG_RATE,
    OPT_RUN_MS,
    OPT_PENDING_MS,
    OPT_BACKOFF_MS,
    OPT_NAMESPACE,
    OPT_HELP,
};

static const struct option options[] = {
    {"port", required_argument, NULL, OPT_PORT},
    {"port-file", required_argument, NULL, OPT_PORT_FILE},
    {"imitate", required_argument, NULL, OPT_IMITATE},
    {"cronjobs", required_argument, NULL, OPT_CRONJOBS},
    {"token", required_argument, NULL, OPT_TOKEN},
    {"deny", required_argument, NULL, OPT_DENY},
    {"anonymous", required_argument, NULL, OPT_ANONYMOUS},
    {"watch-seconds", required_argument, NULL, OPT_WATCH_SECONDS},
    {"history", required_argument, NULL, OPT_HISTORY},
    {"default-log", required_argument, NULL, OPT_DEFAULT_LOG},
    {"default-krr-rows", required_argument, NULL, OPT_DEFAULT_KRR_ROWS},
    {"log-dir", required_argument, NULL, OPT_LOG_DIR},
    {"log-rate", required_argument, NULL, OPT_LOG_RATE},
    {"run-ms", required_argument, NULL, OPT_RUN_MS},
    {"pending-ms", required_argument, NULL, OPT_PENDING_MS},
    {"backoff-ms", required_argument, NULL, OPT_BACKOFF_MS},
    {"namespace", required_argument, NULL, OPT_NAMESPACE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

KG_NORETURN static void bad_usage(const char *what, const char *value)
{
    (void)fprintf(stderr, "kube-sim: %s: %s\n%s", what, value, usage);
    exit(2);
}

/* --- the command line ------------------------------------------------------------ */

static uint64_t number(const char *name, const char *text)
{
    uint64_t value;

    if (!kg_str_to_u64(kg_str_from(text), &value)) {
        bad_usage(name, text);
    }
    return value;
}

static void take_token(struct sim_config *c, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || c->n_tokens == SIM_TOKENS_MAX) {
        bad_usage("--token", text);
    }
    *equals = '\0';
    c->tokens[c->n_tokens++] =
        (struct sim_token){text, sim_cstr(kg_str_from(equals + 1))};
}

static void take_denial(struct sim_config *c, const char *text)
{
    struct kg_str rest = kg_str_from(text);
    struct sim_denial d = {.user = kg_str_cut(&rest, '=')};

    d.verb = kg_str_cut(&rest, ':');
    d.resource = rest;
    if (rest.ptr == NULL || c->n_denials == SIM_DENIALS_MAX) {
        bad_usage("--deny", text);
    }
    c->denials[c->n_denials++] = d;
}

static void take_cronjobs(struct sim_config *c, const char *text)
{
    bool both = strcmp(text, "both") == 0;

    c->cronjobs_v1 = both || strcmp(text, "v1") == 0;
    c->cronjobs_beta = both || strcmp(text, "v1beta1") == 0;
    if (!c->cronjobs_v1 && !c->cronjobs_beta) {
        bad_usage("--cronjobs", text);
    }
}

static void take_anonymous(struct sim_config *c, const char *text)
{
    c->anonymous = strcmp(text, "allow") == 0;
    c->forbid_nobody = strcmp(text, "forbid") == 0;
    if (!c->anonymous && !c->forbid_nobody && strcmp(text, "refuse") != 0) {
        bad_usage("--anonymous", text);
    }
}

static void take_imitate(struct sim_config *c, const char *text)
{
    c->modern = strcmp(text, "0.36") == 0;
    if (!c->modern && strcmp(text, "1.20") != 0) {
        bad_usage("--imitate", text);
    }
}

/* Those that are a number. */
static uint64_t *number_of(struct sim_config *c, int id)
{
    switch (id) {
    case OPT_HISTORY:
        return &c->history;
    case OPT_DEFAULT_KRR_ROWS:
        return &c->krr_rows;
    case OPT_LOG_RATE:
        return &c->log_rate;
    case OPT_RUN_MS:
        return &c->run_ms;
    case OPT_PENDING_MS:
        return &c->pending_ms;
    case OPT_BACKOFF_MS:
        return &c->backoff_ms;
    case OPT_WATCH_SECONDS:
        return &c->watch_seconds;
    default:
        return NULL;
    }
}

struct arguments {
    struct sim_config config;
    const char *cronjobs;
    const char *anonymous;
    const char *namespaces[64];
    size_t n_namespaces;
};

static void take_text(struct arguments *a, int id, char *text)
{
    struct sim_config *c = &a->config;

    switch (id) {
    case OPT_PORT:
        c->port = (int)number("--port", text);
        break;
    case OPT_PORT_FILE:
        c->port_file = text;
        break;
    case OPT_IMITATE:
        take_imitate(c, text);
        break;
    case OPT_CRONJOBS:
        a->cronjobs = text;
        break;
    case OPT_TOKEN:
        take_token(c, text);
        break;
    case OPT_DENY:
        take_denial(c, text);
        break;
    case OPT_ANONYMOUS:
        a->anonymous = text;
        break;
    case OPT_DEFAULT_LOG:
        c->log_file = text;
        break;
    case OPT_LOG_DIR:
        c->log_dir = text;
        break;
    case OPT_NAMESPACE:
        if (a->n_namespaces == KG_COUNT_OF(a->namespaces)) {
            bad_usage("--namespace", "too many");
        }
        a->namespaces[a->n_namespaces++] = text;
        break;
    case OPT_HELP:
        (void)fputs(usage, stdout);
        exit(0);
    default:
        bad_usage("option", "unknown");
    }
}

static void take_arguments(struct arguments *a, int argc, char **argv)
{
    int id;

    *a = (struct arguments){.config = {.modern = true,
                                       .watch_seconds = 1800,
                                       .history = 20000,
                                       .run_ms = 1000,
                                       .pending_ms = 200,
                                       .backoff_ms = 1000}};
    while ((id = getopt_long(argc, argv, "", options, NULL)) != -1) {
        uint64_t *place = number_of(&a->config, id);

        if (place != NULL) {
            *place = number("option", optarg);
        } else {
            take_text(a, id, optarg);
        }
    }
    if (optind < argc) {
        bad_usage("argument", argv[optind]);
    }
    if (a->config.history == 0 || a->config.watch_seconds == 0) {
        bad_usage("--history, --watch-seconds", "above 0");
    }
    if (a->cronjobs == NULL) {
        a->cronjobs = a->config.modern ? "v1" : "v1beta1";
    }
    if (a->anonymous == NULL) {
        a->anonymous = a->config.n_tokens > 0 ? "forbid" : "allow";
    }
    take_cronjobs(&a->config, a->cronjobs);
    take_anonymous(&a->config, a->anonymous);
}

/* --- wiring -------------------------------------------------------------------------- */

static void on_event(void *data, struct sim_resource *r,
                     const struct sim_event *e)
{
    struct sim *sim = data;
    struct sim_object *o;

    sim_watchers_notify(&sim->watchers, r, e);
    if (e->type != SIM_DELETED) {
        return;
    }
    sim_garbage_in(sim, e->now->ns);
    o = sim_store_find_uid(&sim->store, e->now->uid);
    if (o != NULL && r->id == SIM_PODS) {
        sim_kubelet_gone(o);
    }
}

static void on_look(void *data, struct sim_object *o)
{
    struct sim *sim = data;

    if (sim_garbage_look(sim, o)) {
        return;
    }
    switch (o->resource->id) {
    case SIM_JOBS:
        sim_job_look(sim, o);
        break;
    case SIM_CRONJOBS:
        sim_cronjob_look(sim, o);
        break;
    case SIM_PODS:
        sim_kubelet_look(sim, o);
        break;
    default:
        break;
    }
}

static void make_namespace(struct sim *sim, const char *name)
{
    struct kg_tree t;

    kg_tree_init(&t, TREE_MAX);
    (void)sim_object(&t);
    sim_put_text(&t, sim_member(&t, t.root, "metadata", KG_OBJECT), "name",
                 name);
    (void)sim_make_object(sim, SIM_NAMESPACES, kg_str_of("", 0), &t, t.root);
    kg_tree_finish(&t);
}

static void raise_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

struct signals {
    uv_signal_t handles[2];
    struct sim *sim;
};

static void on_signal(uv_signal_t *handle, int number)
{
    struct signals *s = handle->data;

    (void)number;
    uv_close((uv_handle_t *)&s->handles[0], NULL);
    uv_close((uv_handle_t *)&s->handles[1], NULL);
    sim_server_close(&s->sim->server);
    sim_lists_forget(s->sim);
    sim_store_finish(&s->sim->store);
}

static void watch_signals(struct signals *s, struct sim *sim)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    s->sim = sim;
    for (size_t i = 0; i < KG_COUNT_OF(numbers); i++) {
        (void)uv_signal_init(&sim->loop.uv, &s->handles[i]);
        s->handles[i].data = s;
        (void)uv_signal_start(&s->handles[i], on_signal, numbers[i]);
    }
}

static void tell_port(const struct sim_config *config, int port)
{
    FILE *f;

    if (config->port_file != NULL) {
        f = fopen(config->port_file, "we");
        if (f == NULL || fprintf(f, "%d\n", port) < 0 || fclose(f) != 0) {
            perror(config->port_file);
            exit(1);
        }
    }
    (void)printf("listening 127.0.0.1:%d\n", port);
    (void)fflush(stdout);
}

static void init(struct sim *sim, const struct arguments *a)
{
    sim->config = a->config;
    sim_store_init(&sim->store, &sim->loop, sim->config.history);
    sim_watchers_init(&sim->watchers);
    sim_faults_init(&sim->faults);
    kg_map_init(&sim->stats);
    kg_map_init(&sim->sources);
    kg_queue_init(&sim->old_lists);
    sim_ends_init(&sim->ends);
    sim_store_start(&sim->store, on_event, on_look, sim);
    make_namespace(sim, "default");
    for (size_t i = 0; i < a->n_namespaces; i++) {
        make_namespace(sim, a->namespaces[i]);
    }
}

int main(int argc, char **argv)
{
    static struct sim sim;
    struct arguments a;
    struct signals signals;
    int port;

    take_arguments(&a, argc, argv);
    (void)signal(SIGPIPE, SIG_IGN);
    raise_files();
    KG_REQUIRE(kg_loop_init(&sim.loop) == KG_OK);
    if (sim_server_init(&sim.server, &sim.loop, a.config.port, &port) !=
        KG_OK) {
        (void)fprintf(stderr, "kube-sim: cannot listen on 127.0.0.1:%d\n",
                      a.config.port);
        return 1;
    }
    init(&sim, &a);
    sim_server_start(&sim.server, sim_route, &sim);
    watch_signals(&signals, &sim);
    tell_port(&sim.config, port);
    kg_loop_run(&sim.loop);
    sim_watchers_finish(&sim.watchers);
    sim_faults_clear(&sim.faults);
    sim_ends_clear(&sim.ends);
    sim_stats_clear(&sim.stats);
    kg_map_finish(&sim.stats);
    for (size_t i = 0; i < sim.config.n_tokens; i++) {
        kg_free(sim.config.tokens[i].text);
    }
    kg_map_finish(&sim.sources);
    kg_loop_close(&sim.loop);
    return 0;
}
