#!/usr/bin/env python3
"""`kubeglean check`, and the ways to a cluster: kubectl's options, plugins,
proxies."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import tap  # noqa: E402
from cluster import PROGRAM, Scene, free_port  # noqa: E402
from forward import Proxy  # noqa: E402

CLEAN = {name: value for name, value in os.environ.items()
         if not name.lower().endswith("_proxy") and name != "KUBECONFIG"}


def check(*args, **env):
    done = subprocess.run([PROGRAM, "check", *args], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL, env={**CLEAN, **env}, check=False)
    return done.returncode, done.stdout, done.stderr


class Cluster(Scene):
    """A simulated cluster; with `tls`, known as kube.test to who trusts `ca`."""

    def __init__(self, *options, tls=False):
        self.options, self.with_tls = options, tls

    def __enter__(self):
        super().__enter__()
        self.port = self.kube_sim("--namespace", "team-a", "--token", "admin=admin-token", *self.options)
        if self.with_tls:
            self.ca, self.cert, self.key = self.authority()
            self.port = self.tls(self.port, self.cert, self.key)
            self.config = self.kubeconfig("https://kube.test:6443", token="admin-token", ca=self.ca)
        else:
            self.config = self.kubeconfig(f"http://127.0.0.1:{self.port}", token="admin-token")
        return self

    def edit(self, part, **values):
        """Sets members of the one cluster or user."""
        with open(self.config, encoding="utf-8") as file:
            config = json.load(file)
        config[part + "s"][0][part].update(values)
        return self.write("kubeconfig", json.dumps(config))

    def proxy(self, kind, **options):
        return Proxy(kind, self.port, self.cert, self.key, **options)


# --- what is found ---------------------------------------------------------------

def what_the_cluster_is_is_told():
    for version, cronjobs, lists in (("1.20", "batch/v1beta1", "in pages"), ("0.36", "batch/v1", "streamed")):
        with Cluster("--imitate", version) as cluster:
            code, out, err = check("--kubeconfig", cluster.config)
            assert code == 0 and err == "", (code, out, err)
            found = dict(line.split(maxsplit=1) for line in out.splitlines())
            assert found["CronJobs"] == cronjobs, out
            assert found["lists"] == lists, out
            assert found["cluster"] == f"sim, http://127.0.0.1:{cluster.port}", out
            assert found["namespace"] == "default: all 11 rights", out


def each_right_that_is_missing_is_told_with_its_rule():
    with Cluster("--deny", "admin=create:jobs", "--deny", "admin=get:pods/log") as cluster:
        code, out, err = check("--kubeconfig", cluster.config, "-n", "team-a")
        assert code == 1 and err == "", (code, out, err)
        assert "namespace   team-a: 2 of 11 rights are missing" in out, out
        assert ("  create jobs.batch\n"
                "    - {apiGroups: [batch], resources: [jobs], verbs: [create]}\n"
                "  get pods/log\n"
                "    - {apiGroups: [\"\"], resources: [pods/log], verbs: [get]}\n") in out, out
        code, out, _ = check("--kubeconfig", cluster.config, "-o", "json")
        found = json.loads(out)
        missing = [right["rule"] for right in found["rights"] if not right["allowed"]]
        assert code == 1 and found["missing"] == 2, out
        assert missing == [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]},
                           {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]}], missing


def the_rights_are_those_that_the_configuration_needs():
    with Cluster("--deny", "admin=patch:cronjobs") as cluster:
        container = {"name": "krr", "image": "krr:1"}
        tasks = "\n---\n".join(json.dumps(
            {"apiVersion": "kubeglean.io/v1", "kind": "Task", "metadata": {"name": name},
             "spec": {"profile": "krr", **more, "job": {"template": {"spec": {"containers": [container]}}}}})
            for name, more in (("a", {"namespaces": ["team-a"]}),
                               ("b", {"namespaces": ["team-b"], "runAs": "cronjob", "schedule": "0 3 * * *"}),
                               ("c", {})))
        cluster.write("task.yaml", tasks)
        config = cluster.write("config.yaml", json.dumps(
            {"apiVersion": "kubeglean.io/v1", "kind": "Config", "spec": {"tasks": ["task.yaml"]}}))
        code, out, err = check("-c", config, "--kubeconfig", cluster.config)
        assert code == 1, (code, out, err)
        assert "namespace   team-a: all 11 rights\n" in out, out
        assert "namespace   team-b: 1 of 14 rights are missing" in out, out
        assert "{apiGroups: [batch], resources: [cronjobs], verbs: [patch]}" in out, out
        assert "namespace   default: all 11 rights\n" in out, out


def a_cluster_that_cannot_be_asked_is_an_error():
    with Cluster() as cluster:
        for args, code, told in (
                (("--token", "wrong"), 1, "HTTP 401"),
                (("--server", f"http://127.0.0.1:{free_port()}"), 1, "connect"),
                (("--context", "x"), 2, "there is no context \"x\""),
                (("x",), 2, "takes no operand")):
            got, out, err = check("--kubeconfig", cluster.config, *args)
            assert (got, out) == (code, ""), (args, got, out, err)
            assert told in err, (args, err)
            assert "wrong" not in err, err


# --- who we are --------------------------------------------------------------------

def a_plugin_says_who_we_are():
    with Cluster() as cluster:
        plugin = cluster.write("plugin", """#!/bin/sh
