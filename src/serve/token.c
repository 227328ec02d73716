/* SPDX-License-Identifier: MIT */
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO without a writer would wait for ever. */
static ssize_t read_file(const char *path, char *text, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len;
    int saved;

    if (fd < 0) {
        return -1;
    }
    len = read(fd, text, max);
    saved = errno;
    (void)close(fd);
    errno = saved;
    return len;
}

enum kg_errc kg_serve_token_read(const char *path,
                                 struct kg_serve_token *ret_token,
                                 struct kg_error *e)
{
    ssize_t len = read_file(path, ret_token->text, sizeof(ret_token->text));
    struct kg_str token;

    if (len < 0) {
        return kg_error_set(e, KG_ECONFIG, errno, "token file %s: %s", path,
                            strerror(errno));
    }
    if ((size_t)len == sizeof(ret_token->text)) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "token file %s: longer than %zu bytes", path,
                            sizeof(ret_token->text) - 1);
    }
    token = kg_str_trim(kg_str_of(ret_token->text, (size_t)len));
    if (token.len == 0) {
        return kg_error_set(e, KG_ECONFIG, 0,
                            "token file %s: has no token; write one line into "
                            "it",
                            path);
    }
    memmove(ret_token->text, token.ptr, token.len);
    ret_token->len = token.len;
    return KG_OK;
}

bool kg_serve_token_is(const struct kg_serve_token *t, struct kg_str guess)
{
    unsigned char differs = t->len == guess.len ? 0 : 1;

    for (size_t i = 0; i < guess.len; i++) {
        differs |= (unsigned char)(guess.ptr[i] ^ t->text[i % t->len]);
    }
    return differs == 0;
}
