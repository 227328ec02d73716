/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kt.h"

bool kt_tls_make_cert(const char *key, const char *cert)
{
    char command[512];

    (void)snprintf(command, sizeof(command),
                   "openssl req -x509 -newkey ec -pkeyopt "
                   "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
                   "-addext subjectAltName=DNS:in.cert,IP:127.0.0.1 "
                   "-keyout %s -out %s 2>/dev/null",
                   key, cert);
    return system(command) == 0;
}

static void be_s_server(const char *cert, const char *key, const char *demand,
                        const char *dir, int out)
{
    const char *args[16] = {
        "openssl", "s_server",    dir != NULL ? "-HTTP" : "-www",
        "-accept", "127.0.0.1:0", "-cert",
        cert,      "-key",        key};

    if (demand != NULL) {
        args[9] = "-verify_return_error";
        args[10] = "-Verify";
        args[11] = "1";
        args[12] = "-CAfile";
        args[13] = demand;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)dup2(out, STDOUT_FILENO);
    if (freopen("/dev/null", "w", stderr) == NULL ||
        (dir != NULL && chdir(dir) != 0)) {
        _exit(1);
    }
    (void)execvp(args[0], (char **)args);
    _exit(1);
}

void kt_s_server_start(struct kt_s_server *s, const char *cert, const char *key,
                       const char *demand, const char *dir)
{
    char line[128] = "";
    int out[2];

    assert_int_equal(pipe(out), 0);
    s->pid = fork();
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        be_s_server(cert, key, demand, dir, out[1]);
    }
    (void)close(out[1]);
    s->said = fdopen(out[0], "r");
    assert_non_null(s->said);
    while (strncmp(line, "ACCEPT ", 7) != 0) {
        assert_non_null(fgets(line, sizeof(line), s->said));
    }
    line[strcspn(line, "\n")] = '\0';
    (void)snprintf(s->url, sizeof(s->url), "https://127.0.0.1%s",
                   strrchr(line, ':'));
}

void kt_s_server_stop(struct kt_s_server *s)
{
    (void)fclose(s->said);
    assert_int_equal(kill(s->pid, SIGKILL), 0);
    assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
}
