/* Words every module uses: attributes, asserts, and small helpers. */
#ifndef KUBEGLEAN_BASE_H
#define KUBEGLEAN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KG_MUST_USE          __attribute__((warn_unused_result))
#define KG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define KG_NORETURN          __attribute__((noreturn))

#define KG_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define KG_CONTAINER_OF(ptr, type, member) \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Always on, in release too. For our own mistakes, never for input: input is
 * checked, counted and answered. Prints the place and the claim, aborts. */
#define KG_REQUIRE(claim) \
    ((claim) ? (void)0 : kg_require_failed(#claim, __FILE__, __LINE__))

KG_NORETURN void kg_require_failed(const char *claim, const char *file,
                                   int line);

#endif /* KUBEGLEAN_BASE_H */
