/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "sim.h"

/* --- trace ------------------------------------------------------------------- */

static void trace(struct sim *s, const char *fmt, ...) KG_PRINTF(2, 3);
static void trace(struct sim *s, const char *fmt, ...)
{
    va_list args;
    enum kg_errc rc;

    if (s->quiet) {
        return;
    }
    if (s->traced_us != s->now_us) {
        rc = kg_buf_addf(&s->trace, "[%4lld] ",
                         (long long)((s->now_us - SIM_START_US) / 1000000));
        s->traced_us = s->now_us;
    } else {
        rc = kg_buf_adds(&s->trace, "       ");
    }
    assert_int_equal(rc, KG_OK);
    va_start(args, fmt);
    assert_int_equal(kg_buf_addv(&s->trace, fmt, args), KG_OK);
    va_end(args);
    assert_int_equal(kg_buf_adds(&s->trace, "\n"), KG_OK);
}

static void on_move(void *data, const struct kg_sm *sm, unsigned from)
{
    struct sim *s = data;

    trace(s, "%s: %s -> %s", sm->object, sm->states[from].name, kg_sm_name(sm));
}

void sim_forget_trace(struct sim *s)
{
    kg_buf_reset(&s->trace);
    s->traced_us = -1;
}

/* On a difference, what was got is printed as C, to be read and judged. */
void sim_expect_at(struct sim *s, const char *want, const char *file, int line)
{
    const char *got = kg_buf_cstr(&s->trace);

    assert_non_null(got);
    if (strcmp(got, want) != 0) {
        struct kg_str rest = kg_str_from(got);

        while (rest.len > 0) {
            struct kg_str text = kg_str_cut(&rest, '\n');
            print_message("        \"%.*s\\n\"\n", KG_STR_ARG(text));
        }
        _fail(file, line);
    }
    sim_forget_trace(s);
}

static void trace_run(struct sim *s, const char *what, const struct kg_run *run)
{
    const char *name = run->pod[0] != '\0' ? run->pod : run->job->path;

    if (run->restart > 0) {
        trace(s, "%s %s restart %u", what, name, run->restart);
    } else {
        trace(s, "%s %s", what, name);
    }
}

static void trace_outcome(struct sim *s, const char *what,
                          const struct kg_run *run)
{
    const char *name = run->pod[0] != '\0' ? run->pod : run->job->path;

    trace(s, "%s %s: %s%s%s%s", what, name, kg_outcome_name(run->outcome),
          run->reason[0] != '\0' ? "(" : "", run->reason,
          run->reason[0] != '\0' ? ")" : "");
}

static void trace_action(struct sim *s, const struct kg_action *a)
{
    static const char *const job_verbs[] = {
        [KG_ACT_ASK] = "ask the ledger for",
        [KG_ACT_CREATE] = "create",
        [KG_ACT_LOOK] = "get",
        [KG_ACT_COUNT] = "list pods of",
        [KG_ACT_WONDER] = "list events of",
        [KG_ACT_ANNOTATE] = "annotate",
        [KG_ACT_DELETE] = "delete",
        [KG_ACT_FORGET] = "forget",
    };
    static const char *const run_verbs[] = {
        [KG_ACT_BEGIN] = "begin",   [KG_ACT_FOLLOW] = "follow",
        [KG_ACT_RESUME] = "resume", [KG_ACT_FINISH] = "finish",
        [KG_ACT_CLOSE] = "close",   [KG_ACT_TELL_TAIL] = "tell last lines of",
    };

    switch (a->kind) {
    case KG_ACT_TELL:
    case KG_ACT_TELL_RUN: /* The moves tell as much. */
        break;
    case KG_ACT_APPLY_CRONJOB:
        trace(s, "apply cronjob %.*s", KG_STR_ARG(a->task->def->name));
        break;
    case KG_ACT_TELL_TASK:
        trace(s, "tell %.*s: %s", KG_STR_ARG(a->task->def->name), a->task->why);
        break;
    case KG_ACT_TELL_WHY:
        trace(s, "tell %s: %s", a->job->path, a->job->why);
        break;
    case KG_ACT_ORDERED:
        trace(s, "order %u is placed", (unsigned)a->job->order);
        break;
    case KG_ACT_RECORD:
        trace_outcome(s, "record", a->run);
        break;
    case KG_ACT_WATCH:
        trace(s, "watch");
        break;
    case KG_ACT_DONE:
        if (!s->done) {
            trace(s, "done, exit %d", kg_glean_exit_code(s->g));
        }
        s->done = true;
        break;
    default:
        if (a->run != NULL) {
            trace_run(s, run_verbs[a->kind], a->run);
        } else {
            trace(s, "%s %s", job_verbs[a->kind],
                  a->job->path != NULL ? a->job->path : "?");
        }
        break;
    }
}

