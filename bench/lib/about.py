"""What a figure is worth nothing without: machine, versions, commit."""
import datetime
import os
import re
import subprocess

PACKAGES = ("libcurl4", "libyajl2", "libuv1", "libpq5", "gcc")


def output(*command):
    """Of a command, stripped; empty where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def read(path, pattern):
    with open(path, encoding="utf-8") as file:
        found = re.search(pattern, file.read(), re.M)
    return found[1] if found else "unknown"


def package(name):
    return f"{name} {output('dpkg-query', '-W', '-f', '${Version}', name) or 'unknown'}"


def commit():
    dirty = output("git", "status", "--porcelain", "--untracked-files=no")
    return output("git", "rev-parse", "--short=12", "HEAD") + (", changed" if dirty else "")


def postgres(settings):
    if "KT_PG" not in os.environ:
        return None
    def show(name):
        return output("psql", "-qXAt", os.environ["KT_PG"], "-c", f"SHOW {name}")
    return ", ".join([show("server_version"), *(f"{n} {show(n)}" for n in {"fsync": 0, "shared_buffers": 0, **settings})])


def tell(program, peer, settings, quick, n_rounds):
    memory = int(read("/proc/meminfo", r"^MemTotal:\s*(\d+)"))
    return {
        "machine": f"{read('/proc/cpuinfo', r'^model name[^:]*: *(.*)')}, {os.cpu_count()} cores",
        "memory": f"{memory / 1048576:.0f} GiB",
        "system": f"{read('/etc/os-release', r'^PRETTY_NAME=.(.*).$')}, Linux {os.uname().release.partition('-')[0]}",
        "kubeglean": f"{output(program, 'version').splitlines()[0].partition(' ')[2]}, commit {commit()}",
        "versions": ", ".join(package(name) for name in PACKAGES),
        "postgres": postgres(settings),
        "peer": peer,
        "quick": quick,
        "rounds": n_rounds,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "load": f"{os.getloadavg()[0]:.1f} when it began",
    }
