#!/usr/bin/env python3
"""The simulated API server: faults on demand, 410s, slow readers, logs by rate and by file, who may what."""
import contextlib
import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402

BUILD = os.environ.get("KG_BUILD", "build/dev")
PROGRAM = os.path.join(BUILD, "tests", "sim", "apiserver", "kube-sim")
JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"


class Simulator:
    def __init__(self, *options):
        # A sanitizer keeps what was freed: little of it, for the claim about memory.
        self.process = subprocess.Popen([PROGRAM, "--pending-ms", "0", *options], stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1"})
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def ask(self, method, path, body=None, headers=None):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as c:
            data = body if isinstance(body, (bytes, type(None))) else json.dumps(body)
            c.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
            r = c.getresponse()
            return r.status, r.headers, r.read()

    def get(self, path):
        return json.loads(self.ask("GET", path)[2])

    def open(self, path):
        """A request whose answer is read from the returned socket, head included."""
        s = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: sim\r\n\r\n".encode())
        return s

    def fault(self, **what):
        status, _, said = self.ask("POST", "/sim/faults", what)
        assert status == 200, said

    def job(self, name, annotations=None, **spec):
        template = {"metadata": {"annotations": annotations or {}},
                    "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "i:1"}]}}
        status, _, said = self.ask("POST", JOBS, {"metadata": {"name": name},
                                                  "spec": {"backoffLimit": 0, "template": template, **spec}})
        assert status == 201, said

    def pod(self, job, phases):
        """The name of the Job's Pod, once it is in one of the phases."""
        for _ in range(400):
            for pod in self.get(f"{PODS}?labelSelector=job-name%3D{job}")["items"]:
                if pod["status"]["phase"] in phases:
                    return pod["metadata"]["name"]
            time.sleep(0.02)
        raise AssertionError(f"no Pod of {job} in {phases}")

    def log(self, job, query="", phases=("Running", "Succeeded", "Failed")):
        return f"{PODS}/{self.pod(job, phases)}/log?{query}"


@contextlib.contextmanager
def simulator(*options):
    sim = Simulator(*options)
    try:
        yield sim
    finally:
        sim.process.terminate()
        assert sim.process.wait(timeout=20) == 0


def drain(s):
    """All there is, and how it ended: closed, reset."""
    got = b""
    while True:
        try:
            piece = s.recv(65536)
        except ConnectionResetError:
            return got, "reset"
        if not piece:
            return got, "closed"
        got += piece


def a_fault_answers_so_often_as_it_was_told():
    with simulator() as sim:
        sim.fault(method="GET", path=JOBS, status=429, retryAfter=1, count=2, skip=1)
        answers = [sim.ask("GET", JOBS) for _ in range(4)]
        assert [a[0] for a in answers] == [200, 429, 429, 200], answers
        assert answers[1][1]["Retry-After"] == "1"
        assert answers[1][2] == b"Too many requests, please try again later.\n"


def a_fault_is_for_its_requests_alone():
    with simulator() as sim:
        sim.fault(method="GET", path=JOBS, verb="watch", status=503, count=-1)
        assert sim.ask("GET", JOBS)[0] == 200
        assert sim.ask("GET", PODS + "?watch=1&timeoutSeconds=1")[0] == 200
        assert sim.ask("GET", JOBS + "?watch=1&timeoutSeconds=1")[0] == 503
        sim.ask("DELETE", "/sim/faults")
        assert sim.ask("GET", JOBS + "?watch=1&timeoutSeconds=1")[0] == 200


def close_and_reset_come_before_the_answer():
    with simulator() as sim:
        for what, end in ("close", "closed"), ("reset", "reset"):
            sim.fault(path=JOBS, do=what)
            with sim.open(JOBS) as s:
                assert drain(s) == (b"", end), what


def a_stall_says_nothing_and_stays():
    with simulator() as sim:
        sim.fault(path=JOBS, do="stall")
        with sim.open(JOBS) as s:
            s.settimeout(0.5)
            try:
                raise AssertionError(s.recv(1))
            except TimeoutError:
                pass


def an_answer_is_cut_at_its_byte():
    with simulator() as sim:
        sim.fault(path=JOBS, do="close", at=10)
        with sim.open(JOBS) as s:
            head, body = drain(s)[0].split(b"\r\n\r\n")
        assert body == b'{"kind":"J', body
        assert int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]) > 10


