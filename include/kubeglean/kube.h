/* Requests to one Kubernetes API server.
 *
 * Objects are trees. Every failure is a sentence with verb, path, status,
 * reason and the server's message:
 *
 *     POST /apis/batch/v1/namespaces/a/jobs: HTTP 403 Forbidden: missing right
 *     to create jobs.batch in namespace a: jobs.batch is forbidden: User ...
 *
 * A token, a certificate or a key that is kept in a file is read again, by
 * libuv's pool, when it is older than a minute, and after a 401, which is then
 * asked once more. A credential plugin is run when its last answer expired, and
 * after a 401; requests wait for it. */
#ifndef KUBEGLEAN_KUBE_H
#define KUBEGLEAN_KUBE_H

#include "kubeglean/http.h"
#include "kubeglean/kubeconfig.h"
#include "kubeglean/latch.h"
#include "kubeglean/tree.h"

struct kg_pick;
struct kg_creds; /* Private: who we are, as it changes. */

enum kg_kube_kind {
    KG_KUBE_NAMESPACE,
    KG_KUBE_JOB,
    KG_KUBE_CRONJOB,
    KG_KUBE_POD,
    KG_KUBE_EVENT,
    KG_KUBE_KIND_NR
};

/* An object, or with an empty name a collection; with an empty namespace the
 * collection of the whole cluster. */
struct kg_kube_ref {
    enum kg_kube_kind kind;
    struct kg_str ns;
    struct kg_str name;
    struct kg_str labels; /* Of a collection, a selector; or empty: all. */
    struct kg_str fields; /* The same by fields. */
};

/* What kg_kube_discover() found. */
struct kg_kube_server {
    int minor;          /* 20 of 1.20; 0 while unknown. */
    char version[64];   /* "v1.20.2" */
    bool has_cronjobs;  /* In one version or the other. */
    bool beta_cronjobs; /* Only in batch/v1beta1. */
    bool split_logs;    /* Logs can be asked for with stream=Stdout. */
    bool streams_lists; /* A watch may tell first what is there; true until one
                           was refused. */
};

struct kg_kube;
typedef void (*kg_kube_close_cb)(struct kg_kube *kube);

struct kg_kube {
    void *data;                   /* Public: the owner's. */
    struct kg_kube_server server; /* Read-only. */
    struct kg_loop *loop;         /* Private from here on. */
    struct kg_http *http;
    struct kg_creds *creds;      /* NULL when they cannot change. */
    uint32_t request_timeout_ms; /* For one request in all. */
    struct kg_latch open;
    kg_kube_close_cb close_cb;
};

/* Copies what it needs of `config`. Connects to nothing yet. After KG_OK,
 * kg_kube_close() is due, once; else nothing. */
KG_MUST_USE enum kg_errc kg_kube_init(struct kg_kube *kube,
                                      struct kg_loop *loop,
                                      const struct kg_kubeconfig *config,
                                      struct kg_error *e);
/* Requests, watches and logs of it must have been canceled, stopped or closed
 * before; `close_cb` is the last that is heard of it. */
void kg_kube_close(struct kg_kube *kube, kg_kube_close_cb close_cb);
const char *kg_kube_host(const struct kg_kube *kube); /* For messages. */

/* The apiVersion that this server wants of the kind: "batch/v1beta1". Static. */
const char *kg_kube_api_version(const struct kg_kube *kube,
                                enum kg_kube_kind kind);
const char *kg_kube_kind_name(enum kg_kube_kind kind); /* "CronJob". Static. */

struct kg_kube_req;
/* The answer; or why there is none, and the Status that the server sent instead,
 * if it sent one. `r` is idle already and may be used again; all is borrowed
 * until the callback returns. `r->status` tells more of `e`. */
typedef void (*kg_kube_done_cb)(struct kg_kube_req *r, const struct kg_error *e,
                                const struct kg_node *answer);

enum { KG_KUBE_REASON_MAX = 48, KG_KUBE_MESSAGE_MAX = 300 };

/* What the server said when it refused: its Status object. */
struct kg_kube_status {
    int http;                          /* 0: it gave no answer. */
    char reason[KG_KUBE_REASON_MAX];   /* "AlreadyExists" */
    char kind[KG_KUBE_REASON_MAX];     /* What it is about: "namespaces". */
    char message[KG_KUBE_MESSAGE_MAX]; /* In the server's words. */
    uint32_t retry_after_ms;           /* 0: not said. */
};

/* Waits for new credentials; private. */
struct kg_creds_wait {
    struct kg_queue node;
    void (*cb)(struct kg_creds_wait *w);
};

enum kg_kube_propagation {
    KG_KUBE_BACKGROUND, /* What a deleted object owns goes behind it, */
    KG_KUBE_FOREGROUND, /* or before it, */
    KG_KUBE_ORPHAN,     /* or stays. */
};

/* How a request writes; all zero is usual. */
struct kg_kube_how {
    const char *manager; /* Of fields; NULL: "kubeglean". Borrowed. */
    bool dry_run;        /* Checked and answered as if it were done. */
    bool strict;         /* Unknown fields are refused, not dropped; servers */
                         /* before 1.25 drop them all the same. */
    enum kg_kube_propagation propagation; /* Of a deletion. */
};

