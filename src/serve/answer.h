/* The bytes of an answer. */
#ifndef KG_SERVE_ANSWER_H
#define KG_SERVE_ANSWER_H

#include "kubeglean/buf.h"

#define KG_SERVE_TEXT "text/plain; charset=utf-8"
#define KG_SERVE_JSON "application/json"

struct kg_serve_answer {
    unsigned status;
    const char *type;   /* Content type. */
    const char *header; /* One more, "Allow: GET", or NULL. */
    struct kg_str body;
    bool head_only;  /* To a HEAD request. */
    bool keep_alive; /* Else "Connection: close" is said. */
};

/* Adds it to `out`; `now_us` is for the header Date. */
KG_MUST_USE enum kg_errc kg_serve_answer_add(const struct kg_serve_answer *a,
                                             int64_t now_us,
                                             struct kg_buf *out);

#endif /* KG_SERVE_ANSWER_H */
