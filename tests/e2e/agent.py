#!/usr/bin/env python3
"""The agent on a simulated cluster: many namespaces, CronJobs, stops, kills, and
quiet when there is nothing to do.

KT_AGENT_KILLS=20 kills it that often (default 5), KT_AGENT_IDLE=300 watches it
idle so many seconds (default 15)."""
import base64
import json
import os
import pty
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import tap  # noqa: E402
from cluster import PROGRAM, Scene, ask, count, endpoint, free_port, kubeglean, sql, wait_until  # noqa: E402

WITH_POSTGRES = os.path.join(HERE, "..", "lib", "with-postgres")
KILLS = int(os.environ.get("KT_AGENT_KILLS", "5"))
IDLE = int(os.environ.get("KT_AGENT_IDLE", "15"))
NAMESPACES = ["team-a", "team-b", "team-c"]
ROWS = 20

# As krr's, but each report adds its rows: what is stored twice is there twice.
HISTORY = {"apiVersion": "kubeglean.io/v1", "kind": "Profile", "metadata": {"name": "history"},
           "spec": {"root": "object", "match": ["$.scans"], "rows": "$.scans[*]", "table": "history",
                    "mode": "append", "columns": [
                        {"name": "job", "type": "text", "run": "job"},
                        {"name": "name", "type": "text", "path": "@.object.name"}]}}


def task(name, notes=None, profile="krr", **spec):
    notes = {"log-krr-rows": str(ROWS), "run-seconds": "1", **(notes or {})}
    job = spec.pop("job", {})
    return {"apiVersion": "kubeglean.io/v1", "kind": "Task", "metadata": {"name": name},
            "spec": {"profile": profile, "namespaces": NAMESPACES, "timeoutSeconds": 120,
                     "job": {**job, "template": {
                         "metadata": {"annotations": {f"sim/{key}": value for key, value in notes.items()}},
                         "spec": {"containers": [{"name": "krr", "image": "krr:1"}]}}},
                     **spec}}


class Agent:
    """A cluster, a configuration, and an agent that can be started anew."""

    def __init__(self, scene, *tasks, sim=()):
        self.scene = scene
        self.sim = scene.kube_sim("--pending-ms", "50", *sim, *(f"--namespace={ns}" for ns in NAMESPACES))
        self.kubeconfig = scene.kubeconfig(f"http://127.0.0.1:{self.sim}")
        self.port = free_port()
        names = [scene.write(f"task-{i}.yaml", json.dumps(t)) for i, t in enumerate(tasks)]
        self.config = scene.write("config.yaml", json.dumps({
            "apiVersion": "kubeglean.io/v1", "kind": "Config", "metadata": {"name": "agent"},
            "spec": {"database": {"url": os.environ["KT_PG"]}, "tasks": names,
                     "listen": f"127.0.0.1:{self.port}"}}))
        sql("DROP TABLE IF EXISTS scan_history, history, kubeglean_runs, kubeglean_rejects, kubeglean_scopes CASCADE")
        self.process = None

    def start(self, ready=True, options=()):
        self.process = self.scene.start(PROGRAM, "agent", "-c", self.config, "--kubeconfig", self.kubeconfig,
                                        *options)
        if ready:
            self.wait("is_ready")
        return self

    def wait(self, what, seconds=30):
        try:
            return wait_until(getattr(self, what), seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-3000:]}") from error

    def log(self):
        with open(self.scene.path(f"process-{len(self.scene.processes) - 1}.log"), encoding="utf-8") as file:
            return file.read()

    def get(self, path, method="GET"):
        return endpoint(self.port, path, method)

    def is_ready(self):
        assert self.process.poll() is None, self.log()[-3000:]
        return self.get("/readyz")[0] == 200

    def run(self, name):
        return self.get(f"/api/v1/tasks/{name}/run", "POST")

    def jobs(self):
        return ask(self.sim, "GET", "/apis/batch/v1/jobs")["items"]

    def no_job_is_left(self):
        return not self.jobs()

    def metric(self, name):
        text = self.get("/metrics")[1]
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(40)


# --- what it does ------------------------------------------------------------------

