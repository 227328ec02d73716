/* The ways of a scan that were built. */
#ifndef KG_JSON_SCAN_WAYS_H
#define KG_JSON_SCAN_WAYS_H

#include "scan.h"

extern const struct kg_scan kg_scan_scalar;
#ifdef __x86_64__
extern const struct kg_scan kg_scan_sse2, kg_scan_avx2, kg_scan_avx512;
#endif

#endif /* KG_JSON_SCAN_WAYS_H */
