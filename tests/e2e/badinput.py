#!/usr/bin/env python3
"""Every bad input ends with a message that names the object, the place and the
cure, and with its exit code."""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import tap  # noqa: E402
from cluster import PROGRAM, Scene, ask, free_port, kubeglean, psql, wait_until  # noqa: E402

WITH_POSTGRES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib", "with-postgres")

REPORT = {"scans": [{"object": {"cluster": "c1", "namespace": "default", "name": "web", "kind": "Deployment",
                                "container": "main", "pods": [{"name": "web-1", "deleted": False}],
                                "allocations": {}},
                     "recommended": {}, "severity": "GOOD"}]}


def task(scene, notes=None, namespace="default", timeout=60, **spec):
    """A Task file; `notes` tell the simulated kubelet what the Pod does."""
    return scene.write("task.yaml", json.dumps({
        "apiVersion": "kubeglean.io/v1", "kind": "Task", "metadata": {"name": "krr"},
        "spec": {"profile": "krr", "namespaces": [namespace], "timeoutSeconds": timeout,
                 "job": {"template": {
                     "metadata": {"annotations": {f"sim/{name}": value for name, value in (notes or {}).items()}},
                     "spec": {"containers": [{"name": "krr", "image": "registry.example/krr:1"}]}}},
                 **spec}}))


class Run:
    """One `kubeglean run`, on a simulated cluster of its own."""

    def __init__(self, notes=None, args=("-o", "ndjson"), sim=(), token="admin", **spec):
        with Scene() as scene:
            self.port = scene.kube_sim("--run-ms", "300", "--pending-ms", "50", *sim)
            kubeconfig = scene.kubeconfig(f"http://127.0.0.1:{self.port}", token=token)
            self.code, self.out, self.err = kubeglean(
                "run", "-f", task(scene, notes, **spec), "--kubeconfig", kubeconfig, *args)
            self.jobs = [job["metadata"]["name"] for job in
                         ask(self.port, "GET", "/apis/batch/v1/jobs")["items"]]

    def ends(self, code, *messages):
        told(self.code, self.err, code, *messages)
        return self


def told(code, err, want, *messages):
    """The exit code, and regular expressions that standard error must fit."""
    assert code == want, f"exit code {code}, not {want}: {err}"
    for message in messages:
        assert re.search(message, err), f"no {message!r} in: {err}"


def nowhere(*args, env=None):
    """`kubeglean run` that must end before it asks any server."""
    with Scene() as scene:
        return kubeglean("run", "-f", task(scene), "-o", "ndjson", *args,
                         env={"HOME": scene.dir, **(env or {})})


# --- the way to the cluster -----------------------------------------------------

def without_a_kubeconfig_it_says_where_one_is_looked_for():
    code, _, err = nowhere()
    told(code, err, 2, r"kubeconfig", r"KUBECONFIG", r"--kubeconfig")


def a_kubeconfig_that_is_not_there_is_named():
    code, _, err = nowhere("--kubeconfig", "/nowhere/config")
    told(code, err, 2, r"/nowhere/config: .*[Nn]o such file")


def a_broken_kubeconfig_has_a_place():
    with Scene() as scene:
        broken = scene.write("broken", "apiVersion: v1\nclusters: [\n  {name: a\n")
        code, _, err = nowhere("--kubeconfig", broken)
        told(code, err, 2, re.escape(broken) + r":\d+:\d+: ")


def a_kubeconfig_that_leads_nowhere_has_a_place():
    with Scene() as scene:
        wrong = scene.write("wrong", "apiVersion: v1\nkind: Config\ncurrent-context: prod\ncontexts: []\n")
        code, _, err = nowhere("--kubeconfig", wrong)
        told(code, err, 2, re.escape(wrong), r"prod")


def a_certificate_of_another_authority_is_refused():
    with Scene() as scene:
        _, cert, key = scene.authority()
        other, _, _ = scene.authority("other")
        port = scene.tls(scene.kube_sim(), cert, key)
        code, out, err = kubeglean("run", "-f", task(scene), "-o", "ndjson", "--kubeconfig",
                                   scene.kubeconfig(f"https://127.0.0.1:{port}", ca=other))
        told(code, err, 1, rf"127\.0\.0\.1:{port}", r"certificate")
        assert out == ""