def a_log_is_cut_at_its_byte_or_ended_there_cleanly():
    with simulator("--run-ms", "0") as sim:
        sim.job("one", {"sim/log-text": "0123456789\n" * 9})
        path = sim.log("one", "follow=true", ("Succeeded",))
        for what, last in ("close", b"\r\n"), ("end", b"0\r\n\r\n"):
            sim.fault(verb="log", do=what, at=15)
            with sim.open(path) as s:
                s.settimeout(1)
                got = b""
                with contextlib.suppress(TimeoutError):
                    while piece := s.recv(65536):
                        got += piece
            body = got.split(b"\r\n\r\n", 1)[1]
            assert body.startswith(b"f\r\n0123456789\n0123\r\n") and body.endswith(last), (what, body)


def streams_that_are_open_can_be_broken():
    with simulator() as sim:
        with sim.open(JOBS + "?watch=1") as s:
            s.recv(65536)
            assert sim.ask("POST", "/sim/break", {"path": JOBS, "do": "reset"})[2] == b'{"streams":1}\n'
            assert drain(s)[1] == "reset"


def a_watch_from_before_a_compaction_is_gone_in_either_shape():
    with simulator() as sim:
        rv = sim.get(JOBS)["metadata"]["resourceVersion"]
        sim.job("one", parallelism=0)
        sim.ask("POST", "/sim/compact")
        path = f"{JOBS}?watch=1&resourceVersion={rv}&timeoutSeconds=1"
        status, _, body = sim.ask("GET", path)
        event = json.loads(body)
        assert (status, event["type"], event["object"]["code"]) == (200, "ERROR", 410), body
        sim.ask("POST", "/sim/compact", {"as": "status"})
        status, _, body = sim.ask("GET", path)
        assert (status, json.loads(body)["reason"]) == (410, "Expired"), body


def a_page_from_before_a_compaction_is_gone():
    with simulator() as sim:
        for name in "abc":
            sim.job(name, parallelism=0)
        token = sim.get(JOBS + "?limit=1")["metadata"]["continue"]
        sim.ask("POST", "/sim/compact")
        assert sim.ask("GET", f"{JOBS}?limit=1&continue={token}")[0] == 410


def a_watcher_too_slow_for_the_history_is_ended():
    with simulator("--history", "50", "--run-ms", "0") as sim:
        rv = sim.get(JOBS)["metadata"]["resourceVersion"]
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", sim.port))
        s.sendall(f"GET {JOBS}?watch=1&resourceVersion={rv} HTTP/1.1\r\nHost: sim\r\n\r\n".encode())
        note = "x" * 200000
        for i in range(100):
            sim.ask("POST", JOBS, {"metadata": {"name": f"j{i}", "annotations": {"a": note}},
                                   "spec": {"parallelism": 0, "template": {"spec": {
                                       "restartPolicy": "Never", "containers": [{"name": "m", "image": "i"}]}}}})
        s.settimeout(20)
        got = bytearray()
        while not got.endswith(b"0\r\n\r\n"):
            piece = s.recv(1 << 20)
            assert piece, "cut"
            got += piece
        assert got.count(b'"ADDED"') < 100
        assert sim.get("/sim/stats")["watchesDropped"] == 1
        s.close()


def a_log_flows_at_its_rate_while_the_container_runs():
    with simulator() as sim:
        sim.job("one", {"sim/log-text": "0123456789abcde\n" * 64, "sim/log-rate": "1024"})
        path, start = sim.log("one", "follow=true", ("Running",)), time.monotonic()
        times = []
        with sim.open(path) as s:
            while not times or not times[-1][1].endswith(b"0\r\n\r\n"):
                times.append((time.monotonic() - start, s.recv(65536)))
        assert 0.6 < times[-1][0] < 3 and len(times) > 3, [t for t, _ in times]
        sim.pod("one", ("Succeeded",))