/* --- answers ------------------------------------------------------------------- */

static bool wants_answer(enum kg_action_kind act)
{
    return act == KG_ACT_ASK || act == KG_ACT_CREATE || act == KG_ACT_LOOK ||
           act == KG_ACT_COUNT || act == KG_ACT_WONDER ||
           act == KG_ACT_ANNOTATE || act == KG_ACT_DELETE ||
           act == KG_ACT_BEGIN || act == KG_ACT_FINISH ||
           act == KG_ACT_RECORD || act == KG_ACT_APPLY_CRONJOB;
}

static void take_actions(struct sim *s)
{
    struct kg_action a;

    while (kg_glean_next(s->g, &a)) {
        trace_action(s, &a);
        if (s->on_action != NULL) {
            s->on_action(s, &a);
        }
        if (wants_answer(a.kind)) {
            struct sim_answer *answer = &s->answers[s->n_answers++];

            assert_true(s->n_answers <= SIM_ANSWERS_MAX);
            *answer = (struct sim_answer){.to = a.kind};
            answer->id = a.run != NULL   ? a.run->id
                         : a.job != NULL ? a.job->id
                                         : a.task->id;
        }
    }
}

struct kg_job_facts sim_job_facts(const struct sim_job *job)
{
    struct kg_job_facts facts = {
        .uid = kg_str_from(job->uid),
        .ns = kg_str_from(job->ns),
        .name = kg_str_from(job->name),
        .instance = kg_str_from(job->foreign ? "theirs" : "ours"),
        .task = kg_str_from(job->task),
        .owner_uid = kg_str_from(job->owner),
        .outcome = kg_str_from(job->outcome),
        .phase = job->phase,
        .suspended = job->suspended,
        .n_pods = job->n_pods,
        .reason = kg_str_from(job->reason),
        .ended_us = job->ended_us,
        .containers = {kg_str_from("krr")},
        .n_containers = 1,
    };

    if (job->foreign && job->owner[0] != '\0') {
        facts.instance = kg_str_from("");
    }
    return facts;
}

static struct sim_job *job_of(struct sim *s, const struct kg_job *job)
{
    char path[100];

    (void)snprintf(path, sizeof(path), "%s", job->path);
    return sim_job_at(s, path);
}

static void answer_create(struct sim *s, struct kg_event *event,
                          const struct kg_job *job)
{
    static struct kg_job_facts facts;
    static struct kg_error exists = {.code = KG_EEXISTS, .text = "exists"};
    struct sim_job *there = job_of(s, job);

    if (there != NULL && there->exists) {
        event->error = &exists;
        return;
    }
    there = sim_job_make(s, job->path, "krr");
    facts = sim_job_facts(there);
    event->job = &facts;
}

static void answer_look(struct sim *s, struct kg_event *event,
                        const struct kg_job *job)
{
    static struct kg_job_facts facts;
    static struct kg_error gone = {.code = KG_ENOTFOUND, .text = "gone"};
    struct sim_job *there = job_of(s, job);

    if (there == NULL || !there->exists) {
        event->error = &gone;
        return;
    }
    facts = sim_job_facts(there);
    event->job = &facts;
}

