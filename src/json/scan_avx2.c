/* SPDX-License-Identifier: MIT */
/* With AVX2, BMI and carry-less multiplication: processors from 2013 on. */
#ifdef __x86_64__
#include <immintrin.h>

#define LANE          __m256i
#define LANE_DO(name) _mm256_##name
#include "scan_lanes.h"

const struct kg_scan kg_scan_avx2 = {
    .name = "avx2", .wide = true, .nested = scan_nested};
#endif