def it_is_told_when_a_log_had_been_sent():
    with simulator() as sim:
        sim.job("one", {"sim/log-text": "line", "sim/run-seconds": "0.2"})
        sim.ask("GET", sim.log("one", "follow=true"))
        [end] = sim.get("/sim/ends")
        assert end["pod"].startswith("default/one-"), end
        assert -10 < end["endedUs"] / 1e6 - time.time() <= 0, end
        assert abs(end["sentUs"] - end["endedUs"]) < 10e6, end
        sim.ask("POST", "/sim/reset")
        assert sim.get("/sim/ends") == []


def a_log_comes_in_chunks_of_the_size_that_was_asked():
    with simulator("--run-ms", "0") as sim:
        sim.job("one", {"sim/log-text": "abcdefghijklm\n", "sim/log-chunk": "3"})
        with sim.open(sim.log("one", "follow=true", ("Succeeded",))) as s:
            body = b""
            while not body.endswith(b"0\r\n\r\n"):
                body += s.recv(65536)
        chunks = body.split(b"\r\n\r\n", 1)[1].split(b"\r\n")
        assert chunks[0:4] == [b"3", b"abc", b"3", b"def"], chunks


def a_large_file_is_not_held_in_memory():
    with tempfile.TemporaryDirectory() as work:
        with open(os.path.join(work, "log"), "wb") as f:
            for _ in range(64):
                f.write(b"x" * (1 << 20) + b"\n")
        with simulator("--run-ms", "0", "--log-dir", work) as sim:
            sim.job("one", {"sim/log-file": "log"})
            path = sim.log("one", "", ("Succeeded",))
            before = sim.get("/sim/stats")["maxResidentKiB"]
            with sim.open(path) as slow:
                time.sleep(0.5)
                assert sim.get("/sim/stats")["bytesSent"] < 32 << 20, "sent to one who does not read"
                slow.close()
            body = sim.ask("GET", path)[2]
            assert len(body) == 64 * ((1 << 20) + 1)
            more = sim.get("/sim/stats")["maxResidentKiB"] - before
            assert more < 8192, f"{more} KiB more than before"


def a_file_outside_of_the_directory_is_not_read():
    with tempfile.TemporaryDirectory() as work, simulator("--run-ms", "0", "--log-dir", work) as sim:
        for i, name in enumerate(["/etc/passwd", "../../etc/passwd"]):
            sim.job(f"j{i}", {"sim/log-file": name})
            assert b"root:" not in sim.ask("GET", sim.log(f"j{i}", "", ("Succeeded",)))[2]


def who_comes_after_a_rotation_gets_the_newest_file():
    with simulator("--run-ms", "0") as sim:
        lines = [f"line {i:04}\n" for i in range(100)]
        sim.job("one", {"sim/log-text": "".join(lines), "sim/log-file-max": "400"})
        got = sim.ask("GET", sim.log("one", "", ("Succeeded",)))[2].decode()
        assert got == "".join(lines[80:]), got


def a_generated_report_has_its_rows_and_is_the_same_again():
    with simulator("--run-ms", "0", "--default-krr-rows", "30") as sim:
        sim.job("one")
        path = sim.log("one", "", ("Succeeded",))
        text = sim.ask("GET", path)[2].decode()
        report = json.loads(text[text.index('{\n  "scans"'):text.rindex("}\n[") + 1])
        names = {(s["object"]["namespace"], s["object"]["kind"], s["object"]["name"]) for s in report["scans"]}
        assert len(names) == 30 and all(n[0] == "default" for n in names)
        assert text == sim.ask("GET", path)[2].decode()