static void answer_wonder(struct sim *s, struct kg_event *event,
                          const struct kg_job *job)
{
    static struct kg_warning_facts warning;
    const struct sim_job *there = job_of(s, job);

    warning = (struct kg_warning_facts){.reason = KG_STR("")};
    if (there != NULL && there->warning != NULL) {
        warning.reason = KG_STR("FailedCreate");
        warning.message = kg_str_from(there->warning);
    }
    event->warning = &warning;
}

static void answer_job(struct sim *s, const struct sim_answer *answer,
                       struct kg_event *event)
{
    struct kg_job *job = kg_glean_job(s->g, answer->id);

    switch (answer->to) {
    case KG_ACT_ASK:
        event->kind = KG_EV_ASKED;
        event->known = s->known;
        break;
    case KG_ACT_CREATE:
        event->kind = KG_EV_CREATED;
        answer_create(s, event, job);
        break;
    case KG_ACT_LOOK:
        event->kind = KG_EV_LOOKED;
        answer_look(s, event, job);
        break;
    case KG_ACT_COUNT:
        event->kind = KG_EV_COUNTED;
        break;
    case KG_ACT_WONDER:
        event->kind = KG_EV_WONDERED;
        answer_wonder(s, event, job);
        break;
    case KG_ACT_ANNOTATE:
        event->kind = KG_EV_ANNOTATED;
        break;
    default:
        event->kind = KG_EV_DELETED;
        break;
    }
}

static void answer_run(struct sim *s, const struct sim_answer *answer,
                       struct kg_event *event)
{
    const struct kg_run *run = kg_glean_run(s->g, answer->id);

    switch (answer->to) {
    case KG_ACT_BEGIN:
        event->kind = KG_EV_BEGUN;
        event->outcome = s->known_outcome;
        break;
    case KG_ACT_FINISH:
        event->kind = KG_EV_READ;
        event->read = &s->read;
        break;
    default:
        event->kind = KG_EV_RECORDED;
        event->outcome = run->outcome;
        break;
    }
}

static void answer_cronjobs(struct sim *s, const struct sim_answer *answer)
{
    for (size_t i = 0; i < s->n_tasks; i++) {
        for (size_t n = 0;
             kg_id_eq(s->tasks[i], answer->id) && n < s->defs[i].n_namespaces;
             n++) {
            char uid[40];

            (void)snprintf(uid, sizeof(uid), "cron-%.*s",
                           KG_STR_ARG(s->defs[i].namespaces[n]));
            (void)sim_event(s, (struct kg_event){
                                   .kind = KG_EV_CRONJOB,
                                   .id = answer->id,
                                   .ns = s->defs[i].namespaces[n],
                                   .uid = kg_str_from(uid),
                               });
        }
    }
}

static void answer(struct sim *s, const struct sim_answer *answer)
{
    struct kg_error e = {.code = s->fails[answer->to], .text = "it failed"};
    struct kg_event event = {.id = answer->id};

    if (answer->to == KG_ACT_APPLY_CRONJOB) {
        answer_cronjobs(s, answer);
        return;
    }
    if (answer->to >= KG_ACT_BEGIN && kg_glean_run(s->g, answer->id) != NULL) {
        answer_run(s, answer, &event);
    } else if (answer->to < KG_ACT_BEGIN &&
               kg_glean_job(s->g, answer->id) != NULL) {
        answer_job(s, answer, &event);
    } else {
        return;
    }
    event.error = e.code != KG_OK ? &e : event.error;
    (void)sim_event(s, event);
}

