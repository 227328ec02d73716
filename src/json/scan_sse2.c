/* SPDX-License-Identifier: MIT */
/* What every x86-64 has. */
#ifdef __x86_64__
#include <emmintrin.h>

#define LANE          __m128i
#define LANE_DO(name) _mm_##name
#include "scan_lanes.h"

const struct kg_scan kg_scan_sse2 = {
    .name = "sse2", .wide = true, .nested = scan_nested};
#endif
