/* The parameters of one statement, in PostgreSQL's binary form.
 *
 * Only two forms are needed: text, and array of text. The statement casts them
 * to what it wants, so that a value the server refuses is the server's word. */
#ifndef KG_SINK_BINDS_H
#define KG_SINK_BINDS_H

#include "kubeglean/buf.h"
#include "kubeglean/row.h"

enum { KG_BINDS_MAX = KG_COLUMNS_MAX + 16 };

struct kg_binds {
    struct kg_buf bytes; /* Private: all of them, one behind the other. */
    unsigned n;          /* Read-only. */
    size_t begin[KG_BINDS_MAX]; /* Private: offsets into `bytes`. */
    int len[KG_BINDS_MAX];      /* Private; -1: NULL. */
    size_t array_head;          /* Private: where the open array begins. */
    uint32_t n_elements;        /* Private: of the open array. */
    enum kg_errc err;           /* Read-only: the first failure; sticky. */
};

void kg_binds_init(struct kg_binds *a);
void kg_binds_finish(struct kg_binds *a);
void kg_binds_reset(struct kg_binds *a); /* Keeps the memory. */

void kg_binds_text(struct kg_binds *a, struct kg_str text);
void kg_binds_u64(struct kg_binds *a, uint64_t value);
/* An instant; KG_TIME_NONE is NULL. */
void kg_binds_time(struct kg_binds *a, int64_t us);

/* begin, element, element, ..., end: one parameter. */
void kg_binds_array_begin(struct kg_binds *a);
void kg_binds_element(struct kg_binds *a, struct kg_str text);
void kg_binds_element_null(struct kg_binds *a);
void kg_binds_element_u64(struct kg_binds *a, uint64_t value);
void kg_binds_element_time(struct kg_binds *a, int64_t us);
void kg_binds_array_end(struct kg_binds *a);

/* Borrowed until the next change. NULL for NULL. */
const char *kg_binds_ptr(const struct kg_binds *a, unsigned i);

#endif /* KG_SINK_BINDS_H */