static void answer_all(struct sim *s)
{
    for (size_t i = 0; i < s->n_answers;) {
        struct sim_answer next = s->answers[i];

        if (s->held >> next.to & 1) {
            i++;
            continue;
        }
        memmove(&s->answers[i], &s->answers[i + 1],
                (s->n_answers - i - 1) * sizeof(next));
        s->n_answers--;
        answer(s, &next);
        i = 0;
    }
}

enum kg_errc sim_event(struct sim *s, struct kg_event event)
{
    enum kg_errc rc;

    event.now_us = s->now_us;
    rc = kg_glean_step(s->g, &event);
    take_actions(s);
    answer_all(s);
    return rc;
}

void sim_hold(struct sim *s, enum kg_action_kind act)
{
    s->held |= UINT32_C(1) << act;
}

void sim_release(struct sim *s, enum kg_action_kind act)
{
    s->held &= ~(UINT32_C(1) << act);
    answer_all(s);
}

/* --- life ---------------------------------------------------------------------- */

void sim_setup(struct sim *s, const struct kg_glean_config *config,
               const struct kg_task_def *defs, size_t n_defs)
{
    struct kg_glean_config c = *config;

    *s = (struct sim){.now_us = SIM_START_US, .traced_us = -1};
    kt_heap_setup();
    kg_buf_init(&s->trace, (size_t)1 << 20);
    c.instance = KG_STR("ours");
    c.n_jobs_max = c.n_jobs_max != 0 ? c.n_jobs_max : 100;
    c.n_streams_max = c.n_streams_max != 0 ? c.n_streams_max : 100;
    s->read.complete = 1;
    s->g = kg_glean_create(&c);
    assert_non_null(s->g);
    for (size_t i = 0; i < n_defs; i++) {
        s->defs[i] = defs[i];
        assert_int_equal(kg_glean_add_task(s->g, &s->defs[i], &s->tasks[i]),
                         KG_OK);
    }
    s->n_tasks = n_defs;
    kg_sm_trace(on_move, s);
}

void sim_teardown(struct sim *s)
{
    kg_sm_trace(NULL, NULL);
    kg_glean_destroy(s->g);
    kg_buf_finish(&s->trace);
    kt_heap_teardown();
}

void sim_start(struct sim *s)
{
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_START});
    (void)sim_event(s, (struct kg_event){.kind = KG_EV_SYNCED});
}

void sim_elapse(struct sim *s, int seconds)
{
    int64_t end_us = s->now_us + INT64_C(1000000) * seconds;

    for (;;) {
        int64_t due_us = kg_glean_due(s->g);

        if (due_us == KG_TIME_NONE || due_us > end_us) {
            break;
        }
        s->now_us = due_us > s->now_us ? due_us : s->now_us;
        (void)sim_event(s, (struct kg_event){.kind = KG_EV_TIME});
    }
    s->now_us = end_us;
}

enum kg_errc sim_want(struct sim *s, const char *task, uint64_t order)
{
    struct kg_task *t = kg_glean_task(s->g, kg_str_from(task));

    assert_non_null(t);
    return sim_event(s, (struct kg_event){
                            .kind = KG_EV_WANTED, .id = t->id, .order = order});
}

const struct kg_str sim_namespaces[3] = {{"a", 1}, {"b", 1}, {"c", 1}};

const struct kg_task_def sim_krr = {
    .name = {"krr", 3},
    .profile = {"krr", 3},
    .job_name = {"krr", 3},
    .namespaces = sim_namespaces,
    .n_namespaces = 1,
    .retention = {.delete_complete = true},
};

void sim_begin(struct sim *s, const struct kg_task_def *def)
{
    sim_setup(s, &(struct kg_glean_config){.once = true}, def, 1);
}

void sim_begin_running(struct sim *s, const struct kg_task_def *def)
{
    sim_begin(s, def);
    assert_int_equal(sim_want(s, "krr", 0), KG_OK);
    sim_start(s);
    sim_pod_runs(s, "a/krr", "krr-x");
    sim_forget_trace(s);
}
