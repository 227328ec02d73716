/* SPDX-License-Identifier: MIT */
#include "scan.h"

#include "kubeglean/reader.h"
#include "scan_ways.h"
#include <stdlib.h>

#ifdef __x86_64__
enum { WAYS = 4 };

static size_t list(const struct kg_scan *ways[WAYS])
{
    size_t n = 0;

    ways[n++] = &kg_scan_scalar;
    ways[n++] = &kg_scan_sse2;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
        __builtin_cpu_supports("bmi") && __builtin_cpu_supports("popcnt")) {
        ways[n++] = &kg_scan_avx2;
        if (__builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512vbmi") &&
            __builtin_cpu_supports("avx512vbmi2") &&
            __builtin_cpu_supports("bmi2")) {
            ways[n++] = &kg_scan_avx512;
        }
    }
    return n;
}
#else
enum { WAYS = 1 };

static size_t list(const struct kg_scan *ways[WAYS])
{
    ways[0] = &kg_scan_scalar;
    return WAYS;
}
#endif

const struct kg_scan *kg_scan_at(size_t i)
{
    const struct kg_scan *ways[WAYS];

    return i < list(ways) ? ways[i] : NULL;
}

static bool is_known(const char *name)
{
    static const char *const names[] = {"scalar", "sse2", "avx2", "avx512"};

    for (size_t i = 0; i < KG_COUNT_OF(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

enum kg_errc kg_scan_choose(const char *name, const struct kg_scan **ret_scan,
                            struct kg_error *e)
{
    const struct kg_scan *ways[WAYS];
    size_t n = list(ways);

    if (name == NULL || *name == '\0') {
        *ret_scan = ways[n - 1];
        return KG_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(ways[i]->name, name) == 0) {
            *ret_scan = ways[i];
            return KG_OK;
        }
    }
    return kg_error_set(e, KG_EUSAGE, 0,
                        is_known(name)
                            ? "KG_SIMD=%s: this processor has no such "
                              "instructions; leave it unset"
                            : "KG_SIMD=%s: it is one of scalar, sse2, avx2, "
                              "avx512, or unset",
                        name);
}

enum kg_errc kg_reader_check(struct kg_error *e)
{
    const struct kg_scan *scan;

    return kg_scan_choose(getenv("KG_SIMD"), &scan, e);
}
