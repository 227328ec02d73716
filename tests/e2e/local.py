#!/usr/bin/env python3
"""deploy/local/run: it shows rows, and leaves nothing behind."""
import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402

RUN = os.path.join(os.path.dirname(__file__), "..", "..", "deploy", "local", "run")
INTERRUPTIONS = 8

# All that it makes is in here, and so known by its name.
mark = tempfile.mkdtemp(prefix="kubeglean-local-")
os.chmod(mark, 0o755)  # PostgreSQL's user goes through.
took = 5.0


def start(*args):
    return subprocess.Popen([RUN, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True,
                            env={**os.environ, "TMPDIR": mark})


def running():
    """Processes that were started with, or are in, the marked directory."""
    found = []
    for process in glob.glob("/proc/[0-9]*"):
        try:
            with open(process + "/cmdline", encoding="utf-8", errors="replace") as f:
                command = f.read().replace("\0", " ")
            if mark in command or os.readlink(process + "/cwd").startswith(mark):
                found.append(command)
        except OSError:
            pass  # It has ended meanwhile.
    return found


def assert_nothing_is_left():
    assert not running(), running()
    assert not os.listdir(mark), os.listdir(mark)


def three_namespaces_give_their_rows():
    global took
    begin = time.monotonic()
    process = start()
    out, _ = process.communicate(timeout=600)
    assert process.returncode == 0, out
    assert re.search(r"^300 rows from 3 Jobs", out, re.M), out
    for namespace in ("team-a", "team-b", "team-c"):
        assert re.search(rf"{namespace} .*complete .* 100$", out, re.M), out
    assert_nothing_is_left()
    again = time.monotonic()
    assert start().wait(timeout=600) == 0
    took = time.monotonic() - again
    print(f"# first {again - begin:.1f} s, again {took:.1f} s")


def an_interrupt_at_any_time_leaves_nothing():
    interrupted = 0
    for i in range(INTERRUPTIONS):
        process = start()
        time.sleep(took * (i + 0.5) / INTERRUPTIONS)
        # As a terminal does it: to the group in the foreground.
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        # One that was quicker than its forerunner had ended by then.
        assert process.returncode == (0 if "; in all " in out else 130), (i, process.returncode, out)
        interrupted += process.returncode == 130
        assert_nothing_is_left()
    assert interrupted > INTERRUPTIONS / 2, interrupted


def wrong_usage_does_nothing():
    for args in (("--kubeconfig",), ("--nosuch", "x"), ("x",)):
        process = start(*args)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 2, out
        assert "deploy/local/run [--kubeconfig FILE]" in out, out
    process = start("--kubeconfig", "/nowhere")
    assert "/nowhere" in process.communicate(timeout=60)[0]
    assert process.returncode == 1


try:
    tap.run([
        three_namespaces_give_their_rows,
        an_interrupt_at_any_time_leaves_nothing,
        wrong_usage_does_nothing,
    ])
finally:
    shutil.rmtree(mark, ignore_errors=True)
