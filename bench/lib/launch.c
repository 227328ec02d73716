/* SPDX-License-Identifier: MIT */
/* Runs a program and says what the kernel accounted to it.
 *
 *   kg-launch FILE PROGRAM [ARGUMENT]...
 *
 * writes one JSON object into FILE when PROGRAM has ended: of it and of the
 * children it waited for the CPU time, and of the largest of them the peak
 * memory. Linux lets a process inherit the peak of the one it was forked from:
 * this one is small, so that what it starts is measured alone. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_OURS = 125, EXIT_NOT_STARTED = 127, EXIT_SIGNAL = 128 };

static volatile sig_atomic_t child;

static void pass_on(int number)
{
    if (child > 0) {
        (void)kill(child, number);
    }
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
    (void)fprintf(stderr, "kg-launch: %s: %s\n", what, strerror(errno));
    return EXIT_OURS;
}

static void run(char **argv)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)execvp(argv[0], argv);
    (void)fail(argv[0]);
    _exit(EXIT_NOT_STARTED);
}

static int report(const char *path, int status, double wall,
                  const struct rusage *usage)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status)
                                 : EXIT_SIGNAL + WTERMSIG(status);
    FILE *f = fopen(path, "we");

    if (f == NULL) {
        return fail(path);
    }
    (void)fprintf(f,
                  "{\"exit\": %d, \"wall_s\": %.6f, \"user_s\": %.6f, "
                  "\"system_s\": %.6f, \"peak_kib\": %ld}\n",
                  code, wall, seconds(usage->ru_utime),
                  seconds(usage->ru_stime), usage->ru_maxrss);
    return fclose(f) == 0 ? code : fail(path);
}

/* They wait until there is a child to get them. */
static pid_t start(char **argv)
{
    static const int passed[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction act = {.sa_handler = pass_on};
    sigset_t held, before;
    pid_t pid;

    (void)sigemptyset(&held);
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        (void)sigaddset(&held, passed[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &held, &before);
    pid = fork();
    if (pid == 0) {
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        run(argv);
    }
    child = pid;
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
        (void)sigaction(passed[i], &act, NULL);
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    return pid;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    double started = now();
    int status;
    pid_t pid;

    if (argc < 3) {
        (void)fprintf(stderr, "usage: kg-launch FILE PROGRAM [ARGUMENT]...\n");
        return EXIT_OURS;
    }
    pid = start(argv + 2);
    if (pid < 0) {
        return fail("fork");
    }
    while (wait4(pid, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            return fail("wait4");
        }
    }
    return report(argv[1], status, now() - started, &usage);
}
