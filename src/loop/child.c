/* SPDX-License-Identifier: MIT */
/* Spawned -> its output is read to its end, and it exits, in either order ->
 * handles are closed -> done_cb, from the last of them.
 *
 * Failure modes: it cannot be spawned (no callback); it fails; it takes too long
 * or writes too much, and is killed. What it left behind may hold its output
 * open: the time limit ends that too. */
#include "kubeglean/child.h"

#include <errno.h>
#include <signal.h>

#include "kubeglean/heap.h"

enum { PIECE = 16 * 1024 };

struct kg_child {
    struct kg_latch *open;   /* The owner's, held. */
    struct kg_latch handles; /* Of the three below. */
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uint64_t time_ms;
    struct kg_buf output;
    bool leads;  /* A process group of its own. */
    bool exited; /* And was waited for. */
    bool ended;  /* Nothing of its output is read any more. */
    struct kg_error error;
    kg_child_done_cb done_cb; /* NULL: nobody listens. */
    void *data;
};

static void on_closed(struct kg_latch *handles)
{
    struct kg_child *c = KG_CONTAINER_OF(handles, struct kg_child, handles);
    struct kg_latch *open = c->open;

    if (c->done_cb != NULL) {
        c->done_cb(c->data, c->error.code != KG_OK ? &c->error : NULL,
                   kg_buf_str(&c->output));
    }
    explicit_bzero((char *)kg_buf_str(&c->output).ptr, kg_buf_len(&c->output));
    kg_buf_finish(&c->output);
    kg_free(c);
    kg_latch_release(open); /* Last. */
}

static void close_if_done(struct kg_child *c)
{
    if (!c->exited || !c->ended || kg_latch_closing(&c->handles)) {
        return;
    }
    kg_latch_close_handle(&c->handles, (uv_handle_t *)&c->process);
    kg_latch_close_handle(&c->handles, (uv_handle_t *)&c->pipe);
    kg_latch_close_handle(&c->handles, (uv_handle_t *)&c->timer);
    kg_latch_close(&c->handles, on_closed);
}

/* Also what it started and left behind, as long as that holds the output. */
static void kill_all(const struct kg_child *c)
{
    if (c->leads && !(c->exited && c->ended)) {
        (void)uv_kill(-c->process.pid, SIGKILL);
    } else if (!c->exited) {
        (void)uv_kill(c->process.pid, SIGKILL);
    }
}

/* The first reason is the one that is told. */
static void fail(struct kg_child *c, enum kg_errc code, long native,
                 const char *fmt, ...) KG_PRINTF(4, 5);

static void fail(struct kg_child *c, enum kg_errc code, long native,
                 const char *fmt, ...)
{
    va_list args;

    if (c->error.code == KG_OK) {
        va_start(args, fmt);
        (void)kg_error_setv(&c->error, code, native, fmt, args);
        va_end(args);
    }
}

/* --- the loop's callbacks ------------------------------------------------------- */

static void on_exit(uv_process_t *process, int64_t status, int signal_number)
{
    struct kg_child *c = KG_CONTAINER_OF(process, struct kg_child, process);

    c->exited = true;
    if (signal_number != 0) {
        fail(c, KG_EIO, signal_number, "was ended by signal %d", signal_number);
    } else if (status != 0) {
        fail(c, KG_EIO, (long)status, "exited with %d", (int)status);
    }
    close_if_done(c);
}

/* No room is told to on_output(). */
static void on_room_wanted(uv_handle_t *handle, size_t size, uv_buf_t *room)
{
    struct kg_child *c =
        KG_CONTAINER_OF((uv_pipe_t *)handle, struct kg_child, pipe);
    size_t left = c->output.max - kg_buf_len(&c->output);
    char *at = NULL;

    (void)size;
    left = left < PIECE ? left : PIECE;
    if (left == 0) {
        fail(c, KG_ELIMIT, 0, "wrote more than %zu bytes", c->output.max);
    } else if (kg_buf_reserve(&c->output, left, &at) != KG_OK) {
        fail(c, KG_ENOMEM, 0, "out of memory for what it writes");
        left = 0;
    }
    *room = uv_buf_init(at, (unsigned)left);
}