def the_right_authority_leads_through():
    with Scene() as scene:
        ca, cert, key = scene.authority()
        port = scene.tls(scene.kube_sim("--run-ms", "300", "--pending-ms", "50"), cert, key)
        code, out, err = kubeglean("run", "-f", task(scene, {"log-text": json.dumps(REPORT)}), "-o", "ndjson",
                                   "--kubeconfig", scene.kubeconfig(f"https://127.0.0.1:{port}", ca=ca))
        told(code, err, 0)
        assert json.loads(out)["name"] == "web", out


def an_unknown_token_is_told_as_401():
    Run(sim=("--token", "admin=admin"), token="stale").ends(1, r"401", r"[Uu]nauthorized|credential|token")


def a_missing_right_is_named():
    run = Run(sim=("--token", "admin=admin", "--token", "agent=agent", "--deny", "agent=create:jobs"),
              token="agent")
    run.ends(1, r"create", r"jobs", r"namespace \"?default")
    assert run.jobs == []


def a_namespace_that_is_not_there_is_named():
    run = Run(namespace="team-x").ends(1, r"team-x", r"not found")
    assert run.jobs == []


def an_api_server_that_is_not_there_is_named():
    with Scene() as scene:
        code, _, err = kubeglean("run", "-f", task(scene), "-o", "ndjson", "--kubeconfig",
                                 scene.kubeconfig("http://127.0.0.1:1"))
        told(code, err, 1, r"127\.0\.0\.1:1\b", r"[Cc]onnect")


# --- what a Job does --------------------------------------------------------------

def an_image_that_cannot_be_pulled_is_named():
    Run({"waiting-reason": "ImagePullBackOff"}, timeout=3).ends(5, r"ImagePullBackOff", r"registry\.example/krr:1")


def k14_a_quota_that_refuses_its_pod_is_told():
    Run({"refused": "exceeded quota: few, requested: pods=1"}, timeout=5).ends(
        5, r"no Pod was made for it: FailedCreate: .*exceeded quota: few", r"reason=FailedCreate")


def a_job_that_fails_is_told_with_its_last_lines():
    Run({"exit-code": "1", "log-text": "starting\nno such metrics server\n"}).ends(
        5, r"failed|Failed", r"last lines.* job=default/krr\S+ pod=\S+ line=\"no such metrics server")


def a_failed_job_with_a_report_has_stored_it():
    run = Run({"exit-code": "1", "log-text": json.dumps(REPORT)}).ends(5)
    assert json.loads(run.out)["name"] == "web", run.out


def a_job_that_never_ends_is_ended_by_its_deadline():
    Run({"never-ends": "1", "log-text": "waiting\n"}, timeout=2).ends(5, r"DeadlineExceeded|deadline")


def a_log_without_json_is_no_report():
    run = Run({"log-text": "nothing { to [ see\n"}).ends(3, r"outcome=empty")
    assert run.out == ""


def a_report_that_is_cut_off_is_incomplete():
    Run({"log-text": json.dumps(REPORT)[:-20]}).ends(4, r"incomplete", r"cut")


def a_profile_that_does_not_fit_rejects_the_report():
    run = Run({"log-text": json.dumps({"scans": {"not": "a list"}})}).ends(4, r"rejected")
    assert run.out == ""


# --- what goes away -------------------------------------------------------------

def control_postgres(do):
    subprocess.run([WITH_POSTGRES, "--ctl", do], check=True, capture_output=True)


def rows():
    return psql("SELECT name FROM scan_history").split()


