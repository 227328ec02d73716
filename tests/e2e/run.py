#!/usr/bin/env python3
"""`kubeglean run` by its options, and what it leaves in the cluster."""
import csv
import io
import json
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from cluster import PROGRAM, Scene, ask, kubeglean, wait_until  # noqa: E402

ROWS = 3


def task(name="krr", namespaces=("team-a", "team-b"), **notes):
    notes = {"log-krr-rows": str(ROWS), **{key.replace("_", "-"): value for key, value in notes.items()}}
    return {"apiVersion": "kubeglean.io/v1", "kind": "Task", "metadata": {"name": name},
            "spec": {"profile": "krr", "namespaces": list(namespaces), "timeoutSeconds": 60,
                     "job": {"template": {
                         "metadata": {"annotations": {f"sim/{key}": value for key, value in notes.items()}},
                         "spec": {"containers": [{"name": "krr", "image": "krr:1"}]}}}}}


class Cluster(Scene):
    """A simulated cluster with team-a and team-b, and a way to run there."""

    def __enter__(self):
        super().__enter__()
        self.port = self.kube_sim("--run-ms", "200", "--pending-ms", "20", "--namespace", "team-a",
                                  "--namespace", "team-b")
        self.config = self.kubeconfig(f"http://127.0.0.1:{self.port}")
        return self

    def run_file(self, *args, **notes):
        file = self.write("task.yaml", json.dumps(task(**notes)))
        return kubeglean("run", "-f", file, "--kubeconfig", self.config, *args)

    def jobs(self):
        return sorted(f"{job['metadata']['namespace']}/{job['metadata']['name']}"
                      for job in ask(self.port, "GET", "/apis/batch/v1/jobs")["items"])


def a_namespace_takes_the_place_of_the_files():
    with Cluster() as cluster:
        code, out, err = cluster.run_file("-n", "team-b", "-o", "csv")
        assert code == 0, (code, err)
        rows = list(csv.DictReader(io.StringIO(out)))
        assert [row["namespace"] for row in rows] == ["team-b"] * ROWS, out
        assert cluster.jobs() == []


def a_kept_job_has_the_name_that_was_asked_for_and_bars_the_next():
    with Cluster() as cluster:
        code, _, err = cluster.run_file("--name", "krr.v1", "--keep")
        assert code == 0, err
        assert cluster.jobs() == ["team-a/krr.v1", "team-b/krr.v1"]
        code, out, err = cluster.run_file("--name", "krr.v1", "-n", "team-a")
        assert code == 1 and out == "", (code, out)
        assert "team-a/krr.v1" in err and "choose another name" in err, err
        assert len(cluster.jobs()) == 2


def one_name_is_not_for_two_tasks():
    with Cluster() as cluster:
        file = cluster.write("two.yaml", "\n---\n".join(json.dumps(task(name)) for name in ("krr", "krr-2")))
        code, _, err = kubeglean("run", "-f", file, "--name", "one", "--kubeconfig", cluster.config)
        assert code == 2 and "has 2 Tasks" in err, (code, err)
        assert cluster.jobs() == []


def an_interrupt_names_a_job_that_may_be_made():
    with Cluster() as cluster:
        ask(cluster.port, "POST", "/sim/faults", {"verb": "create", "do": "stall"})
        file = cluster.write("task.yaml", json.dumps(task()))
        process = cluster.start(PROGRAM, "run", "-f", file, "-n", "team-a", "--name", "made", "--kubeconfig",
                                cluster.config)
        log = cluster.path(f"process-{len(cluster.processes) - 1}.log")

        def it_is_being_made():
            with open(log, encoding="utf-8") as text:
                return "state=creating" in text.read()
        wait_until(it_is_being_made)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        with open(log, encoding="utf-8") as text:
            assert "Job team-a/made may be left: kubectl -n team-a delete job made" in text.read()


def k4_a_busy_server_is_asked_again_when_it_said():
    with Cluster() as cluster:
        ask(cluster.port, "POST", "/sim/faults", [
            {"path": "/version", "status": 429},
            {"path": "/apis/batch/v1", "status": 503, "retryAfter": 1},
            {"verb": "create", "status": 429}, {"verb": "watch", "status": 429}, {"verb": "delete", "status": 429}])
        code, _, err = cluster.run_file("-n", "team-a")
        assert code == 0, err
        assert cluster.jobs() == []
        assert ask(cluster.port, "GET", "/sim/stats")["faultsMet"] == 5


def k10_a_job_that_its_ttl_takes_at_once_is_read_or_said_to_be_gone():
    with Cluster() as cluster:
        brief = task()
        brief["spec"]["job"]["ttlSecondsAfterFinished"] = 0
        file = cluster.write("task.json", json.dumps(brief))
        code, out, err = kubeglean("run", "-f", file, "-n", "team-a", "--kubeconfig", cluster.config)
        if code == 0:
            assert len(out.splitlines()) == ROWS, (out, err)
        else:
            assert code == 4 and out == "" and "reason=job_deleted" in err, (code, out, err)
        assert cluster.jobs() == []


if __name__ == "__main__":
    tap.run([a_namespace_takes_the_place_of_the_files,
             a_kept_job_has_the_name_that_was_asked_for_and_bars_the_next, one_name_is_not_for_two_tasks,
             k10_a_job_that_its_ttl_takes_at_once_is_read_or_said_to_be_gone,
             k4_a_busy_server_is_asked_again_when_it_said, an_interrupt_names_a_job_that_may_be_made])
