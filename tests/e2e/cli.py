#!/usr/bin/env python3
"""The command line: help for every verb, and every mistake told with its cure."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402

BUILD = os.environ.get("KG_BUILD", "build/dev")
PROGRAM = os.path.join(BUILD, "src", "kubeglean")


def run(*args, stdout=subprocess.PIPE):
    done = subprocess.run([PROGRAM, *args], stdin=subprocess.DEVNULL, stdout=stdout,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.returncode, done.stdout or "", done.stderr


def verbs():
    listed = run("--help")[1].split("\nVerbs:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def without_a_verb_it_asks_for_one():
    code, out, err = run()
    assert (code, out) == (2, ""), (code, out)
    assert "kubeglean --help" in err, err


def every_verb_has_one_help():
    for verb in verbs():
        code, out, err = run(verb, "--help")
        assert (code, err) == (0, ""), (verb, code, err)
        assert out.startswith(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), out
        assert f"\nUsage: kubeglean {verb}" in out, out
        assert "-h, --help" in out, out
        assert run("help", verb) == (code, out, err), verb
        assert run(verb, "-h") == (code, out, err), verb


def help_fits_a_terminal():
    for args in [["--help"]] + [[verb, "--help"] for verb in verbs()]:
        for line in run(*args)[1].splitlines():
            assert len(line) <= 80, (args, line)


def exit_codes_are_told():
    told = run("--help")[1].split("\nExit codes:\n")[1]
    assert [line.split()[0] for line in told.splitlines() if line.startswith("  ")] == list("012345")


def an_unknown_verb_is_told_the_nearest():
    code, out, err = run("versoin")
    assert (code, out) == (2, ""), (code, out)
    assert 'no verb "versoin"; did you mean "version"?' in err, err
    code, _, err = run("help", "frobnicate")
    assert code == 2 and "did you mean" not in err, err


def an_unknown_option_is_refused_by_every_verb():
    for verb in verbs():
        code, out, err = run(verb, "--no-such-option-at-all")
        assert (code, out) == (2, ""), (verb, code, out)
        assert err.startswith(f"kubeglean {verb}: there is no option --no-such"), err
        assert f"`kubeglean {verb} --help`" in err, err


def a_deadline_that_no_job_can_have_is_refused():
    for timeout in ("2147483648s", "4294967296s", "18446744073709551615ms"):
        code, out, err = run("run", "--profile", "krr", "--image", "x", "--timeout", timeout,
                             "--kubeconfig", "/nowhere")
        assert (code, out) == (2, ""), (timeout, code, out)
        assert err.startswith("kubeglean run: --timeout: "), (timeout, err)


def version_tells_what_was_linked():
    code, out, _ = run("version")
    assert code == 0
    assert re.match(r"kubeglean \d+\.\d+\.\d+( \(\S+\))?\n", out), out
    for library in ("libuv", "libcurl", "llhttp", "yajl", "zlib", "libbz2", "libpq", "libyaml"):
        assert re.search(rf"^{library} \d+(\.\d+)+$", out, re.M), (library, out)
    assert run("--version")[1] == out


def a_full_disk_is_an_error():
    with open("/dev/full", "w", encoding="utf-8") as full:
        for args in (["--help"], ["version"], ["version", "--help"]):
            code, _, err = run(*args, stdout=full)
            assert code == 1 and "No space left" in err, (args, code, err)


if __name__ == "__main__":
    tap.run([without_a_verb_it_asks_for_one, every_verb_has_one_help, help_fits_a_terminal,
             exit_codes_are_told, an_unknown_verb_is_told_the_nearest,
             an_unknown_option_is_refused_by_every_verb,
             a_deadline_that_no_job_can_have_is_refused, version_tells_what_was_linked,
             a_full_disk_is_an_error])
