/* SPDX-License-Identifier: MIT */
/* kg-bench-sink: rows a second into PostgreSQL, kubeglean's way beside others',
 * in turn on one server, one JSON line for each measurement.
 *
 * Each way has tables of its own. In a round all of them store the same rows:
 * fresh ones, then other values under the same keys, then the same again. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ways.h"

enum { NAME_MAX_LEN = 64, MS_US = 1000 };

struct options {
    const char *conninfo;
    unsigned rounds;
    const char *only; /* The one scenario, or NULL: all. */
    const char *way;  /* The one way, or NULL: all. */
    int64_t began_us; /* No scan is older: a server may be used again. */
};

struct shape {
    const char *name, *profile;
    const char *columns; /* And key, as they are without kubeglean. */
};

static const struct shape shapes[] = {
    {"jsonb", "krr",
     "cluster text, namespace text, name text, kind text, container text,"
     " pods integer, pods_live integer, allocations jsonb, recommended jsonb,"
     " severity text, scanned_at timestamptz,"
     " PRIMARY KEY (cluster, namespace, name, kind, container)"},
    {"varchar", "krr-seed",
     "namespace varchar(100), name varchar(100), kind varchar(100),"
     " container varchar(100), allocations varchar(1000),"
     " recommended varchar(1000), pods bigint,"
     " PRIMARY KEY (namespace, name, kind, container)"},
};

/* How a way's table comes to be. */
enum making {
    BY_KUBEGLEAN, /* Its DDL, with room for updates in each page. */
    PLAIN,        /* As others make it; kubeglean adopts it. */
    ROOMY,        /* The same, with the room that kubeglean's has. */
};

struct way {
    const char *name;
    void (*store)(const struct load *l, struct measured *ret_measured);
    unsigned n_connections;
    enum making making;
    bool fresh_only;
};

static const struct way each_row[] = {
    {"kubeglean_2", store_by_kubeglean, 2, BY_KUBEGLEAN, false},
    {"kubeglean_1", store_by_kubeglean, 1, BY_KUBEGLEAN, false},
    {"kubeglean_2_adopted", store_by_kubeglean, 2, PLAIN, false},
    {"values_1000", store_by_values, 0, PLAIN, false},
    {"values_1000_roomy", store_by_values, 0, ROOMY, false},
    {"prepared_row", store_by_row, 0, PLAIN, false},
    {"copy", store_by_copy, 0, PLAIN, true},
};

static const struct way small_reports[] = {
    {"kubeglean_2", store_by_kubeglean, 2, BY_KUBEGLEAN, true},
    {"kubeglean_1", store_by_kubeglean, 1, BY_KUBEGLEAN, true},
    {"values_report", store_each_report, 0, PLAIN, true},
};

static const struct way large_report[] = {
    {"kubeglean_2", store_by_kubeglean, 2, BY_KUBEGLEAN, true},
    {"kubeglean_1", store_by_kubeglean, 1, BY_KUBEGLEAN, true},
    {"copy", store_by_copy, 0, PLAIN, true},
};

struct scenario {
    const char *name;
    size_t n_shapes; /* The first ones. */
    size_t n_sets;   /* 1: fresh rows alone; 2: then changed, unchanged. */
    size_t n_reports, n_report, in_flight, n_read;
    const struct way *ways;
    size_t n_ways;
};

static const struct scenario scenarios[] = {
    {"gathered", 2, 2, 150, 200, 50, 16, each_row, KG_COUNT_OF(each_row)},
    {"small", 1, 1, 2000, 40, 2000, 40, small_reports,
     KG_COUNT_OF(small_reports)},
    {"large", 1, 1, 1, 100000, 1, 16, large_report, KG_COUNT_OF(large_report)},
};

/* --- tables ------------------------------------------------------------------- */

static void make_table(const struct options *o, const struct shape *shape,
                       const struct way *way, const char *table)
{
    char sql[1024];

    (void)snprintf(sql, sizeof(sql), "DROP TABLE IF EXISTS %s", table);
    must_sql(o->conninfo, sql);
    if (way->making == BY_KUBEGLEAN) {
        return;
    }
    (void)snprintf(sql, sizeof(sql), "CREATE TABLE %s (%s)%s", table,
                   shape->columns,
                   way->making == ROOMY ? " WITH (fillfactor = 50)" : "");
    must_sql(o->conninfo, sql);
}

/* --- one measurement ------------------------------------------------------------- */

struct measurement {
    const struct options *options;
    const struct scenario *scenario;
    const struct shape *shape;
    unsigned round;
};

static void print(const struct measurement *m, const struct way *way,
                  const char *which, size_t n_rows, const struct measured *got)
{
    (void)printf("{\"scenario\":\"%s\",\"shape\":\"%s\",\"rows_are\":\"%s\","
                 "\"way\":\"%s\",\"round\":%u,\"rows\":%zu,\"seconds\":%.4f,"
                 "\"rows_per_s\":%.0f,\"client_us_per_row\":%.3f,"
                 "\"server_us_per_row\":%.2f,"
                 "\"p50_ms\":%.1f,\"p99_ms\":%.1f,\"max_ms\":%.1f}\n",
                 m->scenario->name, m->shape->name, which, way->name, m->round,
                 n_rows, got->seconds, (double)n_rows / got->seconds,
                 got->client_us / (double)n_rows,
                 got->server_us / (double)n_rows, got->p50_ms, got->p99_ms,
                 got->max_ms);
    (void)fflush(stdout);
}

/* The way's table, and a definition that names it. */
static void name_table(const struct measurement *m, const struct way *way,
                       struct rows *rows, struct kg_table_def *def, char *name)
{
    (void)snprintf(name, NAME_MAX_LEN, "%s_%s_%s", m->scenario->name,
                   m->shape->name, way->name);
    *def = *rows->def;
    def->name = name;
    rows->def = def;
}

