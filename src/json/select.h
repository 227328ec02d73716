/* From tokens to rows: the profile's automaton, driven by the parser.
 *
 *     begin --> (tokens of one document) --> end
 *
 * All that a column needs is kept in the cells of its slots until the row is
 * complete. */
#ifndef KG_JSON_SELECT_H
#define KG_JSON_SELECT_H

#include "held.h"
#include "kubeglean/reader.h"
#include "parse.h"
#include "places.h"
#include "scan.h"

/* Paths that were met, in all documents: one bit each. */
struct kg_seen_paths {
    uint64_t rows, matches, slots;
};

/* False stops. */
struct kg_select_ops {
    bool (*matched_cb)(void *data); /* The document is a report. Once. */
    bool (*row_cb)(void *data, const struct kg_value *values, uint64_t late);
    bool (*reject_cb)(void *data, const struct kg_value *values,
                      const char *column, const char *why);
};

struct kg_select {
    const struct kg_profile *profile; /* Private. */
    const struct kg_parse *parse;     /* Private. */
    const struct kg_select_ops *ops;  /* Private. */
    void *data;                       /* Private. */
    size_t max_row;                   /* Private. */

    bool matched;     /* Read-only. */
    bool rows_found;  /* Read-only: what holds the rows is there, */
    bool rows_wrong;  /* Read-only: or is of the wrong type. */
    enum kg_errc err; /* Read-only: why a token was answered with false. */
    bool held_full;   /* Read-only: KG_ELIMIT is of the rows that wait. */
    struct kg_seen_paths seen; /* Read-only. */
    uint64_t met_demands;      /* Private: of `match`, one bit each. */
    uint32_t rows;             /* Private: the path of the row. */

    struct kg_places places; /* Private from here on. */

    struct kg_str piece; /* Being parsed. */
    uint64_t capturing;  /* Raw slots that are open, one bit each; */
    size_t *from;        /* where in the piece each goes on. */

    struct kg_cell *cells; /* Of each slot, */
    uint64_t *counts;
    uint8_t *met;            /* of its conditions one bit. */
    struct kg_value *values; /* Of each column. */
    struct kg_run_values run;
    struct kg_held held;
    uint64_t in_row,
        counted;       /* Slots whose values are a row's, or its counts. */
    uint64_t may_pass; /* Slots that rows need not wait for if too many do, */
    uint64_t passing;  /* and do not, since too many did. */
};

extern const struct kg_parse_ops kg_select_tokens; /* Data: the select. */

/* Borrows all. KG_ENOMEM: nothing is due. */
KG_MUST_USE enum kg_errc kg_select_init(struct kg_select *s,
                                        const struct kg_profile *profile,
                                        const struct kg_run_info *run,
                                        const struct kg_reader_limits *limits,
                                        const struct kg_select_ops *ops,
                                        void *data);
void kg_select_finish(struct kg_select *s);
/* Rows that are too many to be held need not wait for the document's own
 * values: row_cb is told which columns lack theirs. */
void kg_select_let_pass(struct kg_select *s);
/* `parse` is asked where it stands. */
KG_MUST_USE enum kg_errc kg_select_begin(struct kg_select *s,
                                         const struct kg_parse *parse);
/* Before and after each piece that is parsed. */
void kg_select_piece(struct kg_select *s, struct kg_str piece);
KG_MUST_USE enum kg_errc kg_select_piece_over(struct kg_select *s);
/* The array that was opened last is not parsed: what its elements come to. */
void kg_select_tally(struct kg_select *s, const struct kg_tally *tally);
/* That the document matches will not be known any more: it is taken for a
 * report, and what was held stays. */
void kg_select_presume(struct kg_select *s);
/* Did any document have something at the profile's path of that number? */
bool kg_select_met(const struct kg_select *s, size_t path);
/* The document is over, whole or not: what was held is forgotten. */
void kg_select_end(struct kg_select *s);

#endif /* KG_JSON_SELECT_H */