class Slow:
    """A run whose Job takes three seconds, and is under way."""

    def __init__(self, scene, backend, server, *args, ca=None):
        self.scene, self.backend = scene, backend
        kubeconfig = scene.kubeconfig(server, ca=ca)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "KUBE"))}
        with open(scene.path("run.err"), "wb") as err, open(scene.path("run.out"), "wb") as out:
            self.process = subprocess.Popen(
                [PROGRAM, "run", "-f", task(scene, {"run-seconds": "3", "log-text": json.dumps(REPORT)}),
                 "--kubeconfig", kubeconfig, *args], stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=clean)
        scene.processes.append(self.process)

        def the_container_runs():
            return any(pod["status"].get("phase") == "Running"
                       for pod in ask(backend, "GET", "/api/v1/pods")["items"])
        wait_until(the_container_runs)

    def err(self):
        with open(self.scene.path("run.err"), encoding="utf-8") as err:
            return err.read()

    def says(self, message):
        def it_says():
            return re.search(message, self.err())
        wait_until(it_says)

    def ends(self, code, *messages):
        try:
            got = self.process.wait(60)
        except subprocess.TimeoutExpired:
            got = "none: it runs"
        told(got, self.err(), code, *messages)
        with open(self.scene.path("run.out"), encoding="utf-8") as out:
            return out.read()


def an_api_server_that_comes_back_costs_nothing():
    with Scene() as scene:
        ca, cert, key = scene.authority()
        backend = scene.kube_sim("--pending-ms", "50")
        port = scene.tls(backend, cert, key)
        slow = Slow(scene, backend, f"https://127.0.0.1:{port}", "-o", "ndjson", ca=ca)
        scene.kill(scene.processes[1])
        scene.tls(backend, cert, key, port)
        out = slow.ends(0)
        assert json.loads(out)["name"] == "web", out


def an_api_server_that_stays_away_is_named_until_an_interrupt():
    with Scene() as scene:
        backend = scene.kube_sim("--pending-ms", "50")
        slow = Slow(scene, backend, f"http://127.0.0.1:{backend}", "-o", "ndjson")
        scene.kill(scene.processes[0])
        slow.says(rf"level=warn .*127\.0\.0\.1:{backend}\b.*connect.* retry_ms=\d+")
        slow.process.send_signal(signal.SIGINT)
        slow.ends(130)


def an_interrupt_names_the_job_it_leaves():
    with Scene() as scene:
        backend = scene.kube_sim("--pending-ms", "50")
        slow = Slow(scene, backend, f"http://127.0.0.1:{backend}", "-o", "ndjson")
        jobs = [job["metadata"]["name"] for job in ask(backend, "GET", "/apis/batch/v1/jobs")["items"]]
        assert len(jobs) == 1, jobs
        slow.process.send_signal(signal.SIGINT)
        slow.ends(130, re.escape(jobs[0]))


def a_database_that_is_not_there_is_named():
    run = Run(args=("--database", "host=127.0.0.1 port=1 user=kt dbname=kt"))
    run.ends(1, r"[Cc]onnection refused|connect", r"127\.0\.0\.1")
    assert run.jobs == []


def a_database_address_that_can_never_work_is_wrong_usage():
    for address, message in (
            ("postgresql://kt:hunter2@127.0.0.1:54321x/kt", r"port \"54321x\" is none: .* 1 to 65535"),
            ("host=127.0.0.1 password=hunter2 port=0", r"port \"0\" is none"),
            ("host=127.0.0.1 password=hunter2 sslmode=sure", r"sslmode \"sure\" is none: it is one of disable, "),
            ("host=127.0.0.1 target_session_attrs=read-wrte", r"\"read-wrte\" is none: it is one of any, read-write, "),
            ("service=nowhere", r"service \"nowhere\" not found")):
        run = Run(args=("--database", address)).ends(2, message)
        assert "hunter2" not in run.err
        assert run.jobs == []


def a_password_is_not_in_the_list_of_processes():
    with Scene() as scene:
        backend = scene.kube_sim("--pending-ms", "50")
        slow = Slow(scene, backend, f"http://127.0.0.1:{backend}", "--database",
                    os.environ["KT_PG"] + " password=hunter2")
        with open(f"/proc/{slow.process.pid}/cmdline", "rb") as arguments:
            listed = arguments.read()
        assert b"--database" in listed and b"hunter2" not in listed, listed
        slow.ends(0)
        assert "hunter2" not in slow.err()


