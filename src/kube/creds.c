/* SPDX-License-Identifier: MIT */
/* What is new is handed to the client, whose later requests use it. What cannot
 * be renewed stays in use: the server will refuse it in time, and then it was
 * logged why. */
#include "creds.h"

#include "kubeglean/heap.h"
#include "kubeglean/log.h"

enum { FRESH_MS = 60 * 1000 };

enum {
    TOKEN = 1u << KG_CREDFILE_TOKEN,
    CERTIFICATES =
        1u << KG_CREDFILE_CA | 1u << KG_CREDFILE_CERT | 1u << KG_CREDFILE_KEY,
};

static void tell_waiting(struct kg_creds *c)
{
    struct kg_queue batch;
    struct kg_queue *node;

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

/* --- who wants to know ------------------------------------------------------------ */

void kg_creds_renew(struct kg_creds *c)
{
    if (c != NULL) {
        kg_credfiles_read_again(&c->files);
    }
}

void kg_creds_keep_fresh(struct kg_creds *c)
{
    if (c != NULL &&
        kg_loop_now_ms(c->files.open->loop) - c->files.read_ms >= FRESH_MS) {
        kg_credfiles_read_again(&c->files);
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
    if (err != KG_OK || kg_credfiles_none(&c->files)) {
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
    if (c != NULL) {
        c->http = NULL;
    }
}

void kg_creds_destroy(struct kg_creds *c)
{
    if (c != NULL) {
        kg_credfiles_finish(&c->files);
        kg_free(c);
    }
}
