/* SPDX-License-Identifier: MIT */
/* What others do, by libpq alone and without waiting for anything but the
 * server: a simple program, with nothing of ours in its way. */
#include <stdio.h>
#include <stdlib.h>

#include "kubeglean/buf.h"
#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "server.h"
#include "ways.h"

enum {
    STATEMENT_ROWS = 1000,
    US_PER_S = 1000000,
    PG_EPOCH_S = 946684800 /* 2000-01-01 */
};

struct direct {
    PGconn *conn;
    const struct load *load;
    struct kg_buf sql;
    const char **values;
    struct kg_buf text; /* What they point to. */
};

static void must(enum kg_errc code)
{
    KG_REQUIRE(code == KG_OK);
}

/* --- statements ------------------------------------------------------------------ */

static void add_names(struct kg_buf *sql, const struct kg_table_def *def,
                      bool keys_only)
{
    const char *before = "";

    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (!keys_only || def->columns[i].key) {
            must(kg_buf_addf(sql, "%s\"%s\"", before, def->columns[i].name));
            before = ",";
        }
    }
}

/* As GORM writes it for clause.OnConflict{Columns: keys, DoUpdates: others}. */
static void write_insert(struct kg_buf *sql, const struct load *l,
                         size_t n_rows)
{
    const struct kg_table_def *def = l->rows->def;
    const char *before = "";
    unsigned arg = 0;

    kg_buf_reset(sql);
    must(kg_buf_addf(sql, "INSERT INTO \"%s\" (", l->table));
    add_names(sql, def, false);
    must(kg_buf_adds(sql, ") VALUES "));
    for (size_t row = 0; row < n_rows; row++) {
        for (uint32_t i = 0; i < def->n_columns; i++) {
            must(kg_buf_addf(sql, "%s$%u",
                             i > 0     ? ","
                             : row > 0 ? "),("
                                       : "(",
                             ++arg));
        }
    }
    must(kg_buf_adds(sql, ") ON CONFLICT ("));
    add_names(sql, def, true);
    must(kg_buf_adds(sql, ") DO UPDATE SET "));
    for (uint32_t i = 0; i < def->n_columns; i++) {
        if (!def->columns[i].key) {
            must(kg_buf_addf(sql, "%s\"%s\"=\"excluded\".\"%s\"", before,
                             def->columns[i].name, def->columns[i].name));
            before = ",";
        }
    }
}

/* libpq takes texts that end with NUL. */
static void point_to_values(struct direct *d, size_t from, size_t n_rows)
{
    size_t n = n_rows * d->load->rows->def->n_columns;
    const struct kg_value *values = rows_at(d->load->rows, from);
    size_t at = 0;

    kg_buf_reset(&d->text);
    for (size_t i = 0; i < n; i++) {
        must(kg_buf_add(&d->text, values[i].text));
        must(kg_buf_addc(&d->text, '\0'));
    }
    for (size_t i = 0; i < n; i++) {
        d->values[i] = values[i].is_null ? NULL : kg_buf_str(&d->text).ptr + at;
        at += values[i].text.len + 1;
    }
}

static void insert_values(struct direct *d, size_t from, size_t n_rows)
{
    const struct kg_table_def *def = d->load->rows->def;

    write_insert(&d->sql, d->load, n_rows);
    point_to_values(d, from, n_rows);
    expect(d->conn,
           PQexecParams(d->conn, kg_buf_cstr(&d->sql),
                        (int)(n_rows * def->n_columns), NULL, d->values, NULL,
                        NULL, 0),
           PGRES_COMMAND_OK);
}

static void open_direct(struct direct *d, const struct load *l)
{
    *d = (struct direct){.conn = connect_to(l->conninfo), .load = l};
    kg_buf_init(&d->sql, KG_MIB);
    kg_buf_init(&d->text, 16 * KG_MIB);
    d->values = kg_calloc((size_t)STATEMENT_ROWS * l->rows->def->n_columns,
                          sizeof(d->values[0]));
    KG_REQUIRE(d->values != NULL);
}

static void close_direct(struct direct *d)
{
    kg_buf_finish(&d->sql);
    kg_buf_finish(&d->text);
    kg_free(d->values);
    PQfinish(d->conn);
}

/* Statements of `n_rows` each, the last of fewer. */
static void store_by_statement(const struct load *l, size_t n_rows,
                               struct measured *ret_measured)
{
    struct direct d;
    struct stopwatch w;

    open_direct(&d, l);
    w = stopwatch_begin(l->conninfo);
    for (size_t i = 0; i < l->rows->n; i += n_rows) {
        size_t left = l->rows->n - i;

        insert_values(&d, i, left < n_rows ? left : n_rows);
    }
    stopwatch_end(&w, ret_measured);
    close_direct(&d);
}

void store_by_values(const struct load *l, struct measured *ret_measured)
{
    store_by_statement(l, STATEMENT_ROWS, ret_measured);
}

void store_each_report(const struct load *l, struct measured *ret_measured)
{
    store_by_statement(l, l->n_report, ret_measured);
}

/* --- a statement for each row ---------------------------------------------------- */

