/* SPDX-License-Identifier: MIT */
/* sink/: a role needs what `kubeglean schema --grants` prints, and no more. */
#include "sink.h"

#include <stdio.h>

enum { NOON = 1790000000 };

#define ROLE "\"kt writer\""

/* --- the scripts ------------------------------------------------------------- */

static struct kg_table_def replacing;

static const struct kg_table_def *const defs[] = {&replacing};

static void run_ddl(void)
{
    struct kg_buf out;

    kg_buf_init(&out, 1 << 16);
    assert_int_equal(kg_sink_ddl(defs, 1, &out), KG_OK);
    (void)kt_pg_query(kg_buf_cstr(&out));
    kg_buf_finish(&out);
}

static void run_grants(bool migrate)
{
    struct kg_buf out;

    kg_buf_init(&out, 1 << 16);
    assert_int_equal(
        kg_sink_grants(defs, 1, KG_STR("kt writer"), migrate, &out), KG_OK);
    (void)kt_pg_query(kg_buf_cstr(&out));
    kg_buf_finish(&out);
}

static void drop_writer(void)
{
    (void)kt_pg_query("SET client_min_messages = error;"
                      "DO 'BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname"
                      " = ''kt writer'') THEN DROP OWNED BY " ROLE
                      " CASCADE; DROP ROLE " ROLE "; END IF; END'");
}

/* The database as PostgreSQL makes it, less what everybody may. */
static void make_writer(void)
{
    kt_pg_reset();
    drop_writer();
    replacing = kt_krr;
    replacing.mode = KG_MODE_REPLACE; /* Needs the most. */
    (void)kt_pg_query(
        "REVOKE ALL ON SCHEMA public FROM public;"
        "DO 'BEGIN EXECUTE format(''REVOKE ALL ON DATABASE %I FROM public'',"
        " current_database()); END';"
        "CREATE ROLE " ROLE " LOGIN");
    kt_heap_setup();
}

static void open_as_writer(struct kt_sink *t, bool migrate)
{
    static char conninfo[400];
    const struct kg_sink_options options = {.conninfo = conninfo,
                                            .migrate = migrate};

    (void)snprintf(conninfo, sizeof(conninfo), "%s user='kt writer'",
                   kt_pg_conninfo());
    kt_sink_open(t, &options);
}

static void end(struct kt_sink *t)
{
    kt_sink_end(t);
    drop_writer();
    (void)kt_pg_query(
        "DO 'BEGIN EXECUTE format(''GRANT CONNECT ON DATABASE %I TO public'',"
        " current_database()); END'");
}

/* --- all that a role does ------------------------------------------------------ */

/* A small report with a bad row, or one that is staged. */
static struct kg_report *begin_work(struct kt_sink *t, unsigned number,
                                    bool large)
{
    static const struct kt_row rows[] = {{"a", "1", NULL, "OK"},
                                         {"b", "no number", NULL, "OK"}};
    struct kg_run_info run = kt_run(number, NOON + (int)number);
    struct kg_report *r;
    bool pause;

    assert_int_equal(kg_report_begin(t->sink, &replacing, &run, 0, &r), KG_OK);
    if (large) {
        for (unsigned i = 0; i < 1200; i++) {
            char name[16];
            const struct kt_row row = {name, "3", NULL, "OK"};

            (void)snprintf(name, sizeof(name), "row%u", i);
            kt_add(r, &run, &row, i, &pause);
        }
    } else {
        kt_add(r, &run, &rows[0], 0, &pause);
        kt_add(r, &run, &rows[1], 1, &pause);
    }
    return r;
}

static struct kt_stored work(struct kt_sink *t, unsigned number, bool large)
{
    struct kt_stored s = {0};

    kg_report_end(begin_work(t, number, large), kt_on_done, &s);
    kt_sink_until(t, &s.done, 20);
    return s;
}

