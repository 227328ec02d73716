/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "kubeglean/heap.h"
#include "kubeglean/limits.h"

#define BLOCK     (64 * KG_KIB)
#define TEMPORARY "temporary file (TMPDIR names its folder)"

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

static enum kg_errc fail(struct kg_print *p, enum kg_errc err, const char *what)
{
    if (p->error.code != KG_OK) {
        return p->error.code;
    }
    return kg_error_set(&p->error, err, errno, "%s: %s", what,
                        err == KG_EIO ? strerror(errno) : kg_errc_text(err));
}

static enum kg_errc write_all(struct kg_print *p, int fd, struct kg_str text,
                              const char *what)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail(p, KG_EIO, what);
        }
        text = kg_str_of(text.ptr + n, text.len - (size_t)n);
    }
    return KG_OK;
}

enum kg_errc kg_print_flush(struct kg_print *p)
{
    enum kg_errc err;

    if (p->error.code != KG_OK) {
        return p->error.code;
    }
    err = write_all(p, p->fd, kg_buf_str(&p->passing), "standard output");
    kg_buf_reset(&p->passing);
    return err;
}

static enum kg_errc pass(struct kg_print *p, struct kg_str text)
{
    if (text.len + kg_buf_len(&p->passing) > BLOCK) {
        enum kg_errc err = kg_print_flush(p);

        if (err != KG_OK || text.len > BLOCK) {
            return err != KG_OK ? err
                                : write_all(p, p->fd, text, "standard output");
        }
    }
    return kg_buf_add(&p->passing, text) == KG_OK
               ? KG_OK
               : fail(p, KG_ENOMEM, "standard output");
}

/* Nobody else sees it, and it is gone with us. (Not O_TMPFILE: a container's
 * overlay may not have it.) */
static enum kg_errc open_file(struct kg_print *p)
{
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int len;

    if (p->file >= 0) {
        return KG_OK;
    }
    len = snprintf(path, sizeof(path), "%s/kubeglean-XXXXXX",
                   dir != NULL && *dir != '\0' ? dir : "/tmp");
    errno = ENAMETOOLONG;
    p->file = len < (int)sizeof(path) ? mkostemp(path, O_CLOEXEC) : -1;
    if (p->file < 0) {
        return fail(p, KG_EIO, TEMPORARY);
    }
    (void)unlink(path);
    return KG_OK;
}

static enum kg_errc spill(struct kg_print *p, struct kg_str text)
{
    enum kg_errc err = open_file(p);

    return err == KG_OK ? write_all(p, p->file, text, TEMPORARY) : err;
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
        err = fail(p, KG_ENOMEM, "standard output");
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
    enum kg_errc err = KG_OK;
    off_t at = 0;
    ssize_t n = 1;

    if (block == NULL) {
        return fail(p, KG_ENOMEM, "standard output");
    }
    while (err == KG_OK && n > 0) {
        n = pread(p->file, block, BLOCK, at);
        if (n < 0 && errno != EINTR) {
            err = fail(p, KG_EIO, TEMPORARY);
        } else if (n > 0) {
            at += n;
            err = pass(p, kg_str_of(block, (size_t)n));
        } else if (n < 0) {
            n = 1;
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
