/* SPDX-License-Identifier: MIT */
/* A reader goes through the content from an offset on: whole pieces that have
 * been written by now, as long as its connection has room. It ends at its
 * limit, at what there was when it asked (no follow), or when the container
 * has ended and all was sent. */
#include "logs.h"

#include <stdio.h>

#include "content.h"
#include "kubeglean/clock.h"
#include "kubeglean/heap.h"
#include "logquery.h"
#include "notes.h"
#include "status.h"
#include "verbs.h"

enum { BLOCK = 64 * 1024, WAIT_MIN_MS = 10, WAIT_MAX_MS = 200 };

struct reader {
    struct sim_stream stream;
    struct sim *sim;
    struct kg_queue node;
    const struct sim_stint *stint; /* The container's, or `last`. */
    struct sim_stint last;         /* What was known of one that is gone. */
    struct sim_content content;
    struct sim_log_query query;
    uint64_t at;
    uint64_t end;     /* Behind the last byte it may ever send. */
    int64_t left;     /* Of limitBytes; -1: no limit. */
    size_t piece_len; /* Bytes of the present piece that were sent. */
    bool in_line;     /* The present line has begun. */
    char *pod;        /* NAMESPACE/NAME */
    int64_t sent_us;  /* All of it; 0: not yet. */
};

/* Filled and emptied within one call: one for all readers. */
static char block[BLOCK];

/* --- what has been written by now --------------------------------------------- */

/* How long it takes to write all. */
static uint64_t span_us(const struct reader *r)
{
    const struct sim_content *c = &r->content;

    if (c->at_once) {
        return 0;
    }
    if (c->rate > 0) {
        return c->len * 1000000 / c->rate;
    }
    return r->stint->run_us != UINT64_MAX ? r->stint->run_us : 0;
}

static uint64_t written(const struct reader *r)
{
    const struct sim_stint *stint = r->stint;
    int64_t until = stint->ended_us != 0 ? stint->ended_us : kg_clock_now_us();
    double elapsed = (double)(until - stint->started_us);
    double span = (double)span_us(r);

    if (stint->started_us == 0) {
        return 0;
    }
    if (elapsed >= span) {
        return r->content.len;
    }
    return (uint64_t)((double)r->content.len * (elapsed / span));
}

static int64_t time_at(const struct reader *r, uint64_t at)
{
    double part = r->content.len > 0 ? (double)at / (double)r->content.len : 0;

    return r->stint->started_us + (int64_t)(part * (double)span_us(r));
}

/* Length of the piece that `s` begins with, `already` bytes of which came
 * before; 0 when it is not whole. */
static size_t piece(struct kg_str s, size_t already)
{
    size_t max = SIM_PIECE - already;
    const char *newline = memchr(s.ptr, '\n', s.len < max ? s.len : max);

    if (newline != NULL) {
        return (size_t)(newline - s.ptr) + 1;
    }
    if (s.len < max) {
        return 0;
    }
    /* A newline right behind a full piece belongs to it. */
    return s.len > max && s.ptr[max] == '\n' ? max + 1 : max;
}

/* --- where to begin -------------------------------------------------------------- */

/* Goes over the pieces of [from, to) and stops after `n` of them. Returns
 * where; *ret_seen is how many there were. */
static uint64_t over_pieces(struct reader *r, uint64_t from, uint64_t to,
                            uint64_t n, uint64_t *ret_seen)
{
    uint64_t seen = 0;

    while (from < to && seen < n) {
        size_t want = to - from < BLOCK ? (size_t)(to - from) : BLOCK;
        size_t len = sim_content_read(&r->content, from, block, want);
        size_t at = 0;

        while (at < len && seen < n) {
            size_t one = piece(kg_str_of(block + at, len - at), 0);

            if (one == 0 && from + len < to) {
                break;
            }
            at += one > 0 ? one : len - at;
            seen++;
        }
        from += at;
    }
    *ret_seen = seen;
    return from;
}

