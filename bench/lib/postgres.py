"""The database of a measurement: its server is with-postgres's, or KT_PG's."""
import hashlib
import os
import subprocess

# As GORM makes it of the article's struct.
SEED = """CREATE TABLE scan_histories (namespace varchar(100), name varchar(100), kind varchar(100),
    container varchar(100), allocations varchar(1000), recommended varchar(1000), pods bigint,
    PRIMARY KEY (namespace, name, kind, container))"""
TABLES = "scan_histories, scan_history, kubeglean_runs, kubeglean_rejects, kubeglean_scopes, kubeglean_instance"
KEYS = ("namespace", "name", "kind", "container")
WITH_POSTGRES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "lib", "with-postgres")
TICKS = os.sysconf("SC_CLK_TCK")


def ask(text):
    done = subprocess.run(["psql", "-qXAt", os.environ["KT_PG"], "-c", text], check=True, capture_output=True,
                          text=True)
    return done.stdout.strip()


def restart(settings):
    """The private server, with these settings and no others of a scenario; a
    foreign one is left as it is."""
    if "KT_PG_DATA" not in os.environ:
        assert not settings, "only the server that with-postgres starts can have settings: unset KT_PG"
        return
    for statement in ["ALTER SYSTEM RESET ALL", *(f"ALTER SYSTEM SET {n} = '{v}'" for n, v in settings.items())]:
        ask(statement)
    for do in "stop", "start":
        subprocess.run([WITH_POSTGRES, "--ctl", do], check=True)


def fresh():
    """No table but the seed's, empty; nothing left to write."""
    ask(f"DROP TABLE IF EXISTS {TABLES} CASCADE")
    ask(SEED)
    ask("CHECKPOINT")


def digest(rows):
    """Of dicts: what digest_of() gives of the same rows in a table."""
    lines = sorted("|".join([*(row[key] for key in KEYS), str(row["pods"])]).encode() for row in rows)
    return len(lines), hashlib.md5(b"\n".join(lines)).hexdigest()


def digest_of(table):
    text = ask(f"""SELECT count(*), md5(coalesce(string_agg(line, chr(10) ORDER BY line COLLATE "C"), ''))
        FROM (SELECT concat_ws('|', {', '.join(KEYS)}, pods) AS line FROM {table}) AS lines""")
    rows, found = text.split("|")
    return int(rows), found


def _ticks(pid, n_fields):
    """User and system time; with 4 fields also of children it waited for."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return sum(int(field) for field in file.read().rpartition(")")[2].split()[11:11 + n_fields])
    except OSError:
        return 0


def cpu_s():
    """Of the private server so far, all its processes; None of a foreign one."""
    if "KT_PG_DATA" not in os.environ:
        return None
    with open(os.path.join(os.environ["KT_PG_DATA"], "postmaster.pid"), encoding="utf-8") as file:
        postmaster = int(file.readline())
    with open(f"/proc/{postmaster}/task/{postmaster}/children", encoding="utf-8") as file:
        children = file.read().split()
    return (_ticks(postmaster, 4) + sum(_ticks(child, 2) for child in children)) / TICKS
