/* SPDX-License-Identifier: MIT */
#include "sink.h"

#include <stdio.h>
#include <unistd.h>

#include "kubeglean/clock.h"

enum { MS_PER_S = 1000, US_PER_S = 1000000, NS_PER_MS = 1000000 };
/* Busy machines pause us, too; who waits for a dead wire waits for good. */
enum { TICK_MAX_MS = 5000 };

void kt_on_state(void *data, const struct kg_error *e)
{
    struct kt_sink *t = data;

    t->n_states++;
    t->ready = e == NULL;
    if (e != NULL) {
        t->error = *e;
    } else {
        kg_error_clear(&t->error);
    }
}

void kt_on_closed(void *data)
{
    struct kt_sink *t = data;

    t->closed = true;
}

void kt_sink_open(struct kt_sink *t, const struct kg_sink_options *options)
{
    *t = (struct kt_sink){0};
    assert_int_equal(kg_loop_init(&t->loop), KG_OK);
    kt_sink_open_on(t, options);
}

void kt_sink_open_on(struct kt_sink *t, const struct kg_sink_options *options)
{
    struct kg_error e = {0};

    assert_int_equal(kg_sink_create(&t->loop, options, &e, &t->sink), KG_OK);
    kg_sink_start(t->sink, kt_on_state, t);
}

void kt_sink_open_with(struct kt_sink *t, const char *conninfo, bool give_up)
{
    const struct kg_sink_options options = {
        .conninfo = conninfo, .migrate = true, .give_up = give_up};

    kt_heap_setup();
    kt_sink_open(t, &options);
}

void kt_turn_for(struct kt_sink *t, unsigned ms)
{
    uint64_t end_ns = kg_clock_mono_ns() + (uint64_t)ms * NS_PER_MS;

    while (kg_clock_mono_ns() < end_ns) {
        (void)uv_run(&t->loop.uv, UV_RUN_NOWAIT);
        (void)usleep(1000);
    }
}

void kt_until_query(struct kt_sink *t, const char *sql, const char *want)
{
    for (unsigned i = 0; i < 500 && strcmp(kt_pg_query(sql), want) != 0; i++) {
        kt_turn_for(t, 20);
    }
    kt_assert_query(sql, want);
}

void kt_until_told(struct kt_sink *t)
{
    for (unsigned i = 0; i < 5000 && t->n_states == 0; i++) {
        kt_turn_for(t, 2);
    }
    assert_true(t->n_states > 0);
}

static void on_patience(uv_timer_t *timer)
{
    bool *over = timer->data;

    *over = true;
}