/* The start of the last `n` lines of [from, to). */
static uint64_t back_over_lines(struct reader *r, uint64_t from, uint64_t to,
                                uint64_t n)
{
    uint64_t seen = 0;

    for (uint64_t high = to; high > from;) {
        uint64_t low = high - from > BLOCK ? high - BLOCK : from;
        size_t len =
            sim_content_read(&r->content, low, block, (size_t)(high - low));

        for (size_t i = len; i > 0; i--) {
            if (block[i - 1] == '\n' && low + i < to && ++seen == n) {
                return low + i;
            }
        }
        high = low;
    }
    return from;
}

/* tailLines counts pieces: each is a line of the file. */
static void begin_at_tail(struct reader *r, uint64_t to)
{
    uint64_t n = (uint64_t)r->query.tail_lines;
    uint64_t start = n > 0 ? back_over_lines(r, r->at, to, n) : to;
    uint64_t pieces;

    (void)over_pieces(r, start, to, UINT64_MAX, &pieces);
    if (pieces > n) {
        start = over_pieces(r, start, to, pieces - n, &pieces);
    }
    r->at = start;
}

/* The kubelet opens the newest file only: what was rotated away is lost to
 * those who come later. */
static void begin_at_newest_file(struct reader *r, uint64_t now)
{
    uint64_t max = r->content.file_max;
    uint64_t at = max > 0 && now > 0 ? (now - 1) / max * max : 0;
    size_t len;
    const char *newline;

    if (at == 0) {
        return;
    }
    at--; /* A line that begins right there is the file's first. */
    len = sim_content_read(&r->content, at, block, SIM_PIECE);
    newline = memchr(block, '\n', len);
    r->at = newline != NULL ? at + (uint64_t)(newline - block) + 1 : at;
}

static void begin_since(struct reader *r)
{
    double span = (double)span_us(r);
    double past = (double)(r->query.since_us - r->stint->started_us);
    uint64_t at;
    size_t len;
    const char *newline;

    if (past <= 0) {
        return;
    }
    if (past >= span) {
        r->at = r->end;
        return;
    }
    at = (uint64_t)((double)r->content.len * (past / span));
    if (at <= r->at) {
        return;
    }
    len = sim_content_read(&r->content, at, block, SIM_PIECE);
    newline = memchr(block, '\n', len);
    r->in_line = newline == NULL; /* Its time stood before what is skipped. */
    r->at = newline != NULL ? at + (uint64_t)(newline - block) + 1 : at;
}

static void begin(struct reader *r)
{
    uint64_t stderr_len = r->content.parts[0]->len;
    uint64_t now = written(r);

    r->end = r->content.len;
    if (r->query.stream == SIM_STDOUT) {
        r->at = stderr_len;
    } else if (r->query.stream == SIM_STDERR) {
        r->end = stderr_len;
    }
    begin_at_newest_file(r, now);
    if (r->query.since_us != KG_TIME_NONE) {
        begin_since(r);
    }
    if (!r->query.follow && now < r->end) {
        r->end = now > r->at ? now : r->at;
    }
    if (r->query.tail_lines >= 0) {
        begin_at_tail(r, now < r->end ? now : r->end);
    }
    r->left = r->query.limit_bytes;
}

/* --- sending ---------------------------------------------------------------------- */

static void send_bytes(struct reader *r, struct kg_str s)
{
    if (r->left >= 0) {
        s.len = (int64_t)s.len < r->left ? s.len : (size_t)r->left;
        r->left -= (int64_t)s.len;
    }
    if (s.len > 0) {
        sim_stream_write(&r->stream, s);
    }
}

/* Nine digits, as the runtimes write them. */
static void send_time(struct reader *r)
{
    int64_t us = time_at(r, r->at);
    struct kg_civil c = kg_time_civil(us);
    char text[64];
    int len = snprintf(
        text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d.%06d001Z ", c.year,
        c.month, c.day, c.hour, c.minute, c.second, c.microsecond);

    send_bytes(r, kg_str_of(text, (size_t)len));
}