static void expect_work(struct kt_sink *t, unsigned number)
{
    struct kt_stored small = work(t, number, false);
    struct kt_stored large = work(t, number + 1, true);
    struct kg_run_info run = kt_run(number + 1, NOON + (int)number + 1);

    assert_false(small.failed);
    assert_int_equal(small.result.n_rejected, 1);
    assert_false(large.failed);
    assert_int_equal(large.result.n_inserted, 1200);
    assert_int_equal(kt_settle(t, &run, KG_COMPLETE, "").entry.outcome,
                     KG_COMPLETE);
}

static void the_scripts_suffice_for_a_role_without_rights(void **state)
{
    struct kt_sink t;

    (void)state;
    make_writer();
    run_ddl();
    run_grants(false);
    open_as_writer(&t, false);
    kt_sink_until_ready(&t);
    expect_work(&t, 1);
    end(&t);
}

static void a_role_that_may_migrate_makes_its_tables(void **state)
{
    struct kt_sink t;

    (void)state;
    make_writer();
    run_grants(true);
    open_as_writer(&t, true);
    kt_sink_until_ready(&t);
    expect_work(&t, 1);
    kt_assert_query("SELECT DISTINCT tableowner FROM pg_tables"
                    " WHERE schemaname = 'public'",
                    "kt writer");
    end(&t);
}

/* --- less than that --------------------------------------------------------------- */

static void expect_text(const char *text, const char *right, const char *table)
{
    char want[200];

    (void)snprintf(want, sizeof(want),
                   "lacks the right %s; cure: GRANT %s ON %s TO " ROLE, right,
                   right, table);
    if (strstr(text, want) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", text, want);
    }
}

static void change(const char *verb, const char *right, const char *table,
                   const char *to)
{
    char sql[200];

    (void)snprintf(sql, sizeof(sql), "%s %s ON %s %s " ROLE, verb, right, table,
                   to);
    (void)kt_pg_query(sql);
}

/* Taken away while the sink is at work: a right that nothing needs would not be
 * missed. */
static void expect_missed(const char *right, const char *table, bool large)
{
    struct kt_sink t;
    struct kt_stored s = {0};
    bool told = false;

    make_writer();
    run_ddl();
    run_grants(false);
    open_as_writer(&t, false);
    kt_sink_until_ready(&t);
    assert_false(work(&t, 1, false).failed);
    change("REVOKE", right, table, "FROM");
    kg_report_end(begin_work(&t, 2, large), kt_on_done, &s);
    while (!told) {
        (void)kg_loop_turn(&t.loop);
        told = s.done || t.error.code == KG_EFORBIDDEN;
    }
    if (s.done && !s.failed) {
        fail_msg("nobody misses %s on %s", right, table);
    }
    expect_text(s.done ? s.error.text : t.error.text, right, table);
    change("GRANT", right, table, "TO");
    kt_sink_until_ready(&t);
    expect_work(&t, 3);
    end(&t);
}

static void each_right_of_the_target_is_missed_by_name(void **state)
{
    (void)state;
    expect_missed("SELECT", "\"scan_history\"", false);
    expect_missed("INSERT", "\"scan_history\"", false);
    expect_missed("UPDATE", "\"scan_history\"", false);
    expect_missed("DELETE", "\"scan_history\"", false);
}

static void each_right_of_its_staging_is_missed_by_name(void **state)
{
    (void)state;
    expect_missed("SELECT", "\"kubeglean_staging_scan_history\"", true);
    expect_missed("INSERT", "\"kubeglean_staging_scan_history\"", true);
    expect_missed("DELETE", "\"kubeglean_staging_scan_history\"", true);
}

static void each_right_of_the_ledger_is_missed_by_name(void **state)
{
    (void)state;
    expect_missed("SELECT", "kubeglean_runs", false);
    expect_missed("INSERT", "kubeglean_runs", false);
    expect_missed("UPDATE", "kubeglean_runs", false);
    expect_missed("SELECT", "kubeglean_scopes", false);
    expect_missed("INSERT", "kubeglean_scopes", false);
    expect_missed("UPDATE", "kubeglean_scopes", false);
    expect_missed("INSERT", "kubeglean_rejects", false);
}

