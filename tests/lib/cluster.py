"""A cluster for end-to-end tests: kube-sim, in front of it nghttpx for TLS and
HTTP/2, and kubeconfigs that lead there. Everything lives in one directory and
ends with its `with` block."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import tap

BUILD = os.path.abspath(os.environ.get("KG_BUILD", "build/dev"))
PROGRAM = os.path.join(BUILD, "src", "kubeglean")
SIM = os.path.join(BUILD, "tests", "sim", "apiserver", "kube-sim")


def wait_until(ready, seconds=20):
    end = time.monotonic() + seconds
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{ready.__name__}: not within {seconds} s")
        time.sleep(0.02)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Scene:
    """A directory, and the processes that were started in it."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="kubeglean-e2e-")
        self.processes = []
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.stop(process)
        shutil.rmtree(self.dir)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def start(self, *command, **options):
        with open(self.path(f"process-{len(self.processes)}.log"), "wb") as log:
            process = subprocess.Popen(command, **{"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log, **options})
        self.processes.append(process)
        return process

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                Scene.kill(process)

    @staticmethod
    def kill(process):
        process.kill()
        process.wait()

    def kube_sim(self, *options):
        """Returns its port; the process is the last of `processes`."""
        port_file = self.path(f"port-{len(self.processes)}")
        self.start(SIM, "--port-file", port_file, *options)

        def the_port():
            if os.path.exists(port_file):
                with open(port_file, encoding="utf-8") as file:
                    return int(file.read().strip() or 0)
            return 0
        return wait_until(the_port)

    def authority(self, name="ca"):
        """Makes a CA and a certificate for 127.0.0.1 and kube.test: paths of ca, cert, key."""
        ca, ca_key, cert, key = (self.path(f"{name}{end}") for end in (".crt", ".key", "-server.crt", "-server.key"))
        new = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-days", "2")
        subprocess.run([*new, "-keyout", ca_key, "-out", ca, "-subj", f"/CN={name}"], check=True,
                       capture_output=True)
        subprocess.run([*new, "-keyout", key, "-out", cert, "-subj", "/CN=kube-sim", "-CA", ca, "-CAkey", ca_key,
                        "-addext", "subjectAltName=IP:127.0.0.1,DNS:kube.test"], check=True, capture_output=True)
        return ca, cert, key

    def tls(self, backend, cert, key, port=None):
        """TLS and HTTP/2 before the port `backend`: returns the port."""
        nghttpx = shutil.which("nghttpx")
        if nghttpx is None:
            raise tap.Skip("nghttpx is not installed")
        port = port or free_port()
        # One process: of two, a kill leaves the one that has the port.
        proxy = self.start(nghttpx, "--single-process", f"--frontend=127.0.0.1,{port}",
                           f"--backend=127.0.0.1,{backend}", "--backend-read-timeout=1h",
                           "--frontend-http2-read-timeout=1h", "--stream-read-timeout=1h",
                           "--stream-write-timeout=1h", "--workers=1", key, cert)

        def the_proxy_listens():
            assert proxy.poll() is None, f"nghttpx ended: exit code {proxy.returncode}, port {port}"
            return listens(port)
        wait_until(the_proxy_listens)
        return port

    def kubeconfig(self, server, token="admin", ca=None, namespace="default", name="kubeconfig"):
        """JSON is YAML. `ca` is a path."""
        cluster = {"server": server}
        if ca is not None:
            cluster["certificate-authority"] = ca
        return self.write(name, json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "sim",
            "clusters": [{"name": "sim", "cluster": cluster}],
            "users": [{"name": "sim", "user": {"token": token}}],
            "contexts": [{"name": "sim", "context": {"cluster": "sim", "user": "sim", "namespace": namespace}}]}))


def ask(port, method, path, body=None):
    """Of kube-sim, past every proxy: the answer's JSON."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method,
                                     data=json.dumps(body).encode() if body is not None else None,
                                     headers={"Content-Type": "application/json", "Authorization": "Bearer admin"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.loads(response.read() or b"null")


def kubeglean(*args, env=None, stdin="", seconds=60):
    """Runs it to its end: (exit code, stdout, stderr)."""
    clean = {name: value for name, value in os.environ.items()
             if not name.startswith(("PG", "KUBE"))}
    done = subprocess.run([PROGRAM, *args], input=stdin, capture_output=True, text=True, timeout=seconds,
                          env={**clean, **(env or {})}, check=False)
    return done.returncode, done.stdout, done.stderr


def endpoint(port, path, method="GET"):
    """Of kubeglean itself: (status, text); 0 where nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def psql(text):
    """What the database KT_PG answers, a row a line."""
    done = subprocess.run(["psql", "-qXAt", os.environ["KT_PG"], "-c", text], check=True, capture_output=True,
                          text=True, timeout=60)
    return done.stdout.strip()


def sql(text):
    return [line.split("|") for line in psql(text).splitlines()]


def count(text):
    return int(psql(text))
