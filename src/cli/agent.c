/* SPDX-License-Identifier: MIT */
#include "connect.h"
#include "host.h"

struct values {
    const char *config;
    uint64_t grace_ms;
    struct kg_connect connect;
};

static const struct kg_option options[] = {
    {.name = "config",
     .letter = 'c',
     .required = true,
     .type = KG_OPTION_TEXT,
     .value = "FILE",
     .at = offsetof(struct values, config),
     .help = "Config: database, tasks, limits"},
    {.name = "grace",
     .type = KG_OPTION_DURATION,
     .at = offsetof(struct values, grace_ms),
     .help = "For draining after SIGTERM (default 30s)"},
    KG_CONNECT_GROUP(struct values, connect),
    {0}};

static enum kg_exit run_agent(const struct values *v)
{
    struct kg_host_options host = {.verb = &kg_verb_agent,
                                   .grace_ms = v->grace_ms};
    struct kg_kubeconfig kubeconfig;
    struct kg_config config;
    struct kg_error e;
    enum kg_exit code;

    if (kg_config_load(v->config, &config, &e) != KG_OK) {
        return kg_verb_failed(&kg_verb_agent, &e);
    }
    if (kg_connect_load(&v->connect, &kubeconfig, &e) != KG_OK) {
        kg_config_finish(&config);
        return kg_verb_failed(&kg_verb_agent, &e);
    }
    host.config = &config;
    host.kubeconfig = &kubeconfig;
    code = kg_host_run(&host);
    kg_kubeconfig_finish(&kubeconfig);
    kg_config_finish(&config);
    return code;
}

static enum kg_exit agent(char **args)
{
    struct values v = {.grace_ms = 30000};
    struct kg_args rest;
    enum kg_exit code;

    if (!kg_verb_parse(&kg_verb_agent, args, &v, &rest, &code)) {
        return code;
    }
    if (rest.n_items > 0) {
        return kg_verb_misused(&kg_verb_agent, "takes no operand, not \"%s\"",
                               rest.items[0]);
    }
    return run_agent(&v);
}

const struct kg_verb kg_verb_agent = {
    .name = "agent",
    .summary = "Run tasks on schedule or on demand, and glean their reports",
    .synopsis = "-c CONFIG [OPTION]...",
    .about = "SIGTERM: no new Job is made; logs at their end are stored; exit "
             "0.\nJobs that still run are taken up by the next agent.\n",
    .options = options,
    .run = agent,
};