def a_task_runs_in_each_namespace_and_its_rows_arrive():
    with Scene() as scene:
        agent = Agent(scene, task("krr")).start()
        status, text = agent.run("krr")
        assert status == 202, text
        runs = json.loads(text)["runs"]
        assert sorted(run["namespace"] for run in runs) == NAMESPACES, runs
        assert agent.run("krr")[0] == 409
        assert agent.run("nonsense")[0] == 404
        agent.wait("no_job_is_left")
        assert sql("SELECT namespace, count(*) FROM scan_history GROUP BY 1 ORDER BY 1") == \
            [[ns, str(ROWS)] for ns in NAMESPACES]
        assert {row[0] for row in sql("SELECT job_uid FROM kubeglean_runs WHERE outcome = 'complete'")} == \
            {run["uid"] for run in runs}
        assert sql("SELECT DISTINCT node, bytes > 0, started_at < finished_at FROM kubeglean_runs") == \
            [["sim-node", "t", "t"]]
        assert agent.metric('kubeglean_runs_total{profile="krr",outcome="complete"}') == 3
        assert agent.metric('kubeglean_rows_total{profile="krr",result="inserted"}') == 3 * ROWS
        assert agent.metric("kubeglean_jobs_cached") == 0
        assert agent.stop() == 0, agent.log()


def more_streams_than_files_may_be_open_are_refused():
    with Scene() as scene:
        agent = Agent(scene, task("krr"))
        with open(agent.config, encoding="utf-8") as file:
            config = json.load(file)
        config["spec"]["limits"] = {"logStreams": 1000}
        scene.write("config.yaml", json.dumps(config))
        done = subprocess.run([PROGRAM, "agent", "-c", agent.config, "--kubeconfig", agent.kubeconfig],
                              capture_output=True, text=True, timeout=30, check=False,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (900, 900)))
        assert done.returncode == 2 and "limits.logStreams" in done.stderr, done


def a_second_report_takes_the_place_of_the_first():
    with Scene() as scene:
        agent = Agent(scene, task("krr"))
        args = ("run", "-f", scene.path("task-0.yaml"), "--kubeconfig", agent.kubeconfig, "--database",
                os.environ["KT_PG"])
        for _ in range(2):
            code, _, err = kubeglean(*args)
            assert code == 0, err
        assert count("SELECT count(*) FROM scan_history") == 3 * ROWS
        assert count("SELECT count(*) FROM kubeglean_runs WHERE outcome = 'complete'") == 6
        assert count("SELECT count(DISTINCT scanned_at) FROM scan_history") <= 3
        assert agent.no_job_is_left()


def a_kubeconfig_is_taken_from_standard_input():
    with Scene() as scene:
        agent = Agent(scene, task("krr", namespaces=["team-a"]))
        with open(agent.kubeconfig, encoding="utf-8") as file:
            code, out, err = kubeglean("run", "-f", scene.path("task-0.yaml"), "--kubeconfig", "-", "-o", "csv",
                                       stdin=file.read())
        assert code == 0, err
        assert len(out.splitlines()) == ROWS + 1, out


def on_a_terminal():
    """Runs a Job there: what the terminal saw."""
    with Scene() as scene:
        agent = Agent(scene, task("krr", namespaces=["team-a"]))
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(PROGRAM, [PROGRAM, "run", "-f", scene.path("task-0.yaml"), "--kubeconfig", agent.kubeconfig,
                               "-o", "csv"])
        seen = b""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        os.close(terminal)
        assert os.waitpid(pid, 0)[1] == 0, seen
        return seen.decode()


def progress_on_a_terminal_steps_aside_for_lines():
    seen = on_a_terminal()
    assert re.search(rf"\r\x1b\[K0:0\d  \S+  jobs 1  .* rows {ROWS}  ", seen), seen
    for line in seen.replace("\r\n", "\n").split("\n"):
        told = line.split("\r\x1b[K")[-1]
        assert not told or re.match(r"time=|cluster,|[a-z]+,team-a,|0:0\d  ", told), line


def a_broken_log_goes_on_where_it_was():
    with Scene() as scene:
        agent = Agent(scene, task("krr", {"log-krr-rows": "2000", "run-seconds": "4"}, profile="./p.yaml"))
        scene.write("p.yaml", json.dumps(HISTORY))
        agent.start()
        assert agent.run("krr")[0] == 202
        for _ in range(3):
            time.sleep(1)
            for do in "close", "reset":
                ask(agent.sim, "POST", "/sim/break", {"path": "/api/v1/namespaces/team-a/pods/krr", "do": do})
        agent.wait("no_job_is_left", 60)
        assert count("SELECT count(*) FROM history") == 3 * 2000
        assert count("SELECT count(*) FROM kubeglean_runs WHERE outcome = 'complete'") == 3


