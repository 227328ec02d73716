/* SPDX-License-Identifier: MIT */
#include "temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEMPORARY "temporary file (TMPDIR names its folder)"

static enum kg_errc fail(const char *what, struct kg_error *e)
{
    return kg_error_set(e, KG_EIO, errno, "%s: %s", what, strerror(errno));
}

/* (Not O_TMPFILE: a container's overlay may not have it.) */
enum kg_errc kg_temporary_open(int *ret_fd, struct kg_error *e)
{
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int len = snprintf(path, sizeof(path), "%s/kubeglean-XXXXXX",
                       dir != NULL && *dir != '\0' ? dir : "/tmp");
    int fd;

    errno = ENAMETOOLONG;
    fd = len < (int)sizeof(path) ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd < 0) {
        return fail(TEMPORARY, e);
    }
    (void)unlink(path);
    *ret_fd = fd;
    return KG_OK;
}

enum kg_errc kg_write_all(int fd, struct kg_str text, const char *what,
                          struct kg_error *e)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno != EINTR) {
            return fail(what, e);
        }
        if (n > 0) {
            text = kg_str_of(text.ptr + n, text.len - (size_t)n);
        }
    }
    return KG_OK;
}

enum kg_errc kg_temporary_write(int fd, struct kg_str text, struct kg_error *e)
{
    return kg_write_all(fd, text, TEMPORARY, e);
}

enum kg_errc kg_temporary_read(int fd, uint64_t at, char *to, size_t len,
                               size_t *ret_len, struct kg_error *e)
{
    ssize_t n;

    do {
        n = pread(fd, to, len, (off_t)at);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return fail(TEMPORARY, e);
    }
    *ret_len = (size_t)n;
    return KG_OK;
}
