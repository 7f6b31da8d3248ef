"""Which DAGs the function serves."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mwaa_dags_trigger.errors import DagNotAllowed
from mwaa_dags_trigger.request import RunKey


@dataclass(frozen=True, kw_only=True)
class AllowedDags:
    """The DAGs that may be asked for.

    Parameters
    ----------
    by_environment
        By environment, DAG ids; one that ends with `*` stands for all that begin so. In an
        environment that is not named, every DAG may be asked for.
    """

    by_environment: Mapping[str, Collection[str]]

    def check(self, run: RunKey) -> None:
        """Return where the run's DAG may be asked for.

        Raises
        ------
        DagNotAllowed
            Otherwise.
        """
        names = self.by_environment.get(run.mwaa_env_name)
        if names is None or any(_stands_for(name, run.mwaa_dag_name) for name in names):
            return
        raise DagNotAllowed(
            f"DAG {run.mwaa_dag_name} is not one that this function may ask for in MWAA environment "
            f"{run.mwaa_env_name}. Have the target's allowed_dags name it, or ask for another DAG."
        )


def read_allowed_dags(setting: str | None) -> AllowedDags:
    """Read the function's environment variable ALLOWED_DAGS; without one, all DAGs are allowed.

    Raises
    ------
    RuntimeError
        If it is not the JSON object that it has to be: nothing may pass for want of a comma.
    """
    if setting is None:
        return AllowedDags(by_environment={})
    try:
        by_environment = json.loads(setting)
    except (ValueError, RecursionError):
        by_environment = None
    if not isinstance(by_environment, dict) or not all(map(_are_names, by_environment.values())):
        raise RuntimeError(
            "The function's environment variable ALLOWED_DAGS must be a JSON object that has, by "
            "environment, a list of DAG ids, each of which may end with '*': set the target's "
            "allowed_dags and apply."
        )
    return AllowedDags(by_environment=by_environment)


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(name, str) and name and "*" not in name[:-1] for name in value
    )


def _stands_for(name: str, dag_id: str) -> bool:
    return dag_id.startswith(name[:-1]) if name.endswith("*") else dag_id == name