/* Missed at the start; told, and tried again. */
static void expect_missed_at_start(const char *revoke, const char *want,
                                   const char *grant)
{
    struct kt_sink t;

    make_writer();
    run_ddl();
    run_grants(false);
    (void)kt_pg_query(revoke);
    open_as_writer(&t, false);
    while (t.n_states == 0) {
        (void)kg_loop_turn(&t.loop);
    }
    assert_false(t.ready);
    if (strstr(t.error.text, want) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", t.error.text, want);
    }
    (void)kt_pg_query(grant);
    kt_sink_until_ready(&t);
    expect_work(&t, 1);
    end(&t);
}

static void each_right_of_the_installation_is_missed_by_name(void **state)
{
    (void)state;
    expect_missed_at_start(
        "REVOKE SELECT ON kubeglean_installation FROM " ROLE,
        "lacks the right SELECT; cure: GRANT SELECT ON kubeglean_installation"
        " TO " ROLE,
        "GRANT SELECT ON kubeglean_installation TO " ROLE);
    expect_missed_at_start(
        "REVOKE INSERT ON kubeglean_installation FROM " ROLE,
        "lacks the right INSERT; cure: GRANT INSERT ON kubeglean_installation"
        " TO " ROLE,
        "GRANT INSERT ON kubeglean_installation TO " ROLE);
}

static void a_schema_that_may_not_be_used_is_named(void **state)
{
    (void)state;
    expect_missed_at_start(
        "REVOKE USAGE ON SCHEMA public FROM " ROLE,
        "lacks the right USAGE on schema \"public\"; cure: GRANT USAGE ON "
        "SCHEMA \"public\" TO " ROLE,
        "GRANT USAGE ON SCHEMA public TO " ROLE);
}

static void a_database_that_may_not_be_entered_is_named(void **state)
{
    (void)state;
    expect_missed_at_start(
        "DO 'BEGIN EXECUTE format(''REVOKE CONNECT ON DATABASE %I FROM"
        " \"kt writer\"'', current_database()); END'",
        "cure: GRANT CONNECT ON DATABASE",
        "DO 'BEGIN EXECUTE format(''GRANT CONNECT ON DATABASE %I TO"
        " \"kt writer\"'', current_database()); END'");
}

static void a_role_that_may_make_nothing_is_told_so_at_the_start(void **state)
{
    struct kt_sink t;

    (void)state;
    make_writer();
    run_grants(true);
    (void)kt_pg_query("REVOKE CREATE ON SCHEMA public FROM " ROLE);
    open_as_writer(&t, true);
    while (t.n_states == 0) {
        (void)kg_loop_turn(&t.loop);
    }
    assert_int_equal(t.error.code, KG_EFORBIDDEN);
    assert_string_equal(
        t.error.text,
        "table kubeglean_installation: it is missing (\"kubeglean schema\" "
        "prints it), and role \"kt writer\" lacks the right CREATE on schema "
        "\"public\"; cure: GRANT CREATE ON SCHEMA \"public\" TO " ROLE);
    (void)kt_pg_query("GRANT CREATE ON SCHEMA public TO " ROLE);
    kt_sink_until_ready(&t); /* It went on trying. */
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scripts_suffice_for_a_role_without_rights),
        cmocka_unit_test(a_role_that_may_migrate_makes_its_tables),
        cmocka_unit_test(each_right_of_the_target_is_missed_by_name),
        cmocka_unit_test(each_right_of_its_staging_is_missed_by_name),
        cmocka_unit_test(each_right_of_the_ledger_is_missed_by_name),
        cmocka_unit_test(each_right_of_the_installation_is_missed_by_name),
        cmocka_unit_test(a_schema_that_may_not_be_used_is_named),
        cmocka_unit_test(a_database_that_may_not_be_entered_is_named),
        cmocka_unit_test(a_role_that_may_make_nothing_is_told_so_at_the_start),
    };

    return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