def the_second_attempt_of_a_job_is_gleaned():
    with Scene() as scene:
        agent = Agent(scene, task("krr", {"exit-code": "1,0", "backoff-seconds": "1", "log-krr-rows": "0",
                                          "log-text": "no report"}, namespaces=["team-a"],
                                  job={"backoffLimit": 2})).start()
        assert agent.run("krr")[0] == 202

        def is_over():
            return count("SELECT count(*) FROM kubeglean_runs WHERE outcome <> 'running'") == 2
        wait_until(is_over)
        assert sorted(row[0] for row in sql("SELECT outcome FROM kubeglean_runs")) == ["empty", "failed"]


# --- cases of the field (tests/unit/hard.c has those of the text) --------------------

def settled_as(want, report, **notes):
    """Of one run that wrote `report`: outcome, reason, documents, rows in the table."""
    notes = {"log-krr-rows": "0", "log-bytes": base64.b64encode(report.encode()).decode(), **notes}
    with Scene() as scene:
        agent = Agent(scene, task("krr", notes, namespaces=["team-a"], job={"backoffLimit": 0})).start()
        assert agent.run("krr")[0] == 202

        def is_over():
            return count("SELECT count(*) FROM kubeglean_runs WHERE outcome <> 'running'") == 1
        wait_until(is_over)
        got = sql("SELECT outcome, reason, documents, (SELECT count(*) FROM scan_history) FROM kubeglean_runs")
        assert got == [want], (got, agent.log()[-3000:])


def krr(n_scans):
    scans = [{"object": {"cluster": "c1", "namespace": "a", "kind": "Job", "name": f"n{i}", "container": "c",
                         "pods": []}, "severity": "OK"} for i in range(n_scans)]
    return "INFO Calculated\n" + json.dumps({"scans": scans, "score": 70}, indent=2) + "\n"


def t11_a_report_of_a_program_that_fails_is_stored():
    settled_as(["complete", "", "1", "3"], krr(3), **{"exit-code": "1"})


def t12_a_program_without_a_report_is_empty_and_one_without_rows_complete():
    settled_as(["empty", "", "0", "0"], "INFO No objects available to scan\n")
    settled_as(["complete", "", "1", "0"], krr(0))