def the_lines_about_a_plain_report_have_no_braces():
    with simulator("--run-ms", "0") as sim:
        sim.job("one", {"sim/log-krr-rows": "3", "sim/log-krr-plain": "yes"})
        text = sim.ask("GET", sim.log("one", "", ("Succeeded",)))[2].decode()
        assert len(json.loads(text[text.index("{"):text.rindex("}") + 1])["scans"]) == 3


def a_pod_that_never_ends_meets_the_deadline():
    with simulator() as sim:
        sim.job("one", {"sim/never-ends": "yes"}, activeDeadlineSeconds=1)
        sim.pod("one", ("Running",))
        for _ in range(200):
            conditions = sim.get(JOBS + "/one")["status"].get("conditions", [])
            if any(c["type"] == "Failed" for c in conditions):
                break
            time.sleep(0.02)
        assert conditions[-1]["reason"] == "DeadlineExceeded", conditions


def users_have_tokens_and_what_is_denied_them():
    with simulator("--token", "a=secret", "--deny", "a=create:jobs", "--anonymous", "refuse") as sim:
        assert sim.ask("GET", JOBS)[0] == 401
        assert sim.ask("GET", JOBS, headers={"Authorization": "Bearer wrong"})[0] == 401
        assert sim.ask("GET", JOBS, headers={"Authorization": "Bearer secret"})[0] == 200
        status, _, body = sim.ask("POST", JOBS, {}, {"Authorization": "Bearer secret"})
        assert status == 403 and b'User \\"a\\" cannot create resource \\"jobs\\"' in body, body


def a_token_can_be_rotated():
    with simulator("--token", "a=old") as sim:
        def status(token):
            return sim.ask("GET", JOBS, headers={"Authorization": f"Bearer {token}"})[0]
        assert (status("old"), status("new")) == (200, 401)
        assert sim.ask("POST", "/sim/token", {"user": "a", "token": "new"})[0] == 200
        assert (status("old"), status("new")) == (401, 200)


def requests_are_counted_by_verb_and_resource():
    with simulator() as sim:
        sim.ask("GET", JOBS)
        sim.ask("GET", JOBS + "?watch=1&timeoutSeconds=1")
        sim.ask("GET", PODS + "/none/log")
        counts = sim.get("/sim/stats")["requests"]
        assert counts == {"list jobs": 1, "watch jobs": 1, "get pods/log": 1}, counts


def broken_requests_are_refused_and_the_server_lives():
    with simulator() as sim:
        for what in (b"\0\1\2\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /x HTTP/1.1\r\nA" + b"a" * 70000,
                     b"POST " + JOBS.encode() + b" HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 4000000):
            with socket.create_connection(("127.0.0.1", sim.port), timeout=20) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 0, 0))
                with contextlib.suppress(ConnectionError):
                    s.sendall(what)
                    s.recv(1000)
        assert sim.ask("GET", "/readyz")[0] == 200


if __name__ == "__main__":
    tap.run([a_fault_answers_so_often_as_it_was_told, a_fault_is_for_its_requests_alone,
             close_and_reset_come_before_the_answer, a_stall_says_nothing_and_stays,
             an_answer_is_cut_at_its_byte, a_log_is_cut_at_its_byte_or_ended_there_cleanly,
             streams_that_are_open_can_be_broken, a_watch_from_before_a_compaction_is_gone_in_either_shape,
             a_page_from_before_a_compaction_is_gone, a_watcher_too_slow_for_the_history_is_ended,
             a_log_flows_at_its_rate_while_the_container_runs, it_is_told_when_a_log_had_been_sent,
             a_log_comes_in_chunks_of_the_size_that_was_asked, a_large_file_is_not_held_in_memory,
             a_file_outside_of_the_directory_is_not_read,
             who_comes_after_a_rotation_gets_the_newest_file,
             a_generated_report_has_its_rows_and_is_the_same_again,
             the_lines_about_a_plain_report_have_no_braces, a_pod_that_never_ends_meets_the_deadline,
             users_have_tokens_and_what_is_denied_them, a_token_can_be_rotated, requests_are_counted_by_verb_and_resource,
             broken_requests_are_refused_and_the_server_lives])
