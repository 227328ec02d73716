/* What a JSON text may hold besides strings and containers. */
#ifndef KG_JSON_SCALAR_H
#define KG_JSON_SCALAR_H

#include "kubeglean/str.h"

enum kg_scalar {
    KG_SCALAR_NONE, /* It is none. */
    KG_SCALAR_NULL,
    KG_SCALAR_TRUE,
    KG_SCALAR_FALSE,
    KG_SCALAR_NUMBER,
    KG_SCALAR_NAN, /* NaN, Infinity or -Infinity: Python's, not RFC 8259's. */
};

enum kg_scalar kg_scalar_of(struct kg_str token);
/* By byte: letters, digits, '+', '-' and '.'. */
extern const bool kg_scalar_bytes[256];

static inline bool kg_scalar_has(uint8_t byte)
{
    return kg_scalar_bytes[byte];
}

#endif /* KG_JSON_SCALAR_H */
