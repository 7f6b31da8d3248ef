"""An `AIRFLOW_HOME`: its `airflow.cfg`, and the environment variables of its processes."""

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
    """Write the `airflow.cfg` of a small, fast Airflow whose web server listens on `port`.

    Parameters
    ----------
    version
        Airflow's version, such as "3.3.1".
    home
        Absolute path of an existing directory.
    port
        A TCP port of the loopback interface.
    """
    core: dict[str, object] = {
        "dags_are_paused_at_creation": False,
        "dags_folder": DAGS_FOLDER,
        "executor": "LocalExecutor",
        "fernet_key": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "hostname_callable": "socket.gethostname",  # the default queries the name server
        "load_examples": False,
        "parallelism": 4,
    }
    scheduler: dict[str, object] = {"scheduler_heartbeat_sec": 1}
    parsing = {"min_file_process_interval": 60, "parsing_processes": 1}
    sections: dict[str, dict[str, object]] = {
        "core": core,
        "database": {
            "load_default_connections": False,
            # Seconds to wait for another process's write before "database is locked". SQLite's default is 5.
            "sql_alchemy_conn": f"sqlite:///{home / DATABASE}?timeout=30",
        },
        "logging": {"base_log_folder": home / "logs"},
        "scheduler": scheduler,
        "usage_data_collection": {"enabled": False},
    }
    if family(version) is AIRFLOW_2:
        scheduler |= {**parsing, "dag_dir_list_interval": 60}
        # The template contains them. Updating them would delay each start of the web server by seconds.
        sections["fab"] = {"update_fab_perms": False}
        sections["api"] = {
            "auth_backends": "airflow.api.auth.backend.basic_auth,airflow.api.auth.backend.session"
        }
        sections["webserver"] = {
            "base_url": f"http://127.0.0.1:{port}",
            # gunicorn then forks its worker before it loads Airflow. Otherwise `airflow webserver` can mistake another
            # child process for the worker (croniter runs `file`). When that process has ended, it sends SIGTTIN after
            # 10 s, which stops a gunicorn that is still loading.
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
    # In Airflow's configuration, `%` starts an interpolation, and a path can contain it.
    parser.read_dict(
        {
            section: {name: str(value).replace("%", "%%") for name, value in options.items()}
            for section, options in sections.items()
        }
    )
    path = home / "airflow.cfg"
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)


def environment(home: Path, venv: Path) -> dict[str, str]:
    """Return all environment variables of the processes of the Airflow at `home`.

    They contain only indispensable variables of the user. `AIRFLOW__` variables and proxies of the user have no effect.
    """
    inherited = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    return inherited | {
        "AIRFLOW_HOME": str(home),
        "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",  # otherwise a component's log can miss its last lines
        "PYTHONUTF8": "1",
        "SCARF_ANALYTICS": "false",
        # Airflow 2 rejects SQLite with an executor that runs tasks in parallel. The sequential executor starts a new
        # interpreter for each task. Airflow's own tests use this variable.
        "_AIRFLOW__SKIP_DATABASE_EXECUTOR_COMPATIBILITY_CHECK": "1",
    }