/* Today's kubelet has one time for a line; that of 1.20 one for a piece. */
static void send_piece(struct reader *r, struct kg_str s)
{
    bool begins = !r->in_line || (!r->sim->config.modern && r->piece_len == 0);

    if (r->query.timestamps && begins) {
        send_time(r);
    }
    send_bytes(r, s);
    r->in_line = s.ptr[s.len - 1] != '\n';
}

/* One piece after the other; returns how much of `s` was sent. */
static size_t send_pieces(struct reader *r, struct kg_str s, bool all)
{
    size_t done = 0;

    while (done < s.len && r->left != 0) {
        struct kg_str rest = kg_str_of(s.ptr + done, s.len - done);
        size_t len = piece(rest, 0);

        if (len == 0) {
            if (!all) {
                break;
            }
            len = rest.len;
        }
        send_piece(r, kg_str_of(rest.ptr, len));
        r->at += len;
        done += len;
    }
    return done;
}

/* The same without looking at each: what is whole of `s`. */
static size_t send_block(struct reader *r, struct kg_str s, bool all)
{
    size_t len = s.len;
    const char *newline = memrchr(s.ptr, '\n', s.len);

    if (!all && newline != NULL) {
        len = (size_t)(newline - s.ptr) + 1;
    } else if (!all) {
        len = len / SIM_PIECE * SIM_PIECE;
    }
    if (r->content.chunk > 0 && len > r->content.chunk) {
        len = r->content.chunk;
    }
    send_bytes(r, kg_str_of(s.ptr, len));
    r->at += len;
    return len;
}

/* What has been written and not sent; 0 when there is no whole piece of it. */
static size_t send_more(struct reader *r)
{
    uint64_t now = written(r);
    uint64_t until = now < r->end ? now : r->end;
    size_t len;
    bool all;

    if (until <= r->at) {
        return 0;
    }
    len = until - r->at < BLOCK ? (size_t)(until - r->at) : BLOCK;
    len = sim_content_read(&r->content, r->at, block, len);
    /* Behind the end nothing follows that would make it whole. */
    all = r->at + len == r->content.len || r->stint->ended_us != 0 ||
          r->at + len == r->content.parts[0]->len;
    if (r->query.timestamps) {
        return send_pieces(r, kg_str_of(block, len),
                           all && r->at + len == until);
    }
    return send_block(r, kg_str_of(block, len),
                      (all && r->at + len == until) || len == BLOCK);
}

static bool is_done(const struct reader *r)
{
    const struct sim_stint *stint = r->stint;
    uint64_t now = written(r);

    if (r->left == 0 || r->at >= r->content.len) {
        return r->left == 0 || !r->query.follow || stint->ended_us != 0;
    }
    if (!r->query.follow) {
        return true;
    }
    return stint->ended_us != 0 && r->at >= (now < r->end ? now : r->end);
}

static void wait_for_more(struct reader *r)
{
    double span_ms = (double)span_us(r) / 1000;
    double wait_ms = WAIT_MAX_MS;

    if (written(r) >= r->content.len) {
        return; /* Woken when the container ends. */
    }
    if (r->content.len > 4096) {
        wait_ms = span_ms * 4096 / (double)r->content.len;
    }
    if (wait_ms > WAIT_MAX_MS) {
        wait_ms = WAIT_MAX_MS;
    }
    sim_stream_wake_in(&r->stream, (uint64_t)wait_ms < WAIT_MIN_MS
                                       ? WAIT_MIN_MS
                                       : (uint64_t)wait_ms);
}

