/* SPDX-License-Identifier: MIT */
/* What holds a Pod's namespaces: sleeps, and buries the dead. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void end(int signum)
{
    (void)signum;
    _exit(0);
}

static void bury(int signum)
{
    (void)signum;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

int main(void)
{
    (void)signal(SIGINT, end);
    (void)signal(SIGTERM, end);
    (void)signal(SIGCHLD, bury);
    for (;;) {
        (void)pause();
    }
}
