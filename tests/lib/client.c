/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

void kt_dial(struct kt_client *c, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    *c = (struct kt_client){.fd =
                                socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(c->fd >= 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

void kt_say(struct kt_client *c, const char *text)
{
    ssize_t len = (ssize_t)strlen(text);

    assert_int_equal(send(c->fd, text, (size_t)len, MSG_NOSIGNAL), len);
}

void kt_hear(struct kt_client *c)
{
    ssize_t len = recv(c->fd, c->text + c->len, sizeof(c->text) - c->len - 1,
                       MSG_DONTWAIT);

    if (len > 0) {
        c->len += (size_t)len;
        c->text[c->len] = '\0';
    } else if (len == 0 || errno != EAGAIN) {
        c->closed = true;
    }
}

void kt_hear_until(struct kt_client *c, struct kg_loop *l, const char *text)
{
    for (int i = 0; i < 5000; i++) {
        (void)uv_run(&l->uv, UV_RUN_NOWAIT);
        kt_hear(c);
        if (text != NULL ? strstr(c->text, text) != NULL : c->closed) {
            return;
        }
        (void)usleep(1000);
    }
    fail_msg("%s did not come, but \"%s\"", text != NULL ? text : "the end",
             c->text);
}

void kt_has(const struct kt_client *c, const char *text)
{
    if (strstr(c->text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, c->text);
    }
}

void kt_hang_up(struct kt_client *c)
{
    assert_int_equal(close(c->fd), 0);
}