static void on_pump(struct sim_stream *s)
{
    struct reader *r = KG_CONTAINER_OF(s, struct reader, stream);

    while (r->left != 0 && !sim_stream_full(s)) {
        if (send_more(r) == 0) {
            break;
        }
        if (r->content.chunk > 0) {
            sim_stream_wake(s); /* The next one by itself. */
            return;
        }
    }
    if (r->left != 0 && sim_stream_full(s)) {
        return; /* Called again when there is room. */
    }
    if (r->sent_us == 0 && r->at >= r->content.len) {
        r->sent_us = kg_clock_now_us();
    }
    if (is_done(r)) {
        if (r->sent_us != 0 && r->stint->ended_us != 0) {
            sim_ends_add(&r->sim->ends, r->pod, r->stint->ended_us, r->sent_us);
        }
        sim_stream_end(s); /* Last: `r` is gone. */
        return;
    }
    wait_for_more(r);
}

static void on_gone(struct sim_stream *s)
{
    struct reader *r = KG_CONTAINER_OF(s, struct reader, stream);

    kg_queue_remove(&r->node);
    sim_content_finish(&r->content);
    kg_free(r->pod);
    kg_free(r);
}

static void wake_readers(struct sim_run *run)
{
    struct kg_queue *node;

    kg_queue_foreach (node, &run->readers) {
        sim_stream_wake(&KG_CONTAINER_OF(node, struct reader, node)->stream);
    }
}

void sim_logs_wake(struct sim_run *run)
{
    wake_readers(run);
}

void sim_logs_gone(struct sim_run *run)
{
    struct kg_queue *node;

    wake_readers(run);
    while ((node = kg_queue_head(&run->readers)) != NULL) {
        struct reader *r = KG_CONTAINER_OF(node, struct reader, node);

        kg_queue_remove(node);
        r->last = *r->stint;
        r->stint = &r->last;
    }
}

/* --- beginning ---------------------------------------------------------------------- */

uint64_t sim_log_span_us(struct sim *sim, const struct kg_node *pod)
{
    const struct kg_node *containers = kg_node_path(pod, "spec.containers");
    struct sim_content c;
    uint64_t us;

    if (sim_note_number(pod, "log-rate", sim->config.log_rate) == 0) {
        return 0;
    }
    sim_content_init(&c, sim, pod,
                     kg_node_str(kg_node_get(containers->child, "name")), 1);
    us = c.len * 1000000 / c.rate;
    sim_content_finish(&c);
    return us;
}

/* The life of the container that was asked for. */
static const struct sim_stint *stint_of(const struct sim_run *run,
                                        const struct kg_node *root,
                                        const struct sim_log_query *query)
{
    const struct kg_node *inits = kg_node_path(root, "spec.initContainers");
    size_t i = 0;

    for (const struct kg_node *n = inits != NULL ? inits->child : NULL;
         n != NULL && i < SIM_INITS_MAX; n = n->next, i++) {
        if (kg_str_eq(kg_node_str(kg_node_get(n, "name")), query->container)) {
            return &run->inits[i];
        }
    }
    return query->previous ? &run->before : &run->main;
}

static char *pod_path(const struct sim_call *c)
{
    char text[600];

    (void)snprintf(text, sizeof(text), "%.*s/%.*s", KG_STR_ARG(c->ns),
                   KG_STR_ARG(c->name));
    return sim_cstr(kg_str_from(text));
}

static void open_reader(struct sim_call *c, struct sim_object *pod,
                        const struct kg_node *root,
                        const struct sim_log_query *query)
{
    struct sim_run *run = sim_run_of(pod);
    struct reader *r = kg_calloc(1, sizeof(*r));

    KG_REQUIRE(r != NULL);
    r->sim = c->sim;
    r->stint = stint_of(run, root, query);
    r->query = *query;
    r->pod = pod_path(c);
    kg_queue_init(&r->node);
    sim_content_init(&r->content, c->sim, root, query->container,
                     run->n_restarts + (query->previous ? 0 : 1));
    begin(r);
    kg_queue_insert_tail(&run->readers, &r->node);
    c->sim->n_logs++;
    sim_stream_begin(c->conn, &r->stream, "text/plain", on_pump, on_gone);
}

