/* SPDX-License-Identifier: MIT */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "kubeglean/heap.h"

enum { WINDOW = 4 * KG_INPUT_BLOCK };

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

/* --- a file that is mapped -------------------------------------------------- */

static char cut_message[512];

/* The bytes that are looked at were cut off the file meanwhile. */
static void on_cut(int number)
{
    ssize_t n = write(STDERR_FILENO, cut_message, strlen(cut_message));

    (void)number;
    (void)n;
    _exit(KG_EXIT_ERROR);
}

static void expect_cut(const char *name)
{
    struct sigaction action = {.sa_handler = on_cut};

    (void)snprintf(cut_message, sizeof(cut_message),
                   "kubeglean: %s: it was cut while it was read; rows may be "
                   "missing, so read it again\n",
                   name);
    (void)sigaction(SIGBUS, &action, NULL);
}

/* NULL: it is to be read. */
static char *map(int fd, off_t at)
{
    char *window = mmap(NULL, WINDOW, PROT_READ, MAP_SHARED, fd, at);

    if (window == MAP_FAILED) {
        return NULL;
    }
    if (madvise(window, WINDOW, MADV_POPULATE_READ) != 0) {
        (void)munmap(window, WINDOW);
        return NULL;
    }
    return window;
}

static bool pass(const char *window, kg_input_block_cb cb, void *data)
{
    bool going = true;

    for (size_t at = 0; going && at < WINDOW; at += KG_INPUT_BLOCK) {
        going = cb(data, kg_str_of(window + at, KG_INPUT_BLOCK));
    }
    return going;
}

/* The whole windows that a regular file has now: a copy takes longer than to look
 * at the bytes. What is behind them is read. */
static enum kg_errc map_most(int fd, kg_input_block_cb cb, void *data,
                             struct kg_error *e)
{
    off_t at = lseek(fd, 0, SEEK_CUR);
    bool going = true;
    struct stat st;
    char *window;

    if (at < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return KG_OK;
    }
    while (going && at + WINDOW <= st.st_size &&
           (window = map(fd, at)) != NULL) {
        going = pass(window, cb, data);
        (void)munmap(window, WINDOW);
        at += WINDOW;
    }
    if (lseek(fd, at, SEEK_SET) < 0) {
        return failed(e);
    }
    return going ? KG_OK : KG_ECANCELED;
}

/* --- any -------------------------------------------------------------------- */

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
        expect_cut(kg_input_name(path));
        err = map_most(fd, cb, data, e);
        if (err == KG_OK) {
            err = read_all(fd, block, cb, data, e);
        }
    }
    kg_free(block);
    if (own && fd >= 0) {
        (void)close(fd);
    }
    return err;
}