def t15_a_report_of_a_container_killed_half_way_is_incomplete_and_stores_nothing():
    whole = krr(40)
    settled_as(["incomplete", "cut", "0", "0"], whole[:len(whole) // 2],
               **{"exit-code": "137", "reason": "OOMKilled"})


def a_report_may_name_its_cluster_behind_any_number_of_rows():
    issues = {f"team-a/p{i}": [{"group": "__root__", "level": 2, "message": "[POP-106] No limits"}]
              for i in range(30000)}
    report = {"popeye": {"score": 70, "sections": [{"linter": "pods", "issues": issues}]},
              "ClusterName": "k1", "ContextName": "admin@k1"}
    with Scene() as scene:
        scene.write("popeye.json", json.dumps(report) + "\n")
        agent = Agent(scene, task("popeye", {"log-krr-rows": "0", "log-file": "popeye.json"}, profile="popeye",
                                  namespaces=["team-a"]), sim=("--log-dir", scene.path("")))
        sql("DROP TABLE IF EXISTS popeye_issues")
        agent.start()
        assert agent.run("popeye")[0] == 202
        agent.wait("no_job_is_left", 60)
        assert sql("SELECT outcome, reason, rows, scope FROM kubeglean_runs") == \
            [["complete", "", "30000", '["k1"]']]
        assert sql("SELECT cluster, context, count(*), count(DISTINCT resource) FROM popeye_issues GROUP BY 1, 2") \
            == [["k1", "admin@k1", "30000", "30000"]]


def cronjob_of(version):
    with Scene() as scene:
        agent = Agent(scene, task("krr", runAs="cronjob", schedule="*/5 * * * *"),
                      sim=("--cronjobs", version))
        crons = f"/apis/batch/{version}/namespaces/team-a/cronjobs"
        ask(agent.sim, "POST", crons, {"apiVersion": f"batch/{version}", "kind": "CronJob",
                                       "metadata": {"name": "krr"}, "spec": {
                                           "schedule": "* 1 * * *", "jobTemplate": {"spec": {"template": {
                                               "spec": {"restartPolicy": "Never", "containers": [
                                                   {"name": "krr", "image": "krr:1"}]}}}}}})
        agent.start()
        made = ask(agent.sim, "GET", f"/apis/batch/{version}/cronjobs")["items"]
        assert sorted(cron["metadata"]["namespace"] for cron in made) == NAMESPACES, agent.log()
        ours = [cron["spec"] for cron in made if cron["metadata"]["namespace"] != "team-a"]
        for spec in ours:
            assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (1, 3), spec
        # The CronJob controller fires: a Job that is known by its owner alone.
        cron = next(cron for cron in made if cron["metadata"]["namespace"] == "team-b")
        template = cron["spec"]["jobTemplate"]
        ask(agent.sim, "POST", "/apis/batch/v1/namespaces/team-b/jobs", {
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "krr-28000000", "ownerReferences": [{
                "apiVersion": f"batch/{version}", "kind": "CronJob", "name": "krr", "controller": True,
                "uid": cron["metadata"]["uid"]}]},
            "spec": template["spec"]})

        def the_rows_are_there():
            return count("SELECT count(*) FROM scan_history") == ROWS
        agent.wait("is_ready")
        try:
            wait_until(the_rows_are_there)
        except (AssertionError, subprocess.CalledProcessError) as error:
            raise AssertionError(agent.log()[-3000:]) from error


def a_cronjob_of_batch_v1_is_applied_and_its_jobs_are_gleaned():
    cronjob_of("v1")


def a_cronjob_of_batch_v1beta1_is_applied_and_its_jobs_are_gleaned():
    cronjob_of("v1beta1")


