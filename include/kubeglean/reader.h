/* One log in, its reports out.
 *
 *     bytes --> documents in noise --> reports, as they are found
 *
 *     feed, feed, ... ------> begin, row | piece ..., end(outcome)
 *     finish ---------------> end(outcome) of what was still open
 *
 * With a profile a report is a document that matches it (or all of them, with
 * `unit: log`) and gives rows; without one each document is a report and gives
 * its text, without the white space between its tokens, in pieces. What is not
 * a report is noise, counted and forgotten.
 *
 * Memory is less than 32 KiB when created, plus what the largest string or row
 * takes up to its limit; it does not grow with the log. Time is linear in the bytes fed.
 * Nothing here reads, writes, logs or knows the time. */
#ifndef KUBEGLEAN_READER_H
#define KUBEGLEAN_READER_H

#include "kubeglean/error.h"
#include "kubeglean/profile.h"

struct kg_reader;

/* Larger things end their report as KG_INCOMPLETE, reason "limit". A member
 * that is 0 stands for its default of limits.h. */
struct kg_reader_limits {
    size_t depth;  /* Containers inside each other; at most 10000. */
    size_t string; /* Bytes between the quotes, as written. */
    size_t key;    /* The same, of a member's name. */
    size_t number;
    size_t row;  /* Bytes of one row's values. */
    size_t held; /* Bytes of rows that wait for a parent's value. */
};

struct kg_report_end {
    enum kg_outcome outcome; /* KG_COMPLETE, KG_INCOMPLETE or KG_REJECTED. */
    const char *reason;      /* One word ("cut", "gap", "limit"), or "". */
    const char *detail;      /* For people: "string above 1048576 bytes". */
    uint64_t n_rows;         /* Handed to row_cb. */
    uint64_t n_rejected;     /* Rows that a column refused. */
    uint64_t n_nan;          /* NaN and infinities that became null. */
    uint64_t offset, len;    /* Where it stood in the log, or in what was
                              * unpacked of it. */
    /* Of a profile with `allowEmpty`, when a complete report has no row at all:
     * the scope it speaks of, in the columns of the scope; else NULL. */
    const struct kg_value *scope;
    /* Of a complete report that had late rows: the values that they lack, in
     * those columns; else NULL. Late rows without them are of no use. */
    const struct kg_value *late;
};

/* All are called from inside kg_reader_feed() and _finish(), borrow their
 * arguments until they return, and stop the reader by returning false. They may
 * not destroy it. Reports have ordinals from 0, in the order of their begin. */
struct kg_reader_ops {
    bool (*begin_cb)(void *data, uint64_t ordinal);
    /* Without a profile. */
    bool (*piece_cb)(void *data, struct kg_str bytes);
    /* With one. */
    bool (*row_cb)(void *data, const struct kg_row *row);
    /* A row that was refused, by which column and why; may be NULL. A value
     * that was refused is NULL in it. */
    bool (*reject_cb)(void *data, const struct kg_row *row, const char *column,
                      const char *reason);
    bool (*end_cb)(void *data, const struct kg_report_end *end);
};

struct kg_reader_options {
    const struct kg_profile *profile; /* Borrowed; or NULL. */
    enum kg_root root;                /* Without a profile. */
    bool strict;    /* RFC 8259, and the whole log is one JSON text. */
    bool parse_all; /* The parser meets all, not only what columns need. */
    /* Rows beyond `limits.held` that wait for a value of the document itself go
     * out without it (kg_row.late). Not with `unit: log`. */
    bool takes_late;
    struct kg_reader_limits limits;
    const struct kg_run_info *run; /* Borrowed; NULL: nothing is known. */
};

struct kg_reader_stats {
    uint64_t bytes;      /* Fed. */
    uint64_t documents;  /* Whole ones: that matched, with a profile. */
    uint64_t incomplete; /* Reports that ended so, */
    uint64_t refused;    /* and those that ended as KG_REJECTED. */
    uint64_t rows;       /* Handed to row_cb. */
    uint64_t rejected;   /* Rows that a column refused. */
    uint64_t nan;        /* In documents that are counted here. */
    uint64_t damaged;    /* Began like a document, and did not close; */
    uint64_t damaged_from, damaged_to; /* where the first of them stood. */
    const char *damaged_why; /* If it was packed: what is wrong; else NULL. */
    uint64_t noise_bytes;    /* Of no document, counted or damaged, and what was
                           * taken out from between a document's bytes; none of
                           * what was packed. */
    uint64_t looked_at;      /* Bytes, again for each time. */
    bool headless; /* Closers without openers: the beginning is missing. */
};

/* Copies `options`, but not what they point to: that, and `data`, are borrowed
 * until destroy. KG_ENOMEM; KG_EUSAGE for a limit that is out of range. */
KG_MUST_USE enum kg_errc kg_reader_create(
    const struct kg_reader_options *options, const struct kg_reader_ops *ops,
    void *data, struct kg_reader **ret_reader);
/* Calls nothing back. NULL is allowed. */
void kg_reader_destroy(struct kg_reader *r);

/* KG_ECANCELED when a callback stopped it, KG_ENOMEM. After an error nothing is
 * called back any more, and every further call returns the same error. What is
 * wrong with the log is no error: it is told by outcomes. */
KG_MUST_USE enum kg_errc kg_reader_feed(struct kg_reader *r,
                                        struct kg_str bytes);
/* Bytes may be missing, or come twice, before those fed next: the document that
 * is open ends as KG_INCOMPLETE with `reason` (static), even if it parses. So
 * does the report of a whole log, wherever in it that was. */
void kg_reader_doubt(struct kg_reader *r, const char *reason);
/* The log has ended; `reason` ("cut", "pod_gone", ...; static) is told for a
 * report that is open. Once, after the last feed. */
KG_MUST_USE enum kg_errc kg_reader_finish(struct kg_reader *r,
                                          const char *reason);

/* Borrowed until destroy; also after an error. */
const struct kg_reader_stats *kg_reader_stats(const struct kg_reader *r);
/* Did any document have something at the profile's path of that number? */
bool kg_reader_met(const struct kg_reader *r, size_t path);
/* What a log without any report amounts to: KG_EMPTY, or KG_INCOMPLETE when
 * something was damaged or its beginning is missing (then *ret_reason is "cut"
 * or "head_missing"). After finish. */
enum kg_outcome kg_reader_outcome(const struct kg_reader *r,
                                  const char **ret_reason);

/* KG_EUSAGE: the environment's KG_SIMD is none of scalar, sse2, avx2 and avx512
 * that this processor can; no reader can be created. Unset, it is the last. */
KG_MUST_USE enum kg_errc kg_reader_check(struct kg_error *e);
/* 20100 is yajl 2.1.0, for `kubeglean version`. */
int kg_reader_parser_version(void);
/* Of zlib and libbz2: static strings. */
const char *kg_reader_gzip_version(void);
const char *kg_reader_bzip2_version(void);

#endif /* KUBEGLEAN_READER_H */
