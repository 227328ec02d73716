/* What a reader says of a log, as a text that a test can state.
 *
 *     {"a":1}                    a document (no profile)
 *     broken cut                 one that did not close
 *     begin 0                    a report (with a profile)
 *     row a|b|NULL
 *     reject 1 name: why
 *     end complete 1 0           rows, rejected; a reason behind the outcome
 */
#ifndef KT_REPORT_H
#define KT_REPORT_H

#include "kubeglean/reader.h"

struct kt_report {
    struct kg_reader_options options;
    struct kg_reader *reader;
    struct kg_buf trace;
    struct kg_buf text; /* Of the document that is open. */
    enum kg_errc err;   /* The first one. */
};

/* Fails the test when the YAML does not compile. */
struct kg_profile *kt_report_profile(const char *yaml);
struct kg_profile *kt_report_builtin(const char *name);

/* `options` are borrowed until the end. Nothing here fails the test: t->err. */
void kt_report_begin(struct kt_report *t,
                     const struct kg_reader_options *options);
void kt_report_feed(struct kt_report *t, struct kg_str piece);
void kt_report_finish(struct kt_report *t);
void kt_report_end(struct kt_report *t);

/* All at once; the trace is freed by kg_free(). */
char *kt_report_of(const struct kg_reader_options *options, struct kg_str log,
                   struct kg_reader_stats *ret_stats);
/* The same trace comes of `log` whole, cut in two at every place, and byte by
 * byte, with each KG_SIMD; and, with a profile, when the parser meets all. */
void kt_report_assert(const struct kg_reader_options *options,
                      struct kg_str log, const char *want);

/* Objects in noise, without a profile, and the same with them. */
extern const struct kg_reader_options kt_report_objects;
void kt_report_found(struct kg_str log, const char *want);

/* What `log` amounts to by a profile in YAML. */
void kt_report_rows(const char *yaml, const char *log, const char *want);
/* It is none: "p.yaml:line:column: ...". */
void kt_report_refused(const char *yaml, const char *want);

/* --- logs to be made ------------------------------------------------------------ */

#define KT_PRETTY                           \
    "{\n"                                   \
    "    \"scans\": [\n"                    \
    "        {\n"                           \
    "            \"name\": \"a{\\\"}b\",\n" \
    "            \"pods\": []\n"            \
    "        },\n"                          \
    "        [\n"                           \
    "            1,\n"                      \
    "            -2.5\n"                    \
    "        ],\n"                          \
    "        \"x\"\n"                       \
    "    ],\n"                              \
    "    \"score\": null\n"                 \
    "}\n"
#define KT_COMPACT                                                     \
    "{\"scans\":[{\"name\":\"a{\\\"}b\",\"pods\":[]},[1,-2.5],\"x\"]," \
    "\"score\":null}\n"
#define KT_STAMP "2024-01-14T10:00:00.123456789Z "

void kt_log_add(struct kg_buf *log, struct kg_str text);
/* Of kt_report_objects; freed by kg_free(). */
char *kt_log_trace(const struct kg_buf *log, struct kg_reader_stats *ret_stats);

#endif /* KT_REPORT_H */
