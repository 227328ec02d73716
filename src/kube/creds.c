/* SPDX-License-Identifier: MIT */
/* What is new is handed to the client, whose later requests use it. What cannot
 * be renewed stays in use: the server will refuse it in time, and then it was
 * logged why. Only where nothing holds any more, a plugin's failure is that of
 * the requests that wait for it. */
#include "creds.h"

#include "kubeglean/heap.h"
#include "kubeglean/log.h"

enum { FRESH_MS = 60 * 1000 };

enum {
    TOKEN = 1u << KG_CREDFILE_TOKEN,
    CERTIFICATES =
        1u << KG_CREDFILE_CA | 1u << KG_CREDFILE_CERT | 1u << KG_CREDFILE_KEY,
};

/* When all that was to be renewed is. */
static void tell_waiting(struct kg_creds *c)
{
    struct kg_queue batch;
    struct kg_queue *node;

    if (c->files.busy || (c->exec != NULL && kg_exec_is_running(c->exec))) {
        return;
    }
    kg_queue_init(&batch);
    kg_queue_move(&c->waiting, &batch);
    while ((node = kg_queue_head(&batch)) != NULL) {
        struct kg_creds_wait *w =
            KG_CONTAINER_OF(node, struct kg_creds_wait, node);

        kg_queue_remove(node);
        w->cb(w);
    }
}

static struct kg_http_pem pem_of(const struct kg_creds *c,
                                 enum kg_credfile which)
{
    return (struct kg_http_pem){kg_credfiles_text(&c->files, which), NULL};
}

/* Those that are in no file stay as they are. */
static enum kg_errc use_certificates(struct kg_creds *c)
{
    struct kg_http_pem ca = pem_of(c, KG_CREDFILE_CA);
    struct kg_http_pem cert = pem_of(c, KG_CREDFILE_CERT);
    struct kg_http_pem key = pem_of(c, KG_CREDFILE_KEY);

    return kg_http_set_certificates(c->http, ca.text.len > 0 ? &ca : NULL,
                                    cert.text.len > 0 ? &cert : NULL,
                                    key.text.len > 0 ? &key : NULL);
}

static enum kg_errc use_files(struct kg_creds *c, unsigned changed)
{
    enum kg_errc err = c->files.error.code;

    if (err == KG_OK && (changed & TOKEN) != 0) {
        err = kg_http_set_token(
            c->http, kg_credfiles_text(&c->files, KG_CREDFILE_TOKEN));
    }
    if (err == KG_OK && (changed & CERTIFICATES) != 0) {
        err = use_certificates(c);
    }
    return err;
}

static void on_files(struct kg_credfiles *f, unsigned changed)
{
    struct kg_creds *c = KG_CONTAINER_OF(f, struct kg_creds, files);
    enum kg_errc err;

    if (c->http == NULL) {
        return;
    }
    err = use_files(c, changed);
    if (err != KG_OK) {
        KG_LOG(KG_LOG_WARN, "credentials not renewed",
               KG_F("err", f->error.code != KG_OK ? f->error.text
                                                  : kg_errc_text(err)));
    } else if (changed != 0) {
        c->generation++;
    }
    tell_waiting(c); /* Last. */
}

static enum kg_errc use_answer(struct kg_creds *c)
{
    const struct kg_exec_answer *a = &c->exec->answer;
    const struct kg_http_pem cert = {a->cert, NULL};
    const struct kg_http_pem key = {a->key, NULL};
    enum kg_errc err = kg_http_set_token(c->http, a->token);

    return err == KG_OK ? kg_http_set_certificates(c->http, NULL, &cert, &key)
                        : err;
}

/* Who waits fails with `e` where there is nothing to ask with. */
static void on_exec(struct kg_exec *x, const struct kg_error *e, bool changed)
{
    struct kg_creds *c = x->data;
    struct kg_error unusable;
    enum kg_errc err = changed ? use_answer(c) : KG_OK;

    if (err != KG_OK) {
        (void)kg_error_set(&unusable, err, 0, "credential plugin: token: %s",
                           kg_errc_text(err));
        e = &unusable;
    }
    c->generation += changed;
    if (e != NULL) {
        KG_LOG(KG_LOG_WARN, "credentials not renewed", KG_F("err", e->text));
    }
    kg_http_release(c->http, err != KG_OK || kg_exec_is_due(x) ? e : NULL);
    tell_waiting(c); /* Last. */
}

