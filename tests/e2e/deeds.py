#!/usr/bin/env python3
"""`kubeglean job` and `kubeglean cronjob`: what they say, and what they leave."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from cluster import Scene, ask, kubeglean, wait_until  # noqa: E402

JOB = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: NAME
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
      - name: main
        image: busybox:1.35
"""
CRONJOB = """\
apiVersion: batch/v1
kind: CronJob
metadata: {name: krr}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    metadata: {labels: {from: template}}
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: main, image: "busybox:1.35"}
"""


def wait_for(holds, value):
    def it_is_so():
        return holds(value())
    wait_until(it_is_so)


class Cluster(Scene):
    """A simulated cluster whose home is the namespace team-a."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        super().__enter__()
        self.port = self.kube_sim("--namespace", "team-a", "--namespace", "team-b", *self.options)
        self.config = self.kubeconfig(f"http://127.0.0.1:{self.port}", namespace="team-a")
        return self

    def do(self, *args, stdin="", code=0):
        """What it writes to stdout and stderr."""
        got, out, err = kubeglean(*args, "--kubeconfig", self.config, stdin=stdin)
        assert got == code, (args, got, out, err)
        return out, err

    def manifest(self, *names):
        return self.write("jobs.yaml", "---\n".join(JOB.replace("NAME", name) for name in names))

    def cronjob(self, **changes):
        text = CRONJOB
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        return self.write("cronjob.yaml", text)

    def names(self, resource="jobs", group="batch/v1", ns="team-a"):
        items = ask(self.port, "GET", f"/apis/{group}/namespaces/{ns}/{resource}")["items"]
        return sorted(item["metadata"]["name"] for item in items)

    def get(self, path):
        return ask(self.port, "GET", f"/apis/batch/{path}")


def jobs_are_created_applied_and_deleted():
    with Cluster() as cluster:
        file = cluster.manifest("one", "two")
        assert cluster.do("job", "create", "-f", file)[0] == "job.batch/one created\njob.batch/two created\n"
        assert cluster.names() == ["one", "two"]
        assert cluster.do("job", "apply", "-f", file, "-n", "team-b")[0] == \
            "job.batch/one serverside-applied\njob.batch/two serverside-applied\n"
        assert cluster.names(ns="team-b") == ["one", "two"]
        assert cluster.do("job", "delete", "one")[0] == 'job.batch "one" deleted\n'
        assert cluster.do("job", "delete", "-f", file, "--ignore-not-found")[0] == 'job.batch "two" deleted\n'
        assert cluster.names() == []


def a_dry_run_leaves_nothing():
    with Cluster() as cluster:
        file = cluster.manifest("one")
        for verb, deed in (("create", "created"), ("apply", "serverside-applied")):
            out, _ = cluster.do("job", verb, "-f", file, "--dry-run=server")
            assert out == f"job.batch/one {deed} (server dry run)\n", out
        assert cluster.names() == []
        cluster.do("job", "create", "-f", file)
        out, _ = cluster.do("job", "delete", "one", "--dry-run=server")
        assert out == 'job.batch "one" deleted (server dry run)\n', out
        assert cluster.names() == ["one"]


def objects_are_printed_as_the_server_has_them():
    with Cluster() as cluster:
        file = cluster.manifest("one", "two")
        out, _ = cluster.do("job", "create", "-f", file, "-o", "name")
        assert out == "job.batch/one\njob.batch/two\n", out
        out, _ = cluster.do("job", "apply", "-f", cluster.manifest("one"), "-o", "json")
        job = json.loads(out)
        assert job["metadata"]["uid"] and job["spec"]["backoffLimit"] == 6, job
        assert "managedFields" not in job["metadata"], job
        out, _ = cluster.do("job", "apply", "-f", file, "-o", "yaml")
        assert out.count("\n---\n") == 1 or out.count("---\n") == 0, out
        # What was printed is a manifest again: YAML that reads as what it was.
        cluster.do("job", "delete", "one")
        text = cluster.do("job", "create", "-f", "-", "-o", "yaml", stdin=JOB.replace("NAME", "one"))[0]
        again = "\n".join(line for line in text.splitlines() if "uid" not in line and "resourceVersion" not in line)
        out, err = cluster.do("job", "delete", "-f", "-", stdin=again)
        assert out == 'job.batch "one" deleted\n', (out, err)


def a_manifest_may_leave_the_name_to_the_server():
    with Cluster() as cluster:
        text = JOB.replace("  name: NAME", "  generateName: made-")
        out, _ = cluster.do("job", "create", "-f", "-", stdin=text)
        assert out == f"job.batch/{cluster.names()[0]} created\n", out
        _, err = cluster.do("job", "apply", "-f", "-", stdin=text, code=2)
        assert "standard input:4:3: metadata.name is missing" in err, err
        _, err = cluster.do("job", "create", "-f", "-", stdin=text.replace("Never", "Always"), code=1)
        assert "standard input:1:1: job.batch/made-: POST " in err, err


def what_is_wrong_has_its_place_and_stops_nothing_else():
    with Cluster() as cluster:
        bad = JOB.replace("NAME", "bad").replace("Never", "Always")
        file = cluster.write("three.yaml", "---\n".join((JOB.replace("NAME", "one"), bad, JOB.replace("NAME", "two"))))
        out, err = cluster.do("job", "create", "-f", file, code=1)
        assert out == "job.batch/one created\njob.batch/two created\n", out
        assert f"{file}:13:1: job.batch/bad: POST 127.0.0.1:{cluster.port}/apis/batch/v1/namespaces/team-a/jobs: " \
            "HTTP 422 Invalid: " in err, err
        assert f"{file}:20:22: spec.template.spec.restartPolicy: " in err, err


def a_field_that_the_server_does_not_know_is_named_with_its_place():
    with Cluster() as cluster:
        file = cluster.write("jobs.yaml", JOB.replace("NAME", "one").replace("image:", "imagex:"))
        _, err = cluster.do("job", "create", "-f", file, code=1)
        assert f"{file}:11:17: job.batch/one: " in err and "HTTP 400 BadRequest" in err, err
        _, err = cluster.do("job", "apply", "-f", file, code=1)
        assert f"{file}:11:17: job.batch/one: " in err, err
        assert "imagex: field not declared in schema" in err, err
        file = cluster.write("jobs.yaml", JOB.replace("name: NAME", "name: one\n  labels: {a: yes}"))
        _, err = cluster.do("job", "apply", "-f", file, code=1)
        assert f"{file}:5:11: job.batch/one: " in err and "expected string, got" in err, err
        assert cluster.names() == []


def wrong_manifests_and_usage_send_nothing():
    with Cluster() as cluster:
        good = cluster.manifest("one")
        wrong = {"kind: Job": "kind: Pod", "name: NAME": "name: A_b", "batch/v1": "batch/v7"}
        for old, new in wrong.items():
            file = cluster.write("wrong.yaml", JOB.replace(old, new))
            _, err = cluster.do("job", "create", "-f", good, "-f", file, code=2)
            assert f"{file}:" in err, err
        for args in (("job",), ("job", "create"), ("job", "create", "one"), ("job", "delete"), ("job", "trigger", "x"),
                     ("job", "delete", "A_b"), ("job", "delete", "one", "-o", "yaml"),
                     ("job", "delete", "a", "b", "--uid", "1"), ("job", "apply", "-f", good, "--uid", "1"),
                     ("job", "create", "-f", good, "--force-conflicts"), ("job", "create", "-f", good, "-n", "../x"),
                     ("job", "create", "-f", "/nowhere/job.yaml"), ("job", "create", "-f", "-", "-f", "-"),
                     ("cronjob", "create", "-f", good), ("cronjob", "trigger", "krr", "--name", "A")):
            _, err = cluster.do(*args, code=2)
            assert err.startswith("kubeglean "), err
        assert cluster.names() == []
        asked = ask(cluster.port, "GET", "/sim/stats")["requests"]
        assert set(asked) == {"list jobs"}, asked


def k14_a_name_that_is_taken_is_told_with_a_cure():
    with Cluster() as cluster:
        file = cluster.manifest("one")
        cluster.do("job", "create", "-f", file)
        _, err = cluster.do("job", "create", "-f", file, code=1)
        assert 'HTTP 409 AlreadyExists: jobs.batch "one" already exists' in err, err
        assert "delete it first, or choose another name" in err, err


def k10_a_uid_keeps_another_of_the_name_from_being_deleted():
    with Cluster() as cluster:
        cluster.do("job", "create", "-f", cluster.manifest("one"))
        _, err = cluster.do("job", "delete", "one", "--uid", "00000000-0000-0000-0000-000000000000", code=1)
        assert "HTTP 409 Conflict" in err and "UID" in err, err
        uid = cluster.get("v1/namespaces/team-a/jobs/one")["metadata"]["uid"]
        assert cluster.do("job", "delete", "one", "--uid", uid)[0] == 'job.batch "one" deleted\n'


def a_deletion_goes_as_far_as_it_was_told():
    with Cluster("--run-ms", "60000", "--pending-ms", "10") as cluster:
        def pods():
            return len(ask(cluster.port, "GET", "/api/v1/namespaces/team-a/pods")["items"])
        for cascade in ("orphan", "background", "foreground"):
            cluster.do("job", "create", "-f", cluster.manifest(cascade))
            wait_for(lambda n: n > 0, pods)
            cluster.do("job", "delete", cascade, "--cascade", cascade)
            wait_for(lambda names: cascade not in names, cluster.names)
            if cascade == "orphan":
                assert pods() == 1
                name = ask(cluster.port, "GET", "/api/v1/namespaces/team-a/pods")["items"][0]["metadata"]["name"]
                ask(cluster.port, "DELETE", f"/api/v1/namespaces/team-a/pods/{name}?gracePeriodSeconds=0")
            wait_for(lambda n: n == 0, pods)


def k14_a_conflict_names_the_manager_and_can_be_forced():
    with Cluster() as cluster:
        cluster.do("cronjob", "apply", "-f", cluster.cronjob(), "--field-manager", "gitops")
        file = cluster.cronjob(**{"0 3": "30 4"})
        out, err = cluster.do("cronjob", "apply", "-f", file, code=1)
        assert out == "" and "HTTP 409 Conflict" in err, (out, err)
        assert f'{file}:5:13: .spec.schedule: conflict with "gitops"' in err, err
        assert "--force-conflicts" in err, err
        cluster.do("cronjob", "apply", "-f", file, "--force-conflicts")
        assert cluster.get("v1/namespaces/team-a/cronjobs/krr")["spec"]["schedule"] == "30 4 * * *"


def a_cronjob_is_run_now_as_kubectl_does():
    with Cluster() as cluster:
        cluster.do("cronjob", "create", "-f", cluster.cronjob())
        cronjob = cluster.get("v1/namespaces/team-a/cronjobs/krr")
        out, _ = cluster.do("cronjob", "trigger", "krr")
        name = cluster.names()[0]
        assert out == f"job.batch/{name} created\n" and name.startswith("krr-manual-"), out
        out, _ = cluster.do("cronjob", "trigger", "krr", "--name", "mine")
        assert out == "job.batch/mine created\n", out
        job = cluster.get("v1/namespaces/team-a/jobs/mine")
        owner = job["metadata"]["ownerReferences"][0]
        assert (owner["kind"], owner["uid"], owner["controller"]) == ("CronJob", cronjob["metadata"]["uid"], True)
        assert job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual", job
        assert job["metadata"]["labels"]["from"] == "template", job
        _, err = cluster.do("cronjob", "trigger", "nope", code=1)
        assert 'HTTP 404 NotFound: cronjobs.batch "nope" not found' in err, err


def a_cronjob_is_suspended_and_resumed():
    with Cluster() as cluster:
        cluster.do("cronjob", "create", "-f", cluster.cronjob())
        for verb, deed, suspended in (("suspend", "suspended", True), ("resume", "resumed", False)):
            assert cluster.do("cronjob", verb, "krr")[0] == f"cronjob.batch/krr {deed}\n"
            assert cluster.get("v1/namespaces/team-a/cronjobs/krr")["spec"]["suspend"] is suspended
        cluster.do("job", "create", "-f", cluster.manifest("one"))
        assert cluster.do("job", "suspend", "one")[0] == "job.batch/one suspended\n"
        assert cluster.do("job", "resume", "one", "-o", "name")[0] == "job.batch/one\n"


def k15_one_manifest_works_on_old_servers_and_new_ones():
    for imitated, has, other in (("1.20", "batch/v1beta1", "batch/v1"), ("0.36", "batch/v1", "batch/v1beta1")):
        with Cluster("--imitate", imitated) as cluster:
            for written in (has, other):
                file = cluster.cronjob(**{"batch/v1": written})
                out, err = cluster.do("cronjob", "apply", "-f", file)
                assert out == "cronjob.batch/krr serverside-applied\n", out
                told = f"{file}:1:13: sent as {has}, which is what this server (v1."
                assert (told in err) == (written != has), (written, err)
            for args in (("trigger", "krr"), ("suspend", "krr"), ("resume", "krr"), ("delete", "krr")):
                cluster.do("cronjob", *args)
            assert cluster.names("cronjobs", has) == []


def a_field_of_newer_servers_is_told_with_its_place_by_an_old_one():
    with Cluster("--imitate", "1.20") as cluster:
        file = cluster.cronjob(**{"spec:\n  schedule": "spec:\n  timeZone: Europe/Berlin\n  schedule"})
        _, err = cluster.do("cronjob", "apply", "-f", file, code=1)
        assert f"{file}:5:13: cronjob.batch/krr: " in err and ".spec.timeZone" in err, err
        _, err = cluster.do("cronjob", "create", "-f", file)
        assert f"{file}:5:13: timeZone: this server does not know it, and left it out" in err, err


def k4_a_busy_server_is_asked_again_when_it_said():
    with Cluster() as cluster:
        for verb in ("create", "delete"):
            ask(cluster.port, "POST", "/sim/faults", [{"verb": verb, "status": 429, "retryAfter": 1},
                                                      {"verb": verb, "status": 429}])
        assert cluster.do("job", "create", "-f", cluster.manifest("one"))[0] == "job.batch/one created\n"
        assert cluster.do("job", "delete", "one")[0] == 'job.batch "one" deleted\n'


def a_right_that_is_missing_is_named():
    with Cluster() as cluster:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
                "message": 'jobs.batch is forbidden: User "u" cannot create resource "jobs" in API group "batch" in '
                           'the namespace "team-a"'}
        ask(cluster.port, "POST", "/sim/faults", {"verb": "create", "status": 403, "body": json.dumps(body)})
        _, err = cluster.do("job", "create", "-f", cluster.manifest("one"), code=1)
        assert "missing right to create jobs.batch in namespace team-a" in err, err


if __name__ == "__main__":
    tap.run([jobs_are_created_applied_and_deleted, a_dry_run_leaves_nothing,
             objects_are_printed_as_the_server_has_them, a_manifest_may_leave_the_name_to_the_server,
             what_is_wrong_has_its_place_and_stops_nothing_else,
             a_field_that_the_server_does_not_know_is_named_with_its_place, wrong_manifests_and_usage_send_nothing,
             k14_a_name_that_is_taken_is_told_with_a_cure, k10_a_uid_keeps_another_of_the_name_from_being_deleted,
             a_deletion_goes_as_far_as_it_was_told, k14_a_conflict_names_the_manager_and_can_be_forced,
             a_cronjob_is_run_now_as_kubectl_does, a_cronjob_is_suspended_and_resumed,
             k15_one_manifest_works_on_old_servers_and_new_ones,
             a_field_of_newer_servers_is_told_with_its_place_by_an_old_one,
             k4_a_busy_server_is_asked_again_when_it_said, a_right_that_is_missing_is_named])
