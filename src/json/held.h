/* Rows that wait: for a value of a parent that comes later in the text, or for
 * the proof that their document is a report. Bounded in bytes. */
#ifndef KG_JSON_HELD_H
#define KG_JSON_HELD_H

#include "cell.h"
#include "kubeglean/queue.h"

struct kg_held_row {
    struct kg_queue node;
    uint64_t missing;   /* Slots that may have a better value, one bit each. */
    const char *column; /* Refused: by this column, and why; or NULL. */
    const char *why;
    struct kg_value *values; /* One for each column; their texts are own. */
};

struct kg_held {
    struct kg_queue rows; /* Private. */
    /* Private: the first row that misses a slot since it was last told of, or
     * NULL; those before it do not. */
    struct kg_queue *since[KG_SLOTS_MAX];
    size_t len, max; /* Read-only: bytes. */
    uint32_t n_columns;
};

void kg_held_init(struct kg_held *h, uint32_t n_columns, size_t max);
void kg_held_clear(struct kg_held *h);
bool kg_held_empty(const struct kg_held *h);
/* Does any row miss the slot? */
bool kg_held_misses(const struct kg_held *h, uint32_t slot);
/* Copies. KG_ENOMEM, KG_ELIMIT. */
KG_MUST_USE enum kg_errc kg_held_add(struct kg_held *h,
                                     const struct kg_held_row *row);
enum kg_held_kind { KG_HELD_ABSENT, KG_HELD_NULL, KG_HELD_VALUE };

/* A slot has a value, which is better than those of the slots behind it; or null,
 * which is better than nothing; or will never have any. `value` is what becomes
 * of the column then. */
struct kg_held_news {
    uint32_t slot;
    uint64_t others; /* All slots of its column: one bit each. */
    enum kg_held_kind kind;
    uint32_t column;
    const char *name;
    struct kg_value value; /* By kg_held_value(). */
};

/* What a column has as long as a slot is missing: a NULL's text tells why it
 * would refuse the row (static), or is empty; its pointer is NULL if there is
 * nothing yet. */
static inline struct kg_value kg_held_value(const char *why,
                                            struct kg_value value)
{
    struct kg_value null = {kg_str_of(why != NULL ? why : "", 0), true};

    return why != NULL || value.is_null ? null : value;
}

KG_MUST_USE enum kg_errc kg_held_fill(struct kg_held *h,
                                      const struct kg_held_news *news);
/* The first row if it misses nothing but, perhaps, these slots; or NULL. */
struct kg_held_row *kg_held_first(struct kg_held *h, uint64_t but);
void kg_held_drop(struct kg_held *h, struct kg_held_row *row);

#endif /* KG_JSON_HELD_H */
