/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"
#include "temporary.h"

#define BLOCK (64 * KG_KIB)

void kg_print_init(struct kg_print *p, int fd)
{
    *p = (struct kg_print){.fd = fd, .file = -1};
    kg_buf_init(&p->passing, 2 * BLOCK);
    kg_buf_init(&p->held, KG_LIMIT_PRINT_HELD + BLOCK);
}

static void close_file(struct kg_print *p)
{
    if (p->file >= 0) {
        (void)close(p->file);
        p->file = -1;
    }
}

void kg_print_finish(struct kg_print *p)
{
    close_file(p);
    kg_buf_finish(&p->passing);
    kg_buf_finish(&p->held);
}

size_t kg_print_width(const struct kg_print *p)
{
    struct winsize size = {0};

    return ioctl(p->fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static enum kg_errc no_memory(struct kg_print *p)
{
    return kg_error_set(&p->error, KG_ENOMEM, 0, "standard output: %s",
                        kg_errc_text(KG_ENOMEM));
}

static enum kg_errc write_out(struct kg_print *p, struct kg_str text)
{
    return kg_write_all(p->fd, text, "standard output", &p->error);
}

enum kg_errc kg_print_flush(struct kg_print *p)
{
    enum kg_errc err;

    if (p->error.code != KG_OK) {
        return p->error.code;
    }
    err = write_out(p, kg_buf_str(&p->passing));
    kg_buf_reset(&p->passing);
    return err;
}

static enum kg_errc pass(struct kg_print *p, struct kg_str text)
{
    if (text.len + kg_buf_len(&p->passing) > BLOCK) {
        enum kg_errc err = kg_print_flush(p);

        if (err != KG_OK || text.len > BLOCK) {
            return err != KG_OK ? err : write_out(p, text);
        }
    }
    return kg_buf_add(&p->passing, text) == KG_OK ? KG_OK : no_memory(p);
}

static enum kg_errc spill(struct kg_print *p, struct kg_str text)
{
    enum kg_errc err = KG_OK;

    if (p->file < 0) {
        err = kg_temporary_open(&p->file, &p->error);
    }
    return err == KG_OK ? kg_temporary_write(p->file, text, &p->error) : err;
}

static enum kg_errc hold(struct kg_print *p, struct kg_str text)
{
    enum kg_errc err = KG_OK;

    if (kg_buf_len(&p->held) + text.len > KG_LIMIT_PRINT_HELD) {
        err = spill(p, kg_buf_str(&p->held));
        kg_buf_reset(&p->held);
    }
    if (err == KG_OK && text.len > KG_LIMIT_PRINT_HELD) {
        return spill(p, text);
    }
    if (err == KG_OK && kg_buf_add(&p->held, text) != KG_OK) {
        err = no_memory(p);
    }
    return err;
}

enum kg_errc kg_print_add(struct kg_print *p, struct kg_str text)
{
    if (p->error.code != KG_OK) {
        return p->error.code;
    }
    return p->state == KG_PRINT_HOLDING ? hold(p, text) : pass(p, text);
}

void kg_print_hold(struct kg_print *p)
{
    p->state = KG_PRINT_HOLDING;
}

void kg_print_drop(struct kg_print *p)
{
    p->state = KG_PRINT_PASSING;
    kg_buf_reset(&p->held);
    close_file(p);
}

static enum kg_errc pass_file(struct kg_print *p)
{
    char *block = kg_alloc(BLOCK);
    enum kg_errc err = block != NULL ? KG_OK : no_memory(p);
    uint64_t at = 0;
    size_t n = 1;

    while (err == KG_OK && n > 0) {
        err = kg_temporary_read(p->file, at, block, BLOCK, &n, &p->error);
        if (err == KG_OK) {
            err = pass(p, kg_str_of(block, n));
            at += n;
        }
    }
    kg_free(block);
    return err;
}

enum kg_errc kg_print_release(struct kg_print *p)
{
    enum kg_errc err = p->error.code;

    if (err == KG_OK && p->file >= 0) {
        err = pass_file(p);
    }
    if (err == KG_OK) {
        err = pass(p, kg_buf_str(&p->held));
    }
    kg_print_drop(p);
    return err;
}
