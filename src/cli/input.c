/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kubeglean/heap.h"

static bool is_standard_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

const char *kg_input_name(const char *path)
{
    return is_standard_input(path) ? "standard input" : path;
}

static enum kg_errc failed(struct kg_error *e)
{
    return kg_error_set(e, KG_EIO, errno, "%s", strerror(errno));
}

static enum kg_errc read_all(int fd, char *block, kg_input_block_cb cb,
                             void *data, struct kg_error *e)
{
    for (;;) {
        ssize_t n = read(fd, block, KG_INPUT_BLOCK);

        if (n == 0) {
            return KG_OK;
        }
        if (n < 0 && errno != EINTR) {
            return failed(e);
        }
        if (n > 0 && !cb(data, kg_str_of(block, (size_t)n))) {
            return KG_ECANCELED;
        }
    }
}

enum kg_errc kg_input_read(const char *path, kg_input_block_cb cb, void *data,
                           struct kg_error *e)
{
    bool own = !is_standard_input(path);
    int fd = own ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    char *block = kg_alloc(KG_INPUT_BLOCK);
    enum kg_errc err;

    if (fd < 0) {
        err = failed(e);
    } else if (block == NULL) {
        err = kg_error_set(e, KG_ENOMEM, 0, "%s", kg_errc_text(KG_ENOMEM));
    } else {
        err = read_all(fd, block, cb, data, e);
    }
    kg_free(block);
    if (own && fd >= 0) {
        (void)close(fd);
    }
    return err;
}
