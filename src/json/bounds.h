/* A reader's limits, where nothing else is said. */
#ifndef KG_JSON_BOUNDS_H
#define KG_JSON_BOUNDS_H

#include "kubeglean/reader.h"

/* Those that are 0 become their defaults. KG_EUSAGE: one is out of range. */
KG_MUST_USE enum kg_errc kg_bounds_fill(struct kg_reader_limits *l);

#endif /* KG_JSON_BOUNDS_H */
