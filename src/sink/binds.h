/* The parameters of one statement, in PostgreSQL's binary form.
 *
 * What comes from a report is text, or an array of text: the statement casts it
 * to what it wants, so that a value the server refuses is the server's word.
 * What is ours alone need not be read by the server: it has its own type. */
#ifndef KG_SINK_BINDS_H
#define KG_SINK_BINDS_H

#include "kubeglean/buf.h"
#include "kubeglean/row.h"

enum { KG_BINDS_MAX = 2 * KG_COLUMNS_MAX + 16 };

enum kg_binds_type { /* PostgreSQL's numbers for them. */
                     KG_BINDS_BIGINT = 20,
                     KG_BINDS_INTEGER = 23,
                     KG_BINDS_TEXT = 25,
                     KG_BINDS_TIMESTAMPTZ = 1184,
};

struct kg_binds {
    struct kg_buf bytes; /* Private: all of them, one behind the other. */
    unsigned n;          /* Read-only. */
    size_t begin[KG_BINDS_MAX];    /* Private: offsets into `bytes`. */
    int len[KG_BINDS_MAX];         /* Private; -1: NULL. */
    size_t array_head;             /* Private: where the open array begins. */
    enum kg_binds_type array_type; /* Private: of the open array, */
    uint32_t n_elements;           /* Private: which has so many. */
    enum kg_errc err;              /* Read-only: the first failure; sticky. */
};

void kg_binds_init(struct kg_binds *a);
void kg_binds_finish(struct kg_binds *a);
void kg_binds_reset(struct kg_binds *a); /* Keeps the memory. */

void kg_binds_text(struct kg_binds *a, struct kg_str text);
void kg_binds_u64(struct kg_binds *a, uint64_t value);
/* An instant; KG_TIME_NONE is NULL. */
void kg_binds_time(struct kg_binds *a, int64_t us);

/* begin, element, element, ..., end: one parameter. Elements are texts but for
 * those whose name says otherwise. */
void kg_binds_array_begin(struct kg_binds *a, enum kg_binds_type type);
void kg_binds_element(struct kg_binds *a, struct kg_str text);
void kg_binds_element_null(struct kg_binds *a);
void kg_binds_element_value(struct kg_binds *a, struct kg_value value);
void kg_binds_element_u64(struct kg_binds *a, uint64_t value);
void kg_binds_element_time(struct kg_binds *a, int64_t us);
void kg_binds_element_bigint(struct kg_binds *a, int64_t value);
void kg_binds_element_integer(struct kg_binds *a, int32_t value);
/* KG_TIME_NONE is -infinity. */
void kg_binds_element_instant(struct kg_binds *a, int64_t us);
void kg_binds_array_end(struct kg_binds *a);

/* An array of `n` elements, more than none, which together have `len` bytes and
 * each its length before it (32 bits of the network's order; all set: NULL).
 * Who asks for it puts them to kg_binds_elements(). */
void kg_binds_array_of(struct kg_binds *a, enum kg_binds_type type, size_t n,
                       size_t len);
/* Of parameter `i`; until the next change. */
char *kg_binds_elements(struct kg_binds *a, unsigned i);

/* Borrowed until the next change. NULL for NULL. */
const char *kg_binds_ptr(const struct kg_binds *a, unsigned i);

#endif /* KG_SINK_BINDS_H */
