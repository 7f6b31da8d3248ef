"""An `AIRFLOW_HOME`: what its `airflow.cfg` says, and the environment of the processes that use it."""

from __future__ import annotations

import base64
import configparser
import os
import secrets
from pathlib import Path

from sandbox.mwaa.releases import AIRFLOW_2, family

DAGS_FOLDER = Path(__file__).parents[1] / "dags"
DATABASE = "airflow.db"
USERNAME = "admin"


def write_configuration(version: str, home: Path, *, port: int) -> None:
    """Write the `airflow.cfg` of a small, quick Airflow whose web server listens on `port`.

    Parameters
    ----------
    version
        Airflow's version, such as "3.3.1".
    home
        An existing directory, as an absolute path.
    port
        A TCP port of the loopback interface.
    """
    core: dict[str, object] = {
        "dags_are_paused_at_creation": False,
        "dags_folder": DAGS_FOLDER,
        "executor": "LocalExecutor",
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "hostname_callable": "socket.gethostname",  # the default asks the name server
        "load_examples": False,
        "parallelism": 4,
    }
    scheduler: dict[str, object] = {"scheduler_heartbeat_sec": 1, "scheduler_idle_sleep_time": 0.5}
    parsing = {"min_file_process_interval": 60, "parsing_processes": 1}
    sections: dict[str, dict[str, object]] = {
        "core": core,
        "database": {
            "load_default_connections": False,
            # Seconds to wait for another process's write before "database is locked"; SQLite's is 5.
            "sql_alchemy_conn": f"sqlite:///{home / DATABASE}?timeout=30",
        },
        "logging": {"base_log_folder": home / "logs"},
        "scheduler": scheduler,
        "usage_data_collection": {"enabled": False},
    }
    if family(version) is AIRFLOW_2:
        scheduler |= {**parsing, "dag_dir_list_interval": 60}
        # The template holds them; making them anew takes each start of the web server seconds.
        sections["fab"] = {"update_fab_perms": False}
        sections["api"] = {
            "auth_backends": "airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session"
        }
        sections["webserver"] = {
            "base_url": f"http://127.0.0.1:{port}",
            # So that gunicorn forks its worker before Airflow is loaded. Else `airflow webserver` takes a
            # child that loading Airflow starts (croniter runs `file`) for the worker, finds it gone,
            # and after 10 s sends SIGTTIN: that stops a gunicorn which is still loading, for ever.
            "reload_on_plugin_change": True,
            "secret_key": secrets.token_hex(32),
            "warn_deployment_exposure": False,
            "web_server_host": "127.0.0.1",
            "web_server_port": port,
            "workers": 1,
        }
    else:
        core["simple_auth_manager_users"] = f"{USERNAME}:admin"
        sections["api"] = {
            "base_url": f"http://127.0.0.1:{port}",
            "host": "127.0.0.1",
            "port": port,
            "secret_key": secrets.token_hex(32),
            "workers": 1,
        }
        sections["api_auth"] = {"jwt_secret": secrets.token_hex(32)}
        sections["dag_processor"] = {**parsing, "refresh_interval": 60}

    parser = configparser.RawConfigParser()
    parser.read_dict(sections)
    path = home / "airflow.cfg"
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)


def environment(home: Path, venv: Path) -> dict[str, str]:
    """Return the whole environment of the processes of the Airflow at `home`.

    Of the user's own only what a process needs to run at all passes, so that no AIRFLOW__ variable and
    no proxy changes what happens here.
    """
    kept = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "AIRFLOW_HOME": str(home),
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",  # or a component's log says nothing of how it died
        "PYTHONUTF8": "1",
        "SCARF_ANALYTICS": "false",
        # Airflow 2 refuses SQLite with an executor that runs tasks in parallel, and the one it accepts
        # starts a new interpreter for each task; this is the way out that its own tests use.
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
    }
