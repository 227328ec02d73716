/* Where in a log bytes are missing or double, as far as a document that is still
 * to end wants to know it. */
#ifndef KG_JSON_DOUBT_H
#define KG_JSON_DOUBT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kg_doubt {
    const char *reason; /* The last one's; NULL: there is none. */
    uint64_t from;      /* The first one in the latest candidate, */
    uint64_t to;        /* and the last one. */
};

/* `candidate`: where the latest one began. It may be whole already, and wait for
 * what follows it: an earlier place in it is not forgotten. */
static inline void kg_doubt_add(struct kg_doubt *d, const char *reason,
                                uint64_t at, uint64_t candidate)
{
    if (d->reason == NULL || d->from <= candidate) {
        d->from = at;
    }
    d->to = at;
    d->reason = reason;
}

static inline bool kg_doubt_is_in(const struct kg_doubt *d, uint64_t from,
                                  uint64_t to)
{
    return d->reason != NULL && d->to > from && d->from < to;
}

#endif /* KG_JSON_DOUBT_H */