/* It ended without ever having begun; true: answered. */
static bool is_unborn(struct sim_call *c, const struct kg_node *entry,
                      struct kg_str container)
{
    if (kg_node_path(entry, "state.terminated") == NULL ||
        kg_node_get(entry, "containerID") != NULL) {
        return false;
    }
    sim_bad_request(c, "container \"%.*s\" in pod \"%.*s\" is terminated",
                    KG_STR_ARG(container), KG_STR_ARG(c->name));
    return true;
}

/* What stands in the way of a log; true: answered. */
static bool is_waiting(struct sim_call *c, const struct kg_node *root,
                       struct kg_str container)
{
    char *name = sim_cstr(container);
    const struct kg_node *entry = sim_element(
        kg_node_path(root, "status.containerStatuses"), "name", name);
    struct kg_str reason;

    if (entry == NULL) {
        entry = sim_element(kg_node_path(root, "status.initContainerStatuses"),
                            "name", name);
    }
    kg_free(name);
    if (entry != NULL && kg_node_path(entry, "state.waiting") == NULL) {
        return is_unborn(c, entry, container);
    }
    reason = kg_node_str(kg_node_path(entry, "state.waiting.reason"));
    if (reason.len == 0) {
        reason = KG_STR("ContainerCreating");
    } else if (kg_str_is(reason, "ErrImagePull") ||
               kg_str_is(reason, "ImagePullBackOff")) {
        reason = KG_STR("trying and failing to pull image");
    }
    sim_bad_request(c,
                    "container \"%.*s\" in pod \"%.*s\" is waiting to start: "
                    "%.*s",
                    KG_STR_ARG(container), KG_STR_ARG(c->name),
                    KG_STR_ARG(reason));
    return true;
}

/* An error, and a 200 all the same. */
static void forgotten(struct sim_call *c, const struct kg_node *root)
{
    const struct kg_node *list = kg_node_path(root, "status.containerStatuses");
    struct kg_str id = kg_node_str(kg_node_get(list->child, "containerID"));
    char text[200];
    int len =
        snprintf(text, sizeof(text),
                 "unable to retrieve container logs for %.*s", KG_STR_ARG(id));

    sim_answer(c->conn, 200, "text/plain", NULL, kg_str_of(text, (size_t)len));
}

static void answer(struct sim_call *c, struct sim_object *pod,
                   const struct kg_node *root, struct sim_log_query *query)
{
    if (!sim_log_container(c, root, query)) {
        return;
    }
    if (pod->now->node.len == 0) {
        sim_answer(c->conn, 204, NULL, NULL, kg_str_of("", 0));
        return;
    }
    if (is_waiting(c, root, query->container)) {
        return;
    }
    if (query->previous && sim_run_of(pod)->n_restarts == 0) {
        sim_bad_request(c,
                        "previous terminated container \"%.*s\" in pod "
                        "\"%.*s\" not found",
                        KG_STR_ARG(query->container), KG_STR_ARG(c->name));
        return;
    }
    if (query->previous && sim_run_of(pod)->main.ended_us != 0) {
        forgotten(c, root); /* The kubelet keeps one dead container. */
        return;
    }
    open_reader(c, pod, root, query);
}

void sim_log(struct sim_call *c)
{
    struct sim_log_query query;
    struct sim_object *pod;
    struct kg_tree t;

    if (strcmp(c->req->method, "GET") != 0) {
        sim_no_such_method(c);
        return;
    }
    if (!sim_log_query_init(&query, c)) {
        return;
    }
    pod = sim_call_object(c);
    if (pod != NULL) {
        sim_store_open(pod, &t);
        answer(c, pod, t.root, &query);
        kg_tree_finish(&t);
    }
    sim_log_query_finish(&query);
}
