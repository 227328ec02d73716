/* Follow one container's log, and after a break go on at the very byte.
 *
 *          start, nothing was read yet
 *     IDLE ------------------------------------------> STREAMING --> IDLE
 *      |  start again                                   ^   ^     end_cb
 *      '-------------> SCANNING ---- no place: gap_cb --'   |
 *                       |    ^                              |
 *                 place |    | it changed meanwhile         |
 *                       v    |                              |
 *                      JOINING ------ the place reached ----'
 *
 * SCANNING reads what the server has now to its end, to find where we were in
 * it; JOINING reads it again up to there, and STREAMING goes on.
 *
 * Every end, a clean one too, is told to the owner, who alone knows whether the
 * container has ended; if not, it starts again after a while (see
 * KG_PODLOG_EOF), and the bytes go on without loss or repeat, or a gap is told
 * first. That holds as long as the server's file was not rotated twice:
 *
 * - equal prefix: the file begins with all that was read (a hash of it), so what
 *   comes next is next;
 * - tail found once: the last 64 KiB read are in the file, at one place only;
 * - else a gap: nobody can tell what is missing. */
#ifndef KUBEGLEAN_PODLOG_H
#define KUBEGLEAN_PODLOG_H

#include "kubeglean/kube.h"
#include "kubeglean/sm.h"

struct kg_podlog;
struct kg_tail; /* Private: what was read last, to find it again. */

enum kg_podlog_end {
    KG_PODLOG_EOF,         /* A clean end: the container's, or a break. */
    KG_PODLOG_BROKEN,      /* The connection broke, or went silent. */
    KG_PODLOG_NOT_STARTED, /* 400: the container waits to start. */
    KG_PODLOG_GONE,        /* 404: no such Pod, or no such container. */
    KG_PODLOG_REFUSED,     /* Any other status, or the kubelet's own error text
                              in an answer with status 200. */
};

/* The next bytes of the log, borrowed. May pause, stop or close `l`. */
typedef void (*kg_podlog_bytes_cb)(struct kg_podlog *l, struct kg_str bytes);
/* What follows does not continue what came before: bytes are missing, or some
 * come again. How many is not known. Bytes follow from the begin of what the
 * server still has. */
typedef void (*kg_podlog_gap_cb)(struct kg_podlog *l);
/* It ended and is IDLE; may be started again. `e` is NULL with KG_PODLOG_EOF
 * alone. */
typedef void (*kg_podlog_end_cb)(struct kg_podlog *l, enum kg_podlog_end end,
                                 const struct kg_error *e);
typedef void (*kg_podlog_close_cb)(struct kg_podlog *l);

/* The first `len` bytes of a file; private. */
struct kg_digest {
    uint64_t len, lanes[4];
    unsigned char carry[32]; /* The last len % 32 bytes. */
};

struct kg_podlog {
    void *data;              /* Public: the owner's. */
    struct kg_sm sm;         /* Read-only. */
    uint64_t offset;         /* Read-only: bytes handed out so far. */
    uint64_t n_gaps;         /* Read-only. */
    uint32_t retry_after_ms; /* Read-only: of the last end; 0: not said. */
    struct kg_kube *kube;    /* Private from here on. Outlives it. */
    struct kg_http_req req;
    struct kg_http_head head;     /* How its answer began. */
    struct kg_kube_status status; /* What the server refused it with. */
    struct kg_buf path;           /* Of the log, without its query. */
    char *container;
    bool split;             /* Asked with stream=Stdout. */
    unsigned run;           /* Counts the starts. */
    struct kg_tail *tail;   /* What was read, to find it again. */
    struct kg_digest place; /* Where to go on. */
    struct kg_buf held; /* What may be the kubelet's error text; or the body of
                           a status that is no 200. */
    struct kg_latch open;
    kg_podlog_bytes_cb bytes_cb;
    kg_podlog_gap_cb gap_cb;
    kg_podlog_end_cb end_cb;
    kg_podlog_close_cb close_cb;
};

/* After KG_OK, kg_podlog_close() is due, once; else nothing (KG_ENOMEM, or
 * KG_EINVALID for names that Kubernetes does not have). */
KG_MUST_USE enum kg_errc kg_podlog_init(struct kg_podlog *l,
                                        struct kg_kube *kube, struct kg_str ns,
                                        struct kg_str pod,
                                        struct kg_str container);
/* From IDLE: from the log's begin, or from where the bytes ended. If it fails
 * (KG_ENOMEM), no callback will come. */
KG_MUST_USE enum kg_errc kg_podlog_start(struct kg_podlog *l,
                                         kg_podlog_bytes_cb bytes_cb,
                                         kg_podlog_gap_cb gap_cb,
                                         kg_podlog_end_cb end_cb);
/* The server is held back by TCP; at most one piece (16 KiB) is kept here. */
void kg_podlog_pause(struct kg_podlog *l);
void kg_podlog_resume(struct kg_podlog *l);
/* Back to IDLE, at once and quietly. */
void kg_podlog_stop(struct kg_podlog *l);
/* `close_cb` comes later, from the loop, and is the last. */
void kg_podlog_close(struct kg_podlog *l, kg_podlog_close_cb close_cb);

#endif /* KUBEGLEAN_PODLOG_H */