void kt_sink_until(struct kt_sink *t, const bool *done, unsigned seconds)
{
    bool over = false;
    uv_timer_t timer;

    assert_int_equal(uv_timer_init(&t->loop.uv, &timer), 0);
    timer.data = &over;
    (void)uv_timer_start(&timer, on_patience, (uint64_t)seconds * MS_PER_S, 0);
    while (!*done && !over) {
        (void)kg_loop_turn(&t->loop);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    (void)uv_run(&t->loop.uv, UV_RUN_NOWAIT);
    if (!*done) {
        fail_msg("not done after %u s; the sink says: %s", seconds,
                 t->error.text);
    }
}

void kt_sink_until_ready(struct kt_sink *t)
{
    kt_sink_until(t, &t->ready, 20);
}

void kt_sink_setup(struct kt_sink *t, const char *conninfo)
{
    const struct kg_sink_options options = {
        .conninfo = conninfo != NULL ? conninfo : kt_pg_conninfo(),
        .migrate = true,
    };

    kt_sink_open(t, &options);
    kt_sink_until_ready(t);
}

void kt_sink_teardown(struct kt_sink *t)
{
    kg_sink_close(t->sink, kt_on_closed, t);
    kt_sink_until(t, &t->closed, 20);
    kg_loop_close(&t->loop);
}

void kt_sink_fresh(struct kt_sink *t)
{
    kt_pg_reset();
    kt_heap_setup();
    kt_sink_setup(t, NULL);
}

void kt_sink_end(struct kt_sink *t)
{
    kt_sink_teardown(t);
    kt_heap_teardown();
}

static void on_tick(uv_timer_t *timer)
{
    struct kt_ticks *k = timer->data;
    uint64_t now_ns = kg_clock_mono_ns();

    if (k->n++ > 0 && now_ns - k->last_ns > k->longest_ns) {
        k->longest_ns = now_ns - k->last_ns;
    }
    k->last_ns = now_ns;
}

void kt_ticks_start(struct kt_ticks *k, struct kg_loop *loop)
{
    *k = (struct kt_ticks){0};
    (void)uv_timer_init(&loop->uv, &k->timer);
    k->timer.data = k;
    (void)uv_timer_start(&k->timer, on_tick, 10, 10);
}

void kt_ticks_end(struct kt_ticks *k, unsigned n)
{
    uv_loop_t *loop = k->timer.loop;

    assert_true(k->n > n);
    assert_true(k->longest_ns < (uint64_t)TICK_MAX_MS * NS_PER_MS);
    uv_close((uv_handle_t *)&k->timer, NULL);
    (void)uv_run(loop, UV_RUN_NOWAIT);
}

static const struct kg_column krr_columns[] = {
    {"cluster", KG_TYPE_TEXT, true},
    {"namespace", KG_TYPE_TEXT, true},
    {"name", KG_TYPE_TEXT, true},
    {"kind", KG_TYPE_TEXT, true},
    {"container", KG_TYPE_TEXT, true},
    {"pods", KG_TYPE_INTEGER, false},
    {"allocations", KG_TYPE_JSONB, false},
    {"severity", KG_TYPE_TEXT, false},
    {"scanned_at", KG_TYPE_TIMESTAMPTZ, false},
};

static const uint32_t krr_scope[] = {0};

const struct kg_table_def kt_krr = {
    .name = "scan_history",
    .mode = KG_MODE_UPSERT,
    .n_columns = KG_COUNT_OF(krr_columns),
    .columns = krr_columns,
    .n_scope = 1,
    .scope = krr_scope,
    .scanned_at = 8,
};

static const struct kg_column seed_columns[] = {
    {"namespace", KG_TYPE_TEXT, true}, {"name", KG_TYPE_TEXT, true},
    {"kind", KG_TYPE_TEXT, true},      {"container", KG_TYPE_TEXT, true},
    {"pods", KG_TYPE_INTEGER, false},  {"allocations", KG_TYPE_TEXT, false},
    {"severity", KG_TYPE_TEXT, false},
};

const struct kg_table_def kt_seed = {
    .name = "scan_histories",
    .mode = KG_MODE_UPSERT,
    .n_columns = KG_COUNT_OF(seed_columns),
    .columns = seed_columns,
    .n_scope = 1,
    .scope = krr_scope,
    .scanned_at = -1,
};

struct prepared {
    bool done;
    struct kg_error error;
};

static void on_table(void *data, const struct kg_error *e)
{
    struct prepared *p = data;

    p->done = true;
    if (e != NULL) {
        p->error = *e;
    }
}

struct kg_error kt_prepare(struct kt_sink *t, const struct kg_table_def *def)
{
    struct prepared p = {0};

    assert_int_equal(kg_sink_prepare(t->sink, def, on_table, &p), KG_OK);
    kt_sink_until(t, &p.done, 20);
    return p.error;
}

struct kg_run_info kt_run(unsigned number, int64_t second)
{
    static char uids[64][40];
    static unsigned next;
    char *uid = uids[next++ % 64];

    (void)snprintf(uid, sizeof(uids[0]), "%08x-0000-4000-8000-000000000000",
                   number);
    return (struct kg_run_info){
        .id = {.cluster = KG_STR("c1"),
               .job_uid = kg_str_from(uid),
               .pod_uid = kg_str_from(uid),
               .container = KG_STR("krr"),
               .restart = 0},
        .ns = KG_STR("team-a"),
        .job = KG_STR("krr-1"),
        .pod = KG_STR("krr-1-x7k2p"),
        .node = KG_STR("node-1"),
        .task = KG_STR("krr"),
        .profile = KG_STR("krr"),
        .scanned_at_us = second * US_PER_S,
        .started_at_us = second * US_PER_S,
        .finished_at_us = KG_TIME_NONE,
    };
}

static struct kg_value text(const char *s)
{
    return (struct kg_value){s != NULL ? kg_str_from(s) : KG_STR(""),
                             s == NULL};
}

void kt_add(struct kg_report *r, const struct kg_run_info *run,
            const struct kt_row *row, uint64_t number, bool *ret_pause)
{
    char at[KG_TIME_TEXT_MAX];
    const struct kg_value values[] = {
        text("c1"),
        text("ns"),
        text(row->name),
        text("Deployment"),
        text("main"),
        text(row->pods),
        text(row->allocations),
        text(row->severity),
        text(run->scanned_at_us != KG_TIME_NONE
                 ? kg_time_format(run->scanned_at_us, at)
                 : NULL),
    };
    const struct kg_row given = {values, number};

    assert_int_equal(kg_report_add(r, &given, ret_pause), KG_OK);
}

void kt_on_done(void *data, const struct kg_report_result *result,
                const struct kg_error *e)
{
    struct kt_stored *s = data;

    assert_false(s->done);
    s->done = true;
    s->result = *result;
    s->failed = e != NULL;
    if (e != NULL) {
        s->error = *e;
    }
}

void kt_store(struct kt_sink *t, const struct kg_run_info *run,
              uint32_t ordinal, const struct kt_row *rows, size_t n_rows,
              struct kt_stored *stored)
{
    struct kg_report *r;
    bool pause;

    *stored = (struct kt_stored){0};
    assert_int_equal(kg_report_begin(t->sink, &kt_krr, run, ordinal, &r),
                     KG_OK);
    for (size_t i = 0; i < n_rows; i++) {
        kt_add(r, run, &rows[i], i, &pause);
    }
    kg_report_end(r, kt_on_done, stored);
}

struct kt_stored kt_store_wait(struct kt_sink *t, const struct kg_run_info *run,
                               uint32_t ordinal, const struct kt_row *rows,
                               size_t n_rows)
{
    struct kt_stored stored;

    kt_store(t, run, ordinal, rows, n_rows, &stored);
    kt_sink_until(t, &stored.done, 20);
    return stored;
}

void kt_give_texts(struct kt_sink *t, const struct kg_table_def *def,
                   const struct kg_run_info *run, const char *const *texts,
                   size_t n_rows, struct kt_stored *stored)
{
    struct kg_value values[KG_COLUMNS_MAX];
    struct kg_report *r;
    bool pause;

    assert_int_equal(kg_report_begin(t->sink, def, run, 0, &r), KG_OK);
    for (size_t i = 0; i < n_rows; i++) {
        const struct kg_row row = {values, i};

        for (uint32_t c = 0; c < def->n_columns; c++) {
            values[c] = text(texts[i * def->n_columns + c]);
        }
        assert_int_equal(kg_report_add(r, &row, &pause), KG_OK);
    }
    *stored = (struct kt_stored){0};
    kg_report_end(r, kt_on_done, stored);
}

struct kt_stored kt_store_texts(struct kt_sink *t,
                                const struct kg_table_def *def,
                                const struct kg_run_info *run,
                                const char *const *texts, size_t n_rows)
{
    struct kt_stored stored;

    kt_give_texts(t, def, run, texts, n_rows, &stored);
    kt_sink_until(t, &stored.done, 20);
    return stored;
}

static void on_resume(void *data)
{
    bool *resumed = data;

    *resumed = true;
}

void kt_add_many(struct kt_sink *t, struct kg_report *r,
                 const struct kg_run_info *run, unsigned from, unsigned to)
{
    bool resumed = false;

    kg_report_on_resume(r, on_resume, &resumed);
    for (unsigned i = from; i < to; i++) {
        char name[32];
        const struct kt_row row = {name, "3", "{\"cpu\": [1, 2, 3]}", "OK"};
        bool pause;

        (void)snprintf(name, sizeof(name), "row%06u", i);
        kt_add(r, run, &row, i, &pause);
        if (pause) {
            kt_sink_until(t, &resumed, 20);
            resumed = false;
        }
    }
    kg_report_on_resume(r, NULL, NULL);
}

void kt_on_run(void *data, const struct kg_ledger_entry *entry,
               const struct kg_error *e)
{
    struct kt_answered *a = data;

    assert_false(a->done);
    a->done = true;
    a->entry = *entry;
    a->failed = e != NULL;
    if (e != NULL) {
        a->error = *e;
    }
}

struct kt_answered kt_seen(struct kt_sink *t, const struct kg_run_info *run)
{
    struct kt_answered a = {0};

    assert_int_equal(kg_sink_seen(t->sink, run, kt_on_run, &a), KG_OK);
    kt_sink_until(t, &a.done, 20);
    return a;
}

struct kt_answered kt_settle(struct kt_sink *t, const struct kg_run_info *run,
                             enum kg_outcome outcome, const char *reason)
{
    const struct kg_settlement settlement = {
        .outcome = outcome, .reason = kg_str_from(reason), .bytes = 4711};
    struct kt_answered a = {0};

    assert_int_equal(kg_sink_settle(t->sink, run, &settlement, kt_on_run, &a),
                     KG_OK);
    kt_sink_until(t, &a.done, 20);
    return a;
}