static void measure(const struct measurement *m, const struct way *way,
                    const struct rows *rows, const char *which,
                    int64_t scanned_at_us)
{
    char table[NAME_MAX_LEN];
    struct kg_table_def def;
    struct rows mine = *rows;
    struct measured got;

    name_table(m, way, &mine, &def, table);
    if (strcmp(which, "fresh") == 0) {
        make_table(m->options, m->shape, way, table);
    } else if (way->fresh_only) {
        return;
    }
    const struct load load = {
        .conninfo = m->options->conninfo,
        .table = table,
        .rows = &mine,
        .n_report = m->scenario->n_report,
        .in_flight = m->scenario->in_flight,
        .n_read = m->scenario->n_read,
        .n_connections = way->n_connections,
        .scanned_at_us = scanned_at_us,
    };

    must_sql(m->options->conninfo, "CHECKPOINT");
    way->store(&load, &got);
    print(m, way, which, mine.n, &got);
}

/* --- rounds ------------------------------------------------------------------------ */

static void run_round(const struct measurement *m, struct rows sets[2])
{
    static const struct {
        const char *which;
        unsigned set;
    } passes[] = {{"fresh", 0}, {"changed", 1}, {"unchanged", 1}};
    int64_t at_us = m->options->began_us + (int64_t)m->round * 4 * MS_US;

    for (size_t p = 0; p < KG_COUNT_OF(passes); p++) {
        if (passes[p].set >= m->scenario->n_sets) {
            break;
        }
        struct rows *rows = &sets[passes[p].set];

        at_us += MS_US;
        rows_stamp(rows, at_us);
        for (size_t w = 0; w < m->scenario->n_ways; w++) {
            const struct way *way = &m->scenario->ways[w];

            if (m->options->way == NULL ||
                strcmp(m->options->way, way->name) == 0) {
                measure(m, way, rows, passes[p].which, at_us);
            }
        }
    }
}

static void run_scenario(const struct options *o, const struct scenario *s)
{
    struct rows sets[KG_COUNT_OF(shapes)][2];

    for (size_t i = 0; i < s->n_shapes; i++) {
        const struct kg_profile *profile = rows_profile(shapes[i].profile);

        for (unsigned set = 0; set < s->n_sets; set++) {
            rows_make(&sets[i][set], profile, s->n_reports, s->n_report,
                      set + 1);
        }
    }
    for (unsigned round = 1; round <= o->rounds; round++) {
        for (size_t i = 0; i < s->n_shapes; i++) {
            const struct measurement m = {o, s, &shapes[i], round};

            run_round(&m, sets[i]);
        }
    }
}

/* --- memory ------------------------------------------------------------------------ */

static void print_held(const struct options *o, size_t n_reports,
                       size_t n_report)
{
    struct rows rows;
    struct kg_table_def def;

    rows_make(&rows, rows_profile("krr"), n_reports, n_report, 1);
    rows_stamp(&rows, o->began_us);
    def = *rows.def;
    def.name = "held";
    rows.def = &def;
    const struct load load = {.conninfo = o->conninfo,
                              .rows = &rows,
                              .n_report = n_report,
                              .in_flight = n_reports,
                              .n_read = 16,
                              .n_connections = 2,
                              .scanned_at_us = o->began_us,
                              .hold = true};

    (void)printf("{\"scenario\":\"held\",\"reports\":%zu,\"rows\":%zu,"
                 "\"heap_bytes_per_report\":%.0f}\n",
                 n_reports, n_report, hold_by_kubeglean(&load));
    (void)fflush(stdout);
}

static void run_held(const struct options *o)
{
    static const size_t n_reports[] = {50, 500};
    static const size_t n_rows[] = {1, 40, 1100};

    for (size_t i = 0; i < KG_COUNT_OF(n_rows); i++) {
        for (size_t k = 0; k < KG_COUNT_OF(n_reports); k++) {
            print_held(o, n_reports[k], n_rows[i]);
        }
    }
}

static _Noreturn void show_usage(int status)
{
    (void)fprintf(status == 0 ? stdout : stderr,
                  "usage: kg-bench-sink [--rounds N] [--way NAME] "
                  "[gathered|small|large|held]\n"
                  "KT_PG names the server: run it by bench/sink/run\n");
    exit(status);
}

static struct options read_options(int argc, char **argv)
{
    static const struct option longs[] = {
        {"rounds", required_argument, NULL, 'r'},
        {"way", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct options o = {.conninfo = getenv("KT_PG"),
                        .rounds = 5,
                        .began_us = kg_clock_now_us()};
    uint64_t rounds = o.rounds;
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == 'h') {
            show_usage(0);
        }
        if (c == 'w') {
            o.way = optarg;
        } else if (c != 'r' || !kg_str_to_u64(kg_str_from(optarg), &rounds)) {
            show_usage(2);
        }
    }
    o.rounds = (unsigned)rounds;
    o.only = argv[optind];
    if (o.conninfo == NULL) {
        show_usage(2);
    }
    return o;
}

int main(int argc, char **argv)
{
    const struct options o = read_options(argc, argv);
    bool found = o.only == NULL;

    for (size_t i = 0; i < KG_COUNT_OF(scenarios); i++) {
        if (o.only == NULL || strcmp(o.only, scenarios[i].name) == 0) {
            found = true;
            run_scenario(&o, &scenarios[i]);
        }
    }
    if (o.only != NULL && strcmp(o.only, "held") == 0) {
        found = true;
        run_held(&o);
    }
    if (!found) {
        show_usage(2);
    }
    return 0;
}
