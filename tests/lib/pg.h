/* A real PostgreSQL for tests: the one that tests/lib/with-postgres started.
 *
 * What the server holds is looked at through psql, which shares nothing with
 * the code under test. */
#ifndef KT_PG_H
#define KT_PG_H

#include "kt.h"

/* The connection string; the whole program is skipped (77) without one. */
const char *kt_pg_conninfo(void);
/* The same with more words, of which later ones win. In a static buffer. */
const char *kt_pg_conninfo_with(const char *more);
int kt_pg_port(void); /* Of 127.0.0.1. */
/* Runs SQL; returns what it prints, unaligned, columns separated by '|', lines
 * by '\n', without the last one. In a static buffer, until the next call. */
const char *kt_pg_query(const char *sql);
#define kt_assert_query(sql, want) assert_string_equal(kt_pg_query(sql), want)
/* In a session beside ours, which ends by itself; `sql` has no '"' and no '$'. */
void kt_pg_in_background(const char *sql);
/* Drops all tables of the schema public. */
void kt_pg_reset(void);
/* First of a test that wants a server which is ours to stop: skips it, where the
 * server is none. */
void kt_pg_needs_own(void);
/* with-postgres --ctl: "start", "kill", "pause", ... */
void kt_pg_ctl(const char *what);
/* Lines of the server's log in which `text` is. */
unsigned kt_pg_count_log(const char *text);
/* Makes the directory `place` ("/tmp/kt-NAME.XXXXXX", which becomes its path),
 * and has the server speak TLS with certificates that are there. */
void kt_pg_make_tls(char *place);
int kt_pg_remove_tls(const char *place); /* 0: it is gone. */

#endif /* KT_PG_H */