static void stop_reading(struct kg_child *c)
{
    (void)uv_read_stop((uv_stream_t *)&c->pipe);
    c->ended = true;
    close_if_done(c);
}

static void on_output(uv_stream_t *stream, ssize_t n, const uv_buf_t *room)
{
    struct kg_child *c =
        KG_CONTAINER_OF((uv_pipe_t *)stream, struct kg_child, pipe);

    (void)room;
    if (n > 0) {
        kg_buf_commit(&c->output, (size_t)n);
    } else if (n < 0) {
        if (c->error.code != KG_OK) {
            kill_all(c);
        }
        stop_reading(c);
    }
}

static void on_time_over(uv_timer_t *timer)
{
    struct kg_child *c = KG_CONTAINER_OF(timer, struct kg_child, timer);

    fail(c, KG_EIO, 0, "took longer than %llu seconds",
         (unsigned long long)c->time_ms / 1000);
    kill_all(c);
    stop_reading(c);
}

/* --- its life ------------------------------------------------------------------- */

static int spawn(struct kg_child *c, const struct kg_child_options *o)
{
    uv_stdio_container_t stdio[] = {
        {.flags = o->input ? UV_INHERIT_FD : UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&c->pipe},
        {.flags = UV_INHERIT_FD, .data.fd = 2},
    };
    const uv_process_options_t options = {
        .exit_cb = on_exit,
        .file = o->args[0],
        .args = (char **)o->args,
        .env = (char **)o->env,
        .flags = o->input ? 0 : UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };

    return uv_spawn(&c->open->loop->uv, &c->process, &options);
}

/* libuv wants the handle closed even of a child that was not spawned. */
static enum kg_errc refuse(struct kg_child *c, const char *name, int err,
                           struct kg_error *e)
{
    enum kg_errc code = KG_EIO;

    if (err == UV_ENOMEM) {
        code = KG_ENOMEM;
    } else if (err == UV_ENOENT || err == UV_EACCES || err == -ENOEXEC ||
               err == UV_ENOTDIR || err == UV_EISDIR) {
        code = KG_ECONFIG;
    }
    c->done_cb = NULL;
    c->exited = true;
    c->ended = true;
    close_if_done(c);
    return kg_error_set(e, code, err, "%s: %s", name, uv_strerror(err));
}

enum kg_errc kg_child_start(struct kg_latch *open,
                            const struct kg_child_options *options,
                            struct kg_error *e, struct kg_child **ret_child)
{
    struct kg_child *c = kg_calloc(1, sizeof(*c));
    int err;

    if (c == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    c->open = open;
    c->done_cb = options->done_cb;
    c->data = options->data;
    c->time_ms = options->time_ms;
    c->leads = !options->input;
    kg_buf_init(&c->output, options->output_max);
    kg_latch_hold(open);
    kg_latch_init(&c->handles, open->loop);
    (void)uv_timer_init(&open->loop->uv, &c->timer);
    (void)uv_pipe_init(&open->loop->uv, &c->pipe, 0);
    err = spawn(c, options);
    if (err != 0) {
        return refuse(c, options->args[0], err, e);
    }
    (void)uv_read_start((uv_stream_t *)&c->pipe, on_room_wanted, on_output);
    (void)uv_timer_start(&c->timer, on_time_over, options->time_ms, 0);
    *ret_child = c;
    return KG_OK;
}

void kg_child_kill(struct kg_child *c)
{
    if (c != NULL) {
        c->done_cb = NULL;
        kill_all(c);
        if (!c->ended) {
            stop_reading(c);
        }
    }
}