def a_database_that_comes_back_has_each_row_once():
    with Scene() as scene:
        backend = scene.kube_sim("--pending-ms", "50")
        slow = Slow(scene, backend, f"http://127.0.0.1:{backend}", "--database", os.environ["KT_PG"])
        control_postgres("kill")
        control_postgres("start")
        slow.ends(0)
        assert rows() == ["web"], rows()


def a_database_that_stays_away_is_named_until_an_interrupt():
    with Scene() as scene:
        backend = scene.kube_sim("--pending-ms", "50")
        slow = Slow(scene, backend, f"http://127.0.0.1:{backend}", "--database", os.environ["KT_PG"])
        control_postgres("kill")
        try:
            slow.says(r"level=warn .*database")
            slow.process.send_signal(signal.SIGINT)
            slow.ends(130)
        finally:
            control_postgres("start")


# --- the agent's own endpoint -----------------------------------------------------

def config(scene, **spec):
    task(scene)
    return scene.write("config.yaml", json.dumps({
        "apiVersion": "kubeglean.io/v1", "kind": "Config", "spec": {"tasks": ["task.yaml"], **spec}}))


def agent(**spec):
    """`kubeglean agent` that must end before it asks any server."""
    with Scene() as scene:
        return kubeglean("agent", "-c", config(scene, **spec), "--kubeconfig",
                         scene.kubeconfig("http://127.0.0.1:1"))


def an_agent_that_others_can_reach_wants_a_token():
    code, _, err = agent(listen="0.0.0.0:0")
    told(code, err, 2, r"0\.0\.0\.0:0 can be reached from other machines", r"tokenFile|127\.0\.0\.1")


def a_token_file_that_is_not_there_is_named():
    code, _, err = agent(listen="127.0.0.1:0", tokenFile="/nowhere/token")
    told(code, err, 2, r"token file /nowhere/token: No such file")


def a_port_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        code, _, err = agent(listen=listen)
    told(code, err, 1, rf"listen: {re.escape(listen)}: address already in use")


def an_agent_without_its_database_is_not_ready_and_says_why():
    with Scene() as scene:
        server = f"http://127.0.0.1:{scene.kube_sim()}"
        port = free_port()
        scene.start(PROGRAM, "agent", "-c", config(scene, listen=f"127.0.0.1:{port}",
                                                   database={"url": "host=127.0.0.1 port=1 user=kt dbname=kt"}),
                    "--kubeconfig", scene.kubeconfig(server))

        def it_names_the_database():
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10)
            except urllib.error.HTTPError as answer:
                told = answer.read().decode()
                return answer.code == 503 and "no connection to the database: " in told and "port 1" in told
            except OSError:
                return False
            raise AssertionError("it is ready")
        wait_until(it_names_the_database)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=10) as answer:
            assert answer.status == 200


# --- what is written wrong ------------------------------------------------------

HEAD = "apiVersion: kubeglean.io/v1\nkind: Task\nmetadata: {name: krr}\nspec:\n"
JOB = "  job:\n    template:\n      spec:\n        containers: [{name: krr, image: i}]\n"
WRONG = {
    "  profile: krr\n  timeout: 5\n" + JOB: r":6:3: .*timeout",
    "  profile: krr\n  timeoutSeconds: soon\n" + JOB: r":6:19: .*timeoutSeconds",
    "  profile: nonsense\n" + JOB: r":5:12: .*nonsense",
    "  profile: krr\n  schedule: 99 3 * * *\n" + JOB: r":6:13: .*schedule",
    JOB: r"profile",
    "  profile: krr\n": r"job",
    "  profile: krr\n  namespaces: [Team_A]\n" + JOB: r":6:16: .*Team_A",
    "  profile: krr\n  profile: krr\n" + JOB: r":6:3: .*profile",
    "  profile: [krr\n" + JOB: r":\d+:\d+: ",
}