/* --- who wants to know ------------------------------------------------------------ */

void kg_creds_renew(struct kg_creds *c)
{
    if (c == NULL) {
        return;
    }
    kg_credfiles_read_again(&c->files);
    if (c->exec != NULL) {
        kg_exec_run(c->exec);
    }
}

void kg_creds_keep_fresh(struct kg_creds *c)
{
    if (c == NULL) {
        return;
    }
    if (kg_loop_now_ms(c->files.open->loop) - c->files.read_ms >= FRESH_MS) {
        kg_credfiles_read_again(&c->files);
    }
    if (c->exec != NULL && kg_exec_is_due(c->exec)) {
        kg_http_hold(c->http);
        kg_exec_run(c->exec);
    }
}

unsigned kg_creds_generation(const struct kg_creds *c)
{
    return c != NULL ? c->generation : 0;
}

void kg_creds_wait(struct kg_creds *c, struct kg_creds_wait *w,
                   void (*cb)(struct kg_creds_wait *w))
{
    w->cb = cb;
    kg_queue_insert_tail(&c->waiting, &w->node);
    kg_creds_renew(c);
}

void kg_creds_wait_init(struct kg_creds_wait *w)
{
    kg_queue_init(&w->node);
}

void kg_creds_wait_cancel(struct kg_creds_wait *w)
{
    kg_queue_remove(&w->node);
}

/* --- life ------------------------------------------------------------------------- */

static enum kg_errc add_plugin(struct kg_creds *c, struct kg_latch *open,
                               const struct kg_kubeconfig *config,
                               struct kg_error *e)
{
    c->exec = kg_exec_create(open, &config->exec, on_exec);
    if (c->exec == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    c->exec->data = c;
    return KG_OK;
}

enum kg_errc kg_creds_create(struct kg_latch *open,
                             const struct kg_kubeconfig *config,
                             struct kg_error *e, struct kg_creds **ret_creds)
{
    struct kg_creds *c = kg_calloc(1, sizeof(*c));
    enum kg_errc err;

    if (c == NULL) {
        return kg_error_set(e, KG_ENOMEM, 0, "out of memory");
    }
    kg_queue_init(&c->waiting);
    err = kg_credfiles_init(&c->files, open, config, on_files, e);
    if (err == KG_OK && config->exec.command != NULL) {
        err = add_plugin(c, open, config, e);
    }
    if (err != KG_OK || (c->exec == NULL && kg_credfiles_none(&c->files))) {
        kg_creds_destroy(c);
        c = NULL;
    }
    *ret_creds = c;
    return err;
}

void kg_creds_fill(const struct kg_creds *c, struct kg_http_options *options)
{
    struct kg_http_pem *const pems[KG_CREDFILE_NR] = {
        [KG_CREDFILE_CA] = &options->ca,
        [KG_CREDFILE_CERT] = &options->cert,
        [KG_CREDFILE_KEY] = &options->key,
    };
    struct kg_str token;

    if (c == NULL) {
        return;
    }
    for (unsigned i = KG_CREDFILE_CA; i < KG_CREDFILE_NR; i++) {
        if (pems[i]->file != NULL) {
            *pems[i] = pem_of(c, i);
        }
    }
    token = kg_credfiles_text(&c->files, KG_CREDFILE_TOKEN);
    options->token = token.len > 0 ? token : options->token;
}

void kg_creds_close(struct kg_creds *c)
{
    if (c == NULL) {
        return;
    }
    c->http = NULL;
    if (c->exec != NULL) {
        kg_exec_stop(c->exec);
    }
}

void kg_creds_destroy(struct kg_creds *c)
{
    if (c != NULL) {
        kg_credfiles_finish(&c->files);
        kg_exec_destroy(c->exec);
        kg_free(c);
    }
}