def a_cronjob_that_is_run_by_hand_makes_its_own_job():
    with Scene() as scene:
        agent = Agent(scene, task("krr", runAs="cronjob", schedule="0 3 * * *", retention={"complete": "keep"}),
                      sim=("--cronjobs", "v1beta1")).start()
        crons = {cron["metadata"]["namespace"]: cron["metadata"]["uid"]
                 for cron in ask(agent.sim, "GET", "/apis/batch/v1beta1/cronjobs")["items"]}
        code, answer = agent.run("krr")
        assert code == 202, (code, answer)

        def the_rows_are_there():
            return count("SELECT count(*) FROM scan_history") == ROWS * len(NAMESPACES)
        wait_until(the_rows_are_there)
        for job in agent.jobs():
            metadata = job["metadata"]
            assert metadata["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual", metadata
            assert [owner["uid"] for owner in metadata["ownerReferences"]] == [crons.pop(metadata["namespace"])]
        assert crons == {}, crons
        # Without its CronJob there is none to make, and that is told.
        ask(agent.sim, "DELETE", "/apis/batch/v1beta1/namespaces/team-a/cronjobs/krr")
        agent.run("krr")

        def that_is_told():
            return 'cronjobs.batch \\"krr\\" not found' in agent.log()
        wait_until(that_is_told)


# --- when it stops, or dies ---------------------------------------------------------

def what_runs_at_a_stop_is_taken_up_by_the_next_agent():
    with Scene() as scene:
        agent = Agent(scene, task("krr", {"run-seconds": "3"}, profile="./p.yaml"))
        scene.write("p.yaml", json.dumps(HISTORY))
        agent.start()
        assert agent.run("krr")[0] == 202
        time.sleep(1)
        assert agent.stop() == 0, agent.log()
        assert len(agent.jobs()) == 3
        agent.start()
        agent.wait("no_job_is_left")
        assert count("SELECT count(*) FROM history") == 3 * ROWS
        assert count("SELECT count(*) FROM kubeglean_runs") == 3


def postgres(do):
    subprocess.run([WITH_POSTGRES, "--ctl", do], check=True, capture_output=True)


def without_its_database_it_waits_and_loses_nothing():
    with Scene() as scene:
        agent = Agent(scene, task("krr"))
        postgres("kill")
        try:
            agent.start(ready=False)

            def it_listens():
                return agent.get("/livez")[0] == 200
            wait_until(it_listens)
            assert agent.get("/readyz")[0] == 503 and agent.run("krr")[0] == 503
        finally:
            postgres("start")
        agent.wait("is_ready")
        assert agent.run("krr")[0] == 202
        time.sleep(0.5)
        postgres("kill")
        try:
            time.sleep(2)
            assert len(agent.jobs()) == 3, "deleted before the COMMIT"
        finally:
            postgres("start")
        agent.wait("no_job_is_left")
        assert count("SELECT count(*) FROM scan_history") == 3 * ROWS


def without_grace_it_leaves_at_once_and_as_it_was_told():
    with Scene() as scene:
        agent = Agent(scene, task("krr", {"run-seconds": "3"}))
        agent.start(options=("--grace", "0"))
        assert agent.run("krr")[0] == 202
        assert agent.stop() == 0, agent.log()
        assert "the rest is left to the next agent" in agent.log()
        assert "interrupted" not in agent.log() and len(agent.jobs()) == 3


SLEEP = """CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
           'BEGIN PERFORM pg_sleep(60); RETURN NULL; END';
           CREATE TRIGGER sleep BEFORE INSERT ON scan_history FOR EACH STATEMENT EXECUTE FUNCTION sleep()"""
ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"


def a_statement_that_hangs_is_given_up_within_the_grace():
    with Scene() as scene:
        agent = Agent(scene, task("krr")).start(options=("--grace", "6s"))
        wait_until(lambda: count("SELECT count(*) FROM pg_class WHERE relname = 'scan_history'") == 1)
        sql(SLEEP)
        try:
            assert agent.run("krr")[0] == 202
            wait_until(lambda: count(ASLEEP) > 0)
            began = time.monotonic()
            assert agent.stop() == 1, agent.log()
            assert time.monotonic() - began < 6, agent.log()
            assert "the grace is over" in agent.log()
            wait_until(lambda: count(ASLEEP) == 0)
            assert count("SELECT count(*) FROM scan_history") == 0 and len(agent.jobs()) == 3
            assert sql("SELECT DISTINCT outcome, documents FROM kubeglean_runs") == [["running", "0"]]
        finally:
            sql("DROP FUNCTION sleep CASCADE")
        agent.start()
        agent.wait("no_job_is_left")
        assert count("SELECT count(*) FROM scan_history") == 3 * ROWS


class Witness(threading.Thread):
    """Sees every Job that was ever made."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.seen = port, {}
        self.start()

    def run(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/apis/batch/v1/jobs?watch=1") as stream:
            for line in stream:
                meta = json.loads(line)["object"]["metadata"]
                self.seen[meta["uid"]] = f"{meta['namespace']}/{meta['name']}"


def killed_at_random_it_stores_each_row_once_and_makes_no_job_twice():
    seed = int(os.environ.get("KT_SEED", "0")) or random.randrange(1, 1 << 30)
    dice = random.Random(seed)
    names = [f"krr-{i}" for i in range(9)]
    with Scene() as scene:
        agent = Agent(scene, task("tick", profile="./p.yaml", schedule="* * * * *"),
                      *(task(name, {"run-seconds": str(dice.choice((1, 2, 3)))}, profile="./p.yaml")
                        for name in names))
        scene.write("p.yaml", json.dumps(HISTORY))
        witness = Witness(agent.sim)
        agent.start()
        told = []
        for i in range(KILLS):
            for name in names[i * 9 // KILLS:(i + 1) * 9 // KILLS]:
                status, text = agent.run(name)
                assert status == 202, text
                told += [run["uid"] for run in json.loads(text)["runs"]]
            time.sleep(dice.random() * 1.5)
            scene.kill(agent.process)
            agent.start(ready=False)
            time.sleep(dice.random() * 0.5)
            agent.wait("is_ready")
        agent.wait("no_job_is_left", 60)
        claim = f"seed {seed}"
        assert len(told) == 27 and set(told) <= set(witness.seen), f"{claim}: told {told}, seen {witness.seen}"
        assert len(set(witness.seen.values())) == len(witness.seen), f"{claim}: {witness.seen}"
        assert len(witness.seen) >= 30, f"{claim}: {witness.seen}"
        recorded = sql("SELECT job_uid, outcome, count(*) FROM kubeglean_runs GROUP BY 1, 2")
        assert sorted(recorded) == sorted([uid, "complete", "1"] for uid in witness.seen), f"{claim}: {recorded}"
        assert sql(f"SELECT job, count(*) FROM history GROUP BY 1 HAVING count(*) <> {ROWS}") == [], claim
        stored = {row[0] for row in sql("SELECT DISTINCT job FROM history")}
        missing = {name for name in witness.seen.values() if name.split("/")[1] not in stored}
        assert count("SELECT count(*) FROM history") == ROWS * len(witness.seen), f"{claim}: {missing}"


def interrupted_at_any_instant_it_lets_go_of_everything():
    """The build's sanitizers and the loop's own check tell what was not."""
    with Scene() as scene:
        agent = Agent(scene, task("krr", {"run-seconds": "0"}), sim=("--run-ms", "100"))
        command = [PROGRAM, "run", "-f", scene.path("task-0.yaml"), "--kubeconfig", agent.kubeconfig,
                   "--database", os.environ["KT_PG"], "--keep"]
        ends = set()
        for i in range(24):
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            time.sleep(0.03 + 0.02 * i)
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=30)[1]
            assert process.returncode in (0, 130), f"after {20 * i} ms: {process.returncode}: {err}"
            ends.add(process.returncode)
            for name in re.findall(r"Job (\S+) is left", err):
                assert name in {f"{job['metadata']['namespace']}/{job['metadata']['name']}" for job in agent.jobs()}
        assert 130 in ends, ends


# --- when there is nothing to do -----------------------------------------------------

def idle_it_asks_nothing_and_hardly_wakes():
    """At most one wake-up in ten seconds, and no request but watch renewals."""
    with Scene() as scene:
        agent = Agent(scene, task("krr")).start()
        time.sleep(2)
        before, turns = ask(agent.sim, "GET", "/sim/stats"), agent.metric("kubeglean_loop_turn_seconds_count")
        time.sleep(IDLE)
        turns = agent.metric("kubeglean_loop_turn_seconds_count") - turns
        after = ask(agent.sim, "GET", "/sim/stats")
        asked = {key: after["requests"][key] - before["requests"].get(key, 0) for key in after["requests"]}
        asked = {key: n for key, n in asked.items() if n and "watch" not in key}
        assert not asked, asked
        assert turns <= 6 + IDLE / 10, turns


if __name__ == "__main__":
    if "KT_PG" not in os.environ:
        os.execv(WITH_POSTGRES,
                 ["with-postgres", sys.executable, os.path.abspath(__file__), *sys.argv[1:]])
    claims = [a_task_runs_in_each_namespace_and_its_rows_arrive,
              more_streams_than_files_may_be_open_are_refused, a_second_report_takes_the_place_of_the_first,
              a_kubeconfig_is_taken_from_standard_input, progress_on_a_terminal_steps_aside_for_lines,
              a_broken_log_goes_on_where_it_was,
              the_second_attempt_of_a_job_is_gleaned,
              t11_a_report_of_a_program_that_fails_is_stored,
              t12_a_program_without_a_report_is_empty_and_one_without_rows_complete,
              t15_a_report_of_a_container_killed_half_way_is_incomplete_and_stores_nothing,
              a_report_may_name_its_cluster_behind_any_number_of_rows,
              a_cronjob_of_batch_v1_is_applied_and_its_jobs_are_gleaned,
              a_cronjob_of_batch_v1beta1_is_applied_and_its_jobs_are_gleaned,
              a_cronjob_that_is_run_by_hand_makes_its_own_job,
              what_runs_at_a_stop_is_taken_up_by_the_next_agent,
              without_grace_it_leaves_at_once_and_as_it_was_told,
              a_statement_that_hangs_is_given_up_within_the_grace,
              without_its_database_it_waits_and_loses_nothing,
              interrupted_at_any_instant_it_lets_go_of_everything,
              killed_at_random_it_stores_each_row_once_and_makes_no_job_twice,
              idle_it_asks_nothing_and_hardly_wakes]
    wanted = sys.argv[1:]
    tap.run([claim for claim in claims if not wanted or claim.__name__ in wanted])
