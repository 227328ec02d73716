/* SPDX-License-Identifier: MIT */
#include "kubeglean/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 16 * 1024 };

static enum kg_errc too_long(const char *path, const struct kg_buf *out,
                             struct kg_error *e)
{
    return kg_error_set(e, KG_ELIMIT, 0, "%s: longer than %zu bytes", path,
                        out->max);
}

static enum kg_errc cannot_read(const char *path, struct kg_error *e)
{
    return kg_error_set(e, KG_EIO, errno, "%s: %s", path, strerror(errno));
}

static enum kg_errc read_piece(int fd, const char *path, struct kg_buf *out,
                               bool *ret_more, struct kg_error *e)
{
    size_t room = out->max - kg_buf_len(out);
    char beyond[1];
    char *at = beyond; /* A full buffer: is there a byte too many? */
    ssize_t n;

    if (room > 0 &&
        kg_buf_reserve(out, room < PIECE ? room : PIECE, &at) != KG_OK) {
        return kg_error_set(e, KG_ENOMEM, 0, "%s: %s", path,
                            kg_errc_text(KG_ENOMEM));
    }
    n = read(fd, at, room == 0 ? sizeof(beyond) : room < PIECE ? room : PIECE);
    if (n < 0 && errno != EINTR) {
        return cannot_read(path, e);
    }
    if (n > 0 && room == 0) {
        return too_long(path, out, e);
    }
    if (n > 0) {
        kg_buf_commit(out, (size_t)n);
    }
    *ret_more = n != 0;
    return KG_OK;
}

static enum kg_errc read_all(int fd, const char *path, struct kg_buf *out,
                             struct kg_error *e)
{
    enum kg_errc err = KG_OK;
    bool more = true;

    while (err == KG_OK && more) {
        err = read_piece(fd, path, out, &more, e);
    }
    return err;
}

enum kg_errc kg_file_read(const char *path, struct kg_buf *out,
                          struct kg_error *e)
{
    enum kg_errc err;
    int fd;

    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, "standard input", out, e);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return cannot_read(path, e);
    }
    err = read_all(fd, path, out, e);
    (void)close(fd);
    return err;
}