static void drain(PGconn *conn)
{
    for (;;) {
        PGresult *result = PQgetResult(conn);
        ExecStatusType status = PQresultStatus(result);

        if (result != NULL && status != PGRES_COMMAND_OK &&
            status != PGRES_PIPELINE_SYNC) {
            die_of(conn);
        }
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC) {
            return;
        }
    }
}

static void send_rows(struct direct *d, size_t from, size_t n_rows)
{
    int n_columns = (int)d->load->rows->def->n_columns;

    point_to_values(d, from, n_rows);
    for (size_t i = 0; i < n_rows; i++) {
        if (PQsendQueryPrepared(d->conn, "row", n_columns,
                                d->values + i * (size_t)n_columns, NULL, NULL,
                                0) != 1) {
            die_of(d->conn);
        }
    }
    if (PQpipelineSync(d->conn) != 1) { /* And COMMIT. */
        die_of(d->conn);
    }
    drain(d->conn);
}

void store_by_row(const struct load *l, struct measured *ret_measured)
{
    struct direct d;
    struct stopwatch w;

    open_direct(&d, l);
    write_insert(&d.sql, l, 1);
    expect(d.conn, PQprepare(d.conn, "row", kg_buf_cstr(&d.sql), 0, NULL),
           PGRES_COMMAND_OK);
    KG_REQUIRE(PQenterPipelineMode(d.conn) == 1);
    w = stopwatch_begin(l->conninfo);
    for (size_t i = 0; i < l->rows->n; i += STATEMENT_ROWS) {
        size_t left = l->rows->n - i;

        send_rows(&d, i, left < STATEMENT_ROWS ? left : STATEMENT_ROWS);
    }
    stopwatch_end(&w, ret_measured);
    close_direct(&d);
}

/* --- COPY ---------------------------------------------------------------------------- */

static void add_number(struct kg_buf *out, uint64_t value, unsigned n_bytes)
{
    for (unsigned i = n_bytes; i-- > 0;) {
        must(kg_buf_addc(out, (char)(value >> (8 * i))));
    }
}

static void add_binary(struct kg_buf *out, enum kg_type type,
                       const struct kg_value *v, bool is_bigint)
{
    uint64_t number = 0;
    int64_t us = 0;

    if (v->is_null) {
        add_number(out, UINT32_MAX, 4);
    } else if (type == KG_TYPE_INTEGER) {
        unsigned width = is_bigint ? 8 : 4;

        KG_REQUIRE(kg_str_to_u64(v->text, &number));
        add_number(out, width, 4);
        add_number(out, number, width);
    } else if (type == KG_TYPE_TIMESTAMPTZ) {
        KG_REQUIRE(kg_time_parse(v->text, &us));
        add_number(out, 8, 4);
        add_number(out, (uint64_t)(us - (int64_t)PG_EPOCH_S * US_PER_S), 8);
    } else {
        add_number(out, v->text.len + (type == KG_TYPE_JSONB), 4);
        if (type == KG_TYPE_JSONB) {
            must(kg_buf_addc(out, 1)); /* The format's version. */
        }
        must(kg_buf_add(out, v->text));
    }
}

static void put(struct direct *d)
{
    struct kg_str bytes = kg_buf_str(&d->text);

    if (PQputCopyData(d->conn, bytes.ptr, (int)bytes.len) != 1) {
        die_of(d->conn);
    }
    kg_buf_reset(&d->text);
}

/* GORM makes a Go int a bigint. */
static bool has_bigints(const struct rows *rows)
{
    return rows->def->scanned_at < 0;
}

static void copy_rows(struct direct *d)
{
    static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
    const struct rows *rows = d->load->rows;
    uint32_t n = rows->def->n_columns;

    must(kg_buf_add(&d->text, kg_str_of(head, sizeof(head) - 1)));
    for (size_t row = 0; row < rows->n; row++) {
        add_number(&d->text, n, 2);
        for (uint32_t i = 0; i < n; i++) {
            add_binary(&d->text, rows->def->columns[i].type,
                       &rows_at(rows, row)[i], has_bigints(rows));
        }
        if (kg_buf_len(&d->text) > 64 * KG_KIB) {
            put(d);
        }
    }
    add_number(&d->text, UINT16_MAX, 2);
    put(d);
    if (PQputCopyEnd(d->conn, NULL) != 1) {
        die_of(d->conn);
    }
    expect(d->conn, PQgetResult(d->conn), PGRES_COMMAND_OK);
}

void store_by_copy(const struct load *l, struct measured *ret_measured)
{
    struct direct d;
    struct stopwatch w;

    open_direct(&d, l);
    kg_buf_reset(&d.sql);
    must(kg_buf_addf(&d.sql, "COPY \"%s\" (", l->table));
    add_names(&d.sql, l->rows->def, false);
    must(kg_buf_adds(&d.sql, ") FROM STDIN (FORMAT binary)"));
    w = stopwatch_begin(l->conninfo);
    expect(d.conn, PQexec(d.conn, kg_buf_cstr(&d.sql)), PGRES_COPY_IN);
    copy_rows(&d);
    stopwatch_end(&w, ret_measured);
    close_direct(&d);
}