struct kg_kube_req {
    void *data;                   /* Public: the owner's. */
    struct kg_kube_how how;       /* Public: of all that it writes. */
    struct kg_kube_status status; /* Read-only: of the last answer. */
    struct kg_http_req http;      /* Private from here on. */
    struct kg_kube *kube;
    const char *method;
    const char *type;           /* Of the body. */
    char *path;                 /* NULL: idle. */
    struct kg_buf body;         /* Kept for asking again. */
    unsigned generation;        /* Of the credentials it was sent with. */
    bool asked_again;           /* After a 401. */
    bool is_json;               /* Says the answer. */
    struct kg_pick *pick;       /* Takes the answer apart as it arrives, */
    struct kg_tree answer;      /* into this, */
    struct kg_buf text;         /* or what begins it when it is no JSON. */
    struct kg_error failed;     /* What is wrong with it. */
    struct kg_deferred failing; /* Tells that. */
    struct kg_creds_wait wait;
    kg_kube_done_cb done_cb;
    kg_kube_done_cb then_cb; /* Discovery: behind its own steps. */
};

/* Keeps `r->data` and `r->how`. */
void kg_kube_req_init(struct kg_kube_req *r);
/* Cancels what is under way, silently, and frees. Harmless when idle; `r` may
 * be used again. */
void kg_kube_cancel(struct kg_kube_req *r);
bool kg_kube_is_idle(const struct kg_kube_req *r);

/* All of these: `r` is idle. If they fail (KG_ENOMEM, or KG_EINVALID for a name
 * that Kubernetes does not have), no callback will come. Manifests are borrowed
 * until the call returns; their apiVersion is set here. */

/* What server it is: fills `kube->server`. Asks /version and the group batch.
 * The answer is NULL. */
KG_MUST_USE enum kg_errc kg_kube_discover(struct kg_kube *kube,
                                          struct kg_kube_req *r,
                                          kg_kube_done_cb done_cb);
KG_MUST_USE enum kg_errc kg_kube_get(struct kg_kube *kube,
                                     struct kg_kube_req *r,
                                     struct kg_kube_ref ref,
                                     kg_kube_done_cb done_cb);
/* KG_EEXISTS when an object of that name is there. `ref.name` may be empty: the
 * manifest has it. */
KG_MUST_USE enum kg_errc kg_kube_create(struct kg_kube *kube,
                                        struct kg_kube_req *r,
                                        struct kg_kube_ref ref,
                                        const struct kg_node *manifest,
                                        kg_kube_done_cb done_cb);
/* Server-side apply. KG_ECONFLICT names the manager that owns a field; with
 * `force` the field becomes ours. */
KG_MUST_USE enum kg_errc kg_kube_apply(struct kg_kube *kube,
                                       struct kg_kube_req *r,
                                       struct kg_kube_ref ref,
                                       const struct kg_node *manifest,
                                       bool force, kg_kube_done_cb done_cb);
/* Replaces it; KG_ECONFLICT when the manifest's metadata.resourceVersion is not
 * the newest. */
KG_MUST_USE enum kg_errc kg_kube_update(struct kg_kube *kube,
                                        struct kg_kube_req *r,
                                        struct kg_kube_ref ref,
                                        const struct kg_node *manifest,
                                        kg_kube_done_cb done_cb);
/* A merge patch (RFC 7386): annotations, labels, spec.suspend. */
KG_MUST_USE enum kg_errc kg_kube_patch(struct kg_kube *kube,
                                       struct kg_kube_req *r,
                                       struct kg_kube_ref ref,
                                       const struct kg_node *patch,
                                       kg_kube_done_cb done_cb);
/* Only the object of that `uid` (KG_ECONFLICT when another took its name), or
 * any when it is empty. */
KG_MUST_USE enum kg_errc kg_kube_delete(struct kg_kube *kube,
                                        struct kg_kube_req *r,
                                        struct kg_kube_ref ref,
                                        struct kg_str uid,
                                        kg_kube_done_cb done_cb);

/* A right as RBAC names it. */
struct kg_kube_right {
    const char *group;       /* "" is the core group. */
    const char *resource;    /* "pods" */
    const char *subresource; /* "log", or "". */
    const char *verb;        /* "get" */
};

/* Whether we have it in `ns`: a SelfSubjectAccessReview, whose answer
 * kg_kube_is_allowed() reads. */
KG_MUST_USE enum kg_errc kg_kube_review(struct kg_kube *kube,
                                        struct kg_kube_req *r,
                                        const struct kg_kube_right *right,
                                        struct kg_str ns,
                                        kg_kube_done_cb done_cb);
bool kg_kube_is_allowed(const struct kg_node *answer);
/* Whether the server, which was discovered, streams lists of Jobs in `ns` as its
 * version could: if not, server.streams_lists is false. The answer is NULL. */
KG_MUST_USE enum kg_errc kg_kube_probe_lists(struct kg_kube *kube,
                                             struct kg_kube_req *r,
                                             struct kg_str ns,
                                             kg_kube_done_cb done_cb);

/* The Job that a CronJob would make now, as `kubectl create job --from` does it:
 * annotated "manual", and owned by the CronJob. Without a `job_name` the server
 * makes one: "krr-manual-x7k2p". `cronjob` is what kg_kube_get() answered; the
 * Job is built in `t`. NULL for lack of memory, or when it is no CronJob. */
KG_MUST_USE struct kg_node *kg_kube_job_from_cronjob(
    struct kg_tree *t, const struct kg_node *cronjob, struct kg_str job_name);

#endif /* KUBEGLEAN_KUBE_H */