echo "$KUBERNETES_EXEC_INFO" >"$OUT"
echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "'$1'"}}'
""")
        os.chmod(plugin, 0o700)
        told = cluster.path("told")
        with open(cluster.config, encoding="utf-8") as file:
            config = json.load(file)
        config["users"][0]["user"] = {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1", "command": "./plugin", "args": ["admin-token"],
            "env": [{"name": "OUT", "value": told}], "provideClusterInfo": True, "interactiveMode": "IfAvailable"}}
        cluster.write("kubeconfig", json.dumps(config))
        code, out, err = check("--kubeconfig", cluster.config)
        assert code == 0, (out, err)
        with open(told, encoding="utf-8") as file:
            info = json.load(file)
        assert info["spec"] == {"interactive": False,
                                "cluster": {"server": f"http://127.0.0.1:{cluster.port}"}}, info
        config["users"][0]["user"]["exec"]["command"] = "no-such-plugin"
        config["users"][0]["user"]["exec"]["installHint"] = "ask your house"
        cluster.write("kubeconfig", json.dumps(config))
        code, out, err = check("--kubeconfig", cluster.config)
        assert code == 2 and "no-such-plugin: no such file or directory: ask your house" in err, (code, err)


def several_files_are_one_kubeconfig():
    with Cluster() as cluster:
        with open(cluster.config, encoding="utf-8") as file:
            config = json.load(file)
        users = cluster.write("users", json.dumps({"users": config.pop("users")}))
        cluster.write("kubeconfig", json.dumps(config))
        code, out, err = check(KUBECONFIG=f"/no/such/file:{users}:{cluster.config}")
        assert code == 0, (out, err)
        assert f"context sim of {users}:{cluster.config}" in out, out


# --- proxies ----------------------------------------------------------------------------

def each_kind_of_proxy_leads_there_and_sees_no_token():
    with Cluster(tls=True) as cluster:
        for kind, first in (("http", "CONNECT kube.test:6443 HTTP/1.1"), ("https", "CONNECT kube.test:6443 HTTP/1.1"),
                            ("socks5", "kube.test:6443")):
            proxy = cluster.proxy(kind)
            code, out, err = check("--kubeconfig", cluster.config,
                                   "--proxy-url", f"{kind}://127.0.0.1:{proxy.port}")
            assert code == 0, (kind, out, err)
            assert proxy.asked and set(proxy.asked) == {first}, (kind, proxy.asked)
            assert b"admin-token" not in proxy.seen and b"Bearer" not in proxy.seen, kind
            proxy.close()


def the_kubeconfig_or_the_environment_may_name_it():
    with Cluster(tls=True) as cluster:
        proxy = cluster.proxy("http")
        url = f"127.0.0.1:{proxy.port}"
        code, _, err = check("--kubeconfig", cluster.config, HTTPS_PROXY=url)
        assert code == 0, err
        code, _, err = check("--kubeconfig", cluster.config, https_proxy=f"http://{url}")
        assert code == 0, err
        n_asked = len(proxy.asked)
        code, _, err = check("--kubeconfig", cluster.config, HTTPS_PROXY=url, NO_PROXY="other,.test")
        assert code == 1 and "kube.test" in err, (code, err)
        assert len(proxy.asked) == n_asked
        code, _, err = check("--kubeconfig", cluster.edit("cluster", **{"proxy-url": f"http://{url}"}),
                             NO_PROXY="*")  # What the file says holds.
        assert code == 0, err
        proxy.close()


def a_proxy_that_refuses_or_is_away_is_told_without_its_password():
    with Cluster(tls=True) as cluster:
        proxy = cluster.proxy("http", password="jane:s3cret")
        code, _, err = check("--kubeconfig", cluster.config, "--proxy-url", f"http://127.0.0.1:{proxy.port}")
        assert code == 1 and "407" in err, (code, err)
        code, _, err = check("--kubeconfig", cluster.config,
                             "--proxy-url", f"http://jane:s3cret@127.0.0.1:{proxy.port}")
        assert code == 0, err
        proxy.close()
        port = free_port()
        code, _, err = check("--kubeconfig", cluster.config, "--proxy-url", f"http://jane:s3cret@127.0.0.1:{port}")
        assert code == 1 and f"127.0.0.1 port {port}" in err, (code, err)
        assert "s3cret" not in err, err
        code, _, err = check("--kubeconfig", cluster.config, "--proxy-url", f"ftp://jane:s3cret@127.0.0.1:{port}")
        assert code == 2 and "--proxy-url: must begin with" in err and "s3cret" not in err, (code, err)


if __name__ == "__main__":
    tap.run([what_the_cluster_is_is_told,
             each_right_that_is_missing_is_told_with_its_rule,
             the_rights_are_those_that_the_configuration_needs,
             a_cluster_that_cannot_be_asked_is_an_error,
             a_plugin_says_who_we_are,
             several_files_are_one_kubeconfig,
             each_kind_of_proxy_leads_there_and_sees_no_token,
             the_kubeconfig_or_the_environment_may_name_it,
             a_proxy_that_refuses_or_is_away_is_told_without_its_password])
