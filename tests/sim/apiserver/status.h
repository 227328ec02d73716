/* Answers in the shape of Kubernetes: Status objects, and objects. */
#ifndef SIM_STATUS_H
#define SIM_STATUS_H

#include "sim.h"

enum { SIM_CAUSES_MAX = 16, SIM_MESSAGE_MAX = 600 };

struct sim_cause {
    const char *reason; /* FieldValueRequired, ... */
    char field[200];
    char message[SIM_MESSAGE_MAX];
};

struct sim_causes {
    struct sim_cause items[SIM_CAUSES_MAX];
    size_t n;
};

void sim_cause(struct sim_causes *all, const char *reason, const char *field,
               const char *fmt, ...) KG_PRINTF(4, 5);

/* `"causes":[...]` */
void sim_put_causes(struct kg_buf *b, const struct sim_causes *all);
/* A Status of failure. `details` is JSON, or NULL. */
void sim_fail(struct sim_call *c, int code, const char *reason,
              const char *details, const char *fmt, ...) KG_PRINTF(5, 6);
void sim_bad_request(struct sim_call *c, const char *fmt, ...) KG_PRINTF(2, 3);
/* `jobs.batch "one" not found`, and so on, each with its details. */
void sim_not_found(struct sim_call *c);
void sim_no_namespace(struct sim_call *c);
void sim_exists(struct sim_call *c, struct kg_str name);
void sim_conflict(struct sim_call *c, const char *kind, const char *why);
void sim_no_such_path(struct sim_call *c);
void sim_no_such_method(struct sim_call *c);
/* 422 for an object of this call's kind, or with `kind` for options. */
void sim_invalid(struct sim_call *c, const char *kind, struct kg_str name,
                 const struct sim_causes *all);
/* The success Status of a deletion. */
void sim_deleted(struct sim_call *c, const struct sim_version *v);
/* An object. `headers` as for sim_answer(). */
void sim_show(struct sim_call *c, int status, const char *headers,
              const struct sim_version *v);
/* `{"name":"one","group":"batch","kind":"jobs"` without the end; the caller
 * finishes `b`. `kind`: NULL for the resource's plural. */
void sim_details(struct sim_call *c, struct kg_buf *b, struct kg_str name,
                 const char *kind);

#endif /* SIM_STATUS_H */