def a_task_that_is_written_wrong_has_a_place():
    with Scene() as scene:
        for text, message in WRONG.items():
            file = scene.write("wrong.yaml", HEAD + text)
            code, _, err = kubeglean("run", "-f", file, "-o", "ndjson", "--kubeconfig",
                                     scene.kubeconfig("http://127.0.0.1:1"))
            told(code, err, 2, re.escape(file) + r":\d+:\d+: ", message)


def a_config_that_is_written_wrong_has_a_place():
    for spec, message in (({"lisen": "x"}, r"lisen: unknown key"), ({"listen": "nonsense"}, r"listen: .*nonsense"),
                          ({"limits": {"jobs": "many"}}, r"limits\.jobs"), ({"tasks": []}, r"tasks"),
                          ({"tasks": ["nowhere.yaml"]}, r"nowhere\.yaml.*[Nn]o such file")):
        code, _, err = agent(**spec)
        told(code, err, 2, r"config\.yaml:\d+:\d+: |nowhere\.yaml", message)


def a_value_that_cannot_be_is_refused_before_any_server_is_asked():
    for args, message in ((("-n", "Team_A"), r'--namespace: "Team_A" must be'), (("-n", ""), r"--namespace: "),
                          (("--name", "a b/../x"), r'--name: "a b/\.\./x" must be'),
                          (("--name", "x" * 64), r"at most 63"), ((), r"--image must not be empty")):
        code, _, err = kubeglean("run", "--profile", "krr", "--image", "krr:1" if args else "", *args)
        told(code, err, 2, message)
    with Scene() as scene:
        wrong = scene.kubeconfig("http://127.0.0.1:1", namespace="Team_A")
        code, _, err = kubeglean("run", "--profile", "krr", "--image", "krr:1", "--kubeconfig", wrong)
        told(code, err, 2, r':1:\d+: namespace: "Team_A" must be')


def a_task_file_that_is_not_there_is_named():
    code, _, err = kubeglean("run", "-f", "/nowhere/task.yaml", "-o", "ndjson")
    told(code, err, 2, r"/nowhere/task\.yaml", r"[Nn]o such file")


CLAIMS = [
    without_a_kubeconfig_it_says_where_one_is_looked_for, a_kubeconfig_that_is_not_there_is_named,
    a_broken_kubeconfig_has_a_place, a_kubeconfig_that_leads_nowhere_has_a_place,
    a_certificate_of_another_authority_is_refused, the_right_authority_leads_through,
    an_unknown_token_is_told_as_401, a_missing_right_is_named, a_namespace_that_is_not_there_is_named,
    an_api_server_that_is_not_there_is_named, an_image_that_cannot_be_pulled_is_named,
    k14_a_quota_that_refuses_its_pod_is_told,
    a_job_that_fails_is_told_with_its_last_lines, a_failed_job_with_a_report_has_stored_it,
    a_job_that_never_ends_is_ended_by_its_deadline, a_log_without_json_is_no_report,
    a_report_that_is_cut_off_is_incomplete, a_profile_that_does_not_fit_rejects_the_report,
    an_api_server_that_comes_back_costs_nothing, an_api_server_that_stays_away_is_named_until_an_interrupt,
    an_interrupt_names_the_job_it_leaves, a_database_that_is_not_there_is_named,
    a_database_address_that_can_never_work_is_wrong_usage, a_password_is_not_in_the_list_of_processes,
    a_database_that_comes_back_has_each_row_once, a_database_that_stays_away_is_named_until_an_interrupt,
    an_agent_that_others_can_reach_wants_a_token, a_token_file_that_is_not_there_is_named,
    a_port_that_is_taken_is_named, an_agent_without_its_database_is_not_ready_and_says_why,
    a_config_that_is_written_wrong_has_a_place,
    a_task_that_is_written_wrong_has_a_place,
    a_value_that_cannot_be_is_refused_before_any_server_is_asked, a_task_file_that_is_not_there_is_named,
]

if __name__ == "__main__":
    if "KT_PG" not in os.environ:
        sys.exit(subprocess.call([WITH_POSTGRES, sys.executable, os.path.abspath(__file__)]))
    tap.run(CLAIMS)
