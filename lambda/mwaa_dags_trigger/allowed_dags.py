"""The DAGs that the function may use."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mwaa_dags_trigger.errors import DagNotAllowed
from mwaa_dags_trigger.request import DagKey


@dataclass(frozen=True, kw_only=True)
class AllowedDags:
    """The allowed DAGs of each environment.

    Parameters
    ----------
    by_environment
        DAG ids by the name of the environment. An id that ends with `*` matches all DAGs with this
        prefix. All DAGs are allowed in environments that are not listed.
    """

    by_environment: Mapping[str, Collection[str]]

    def check(self, key: DagKey) -> None:
        """Check that the DAG is allowed.

        Raises
        ------
        DagNotAllowed
            If it is not.
        """
        patterns = self.by_environment.get(key.mwaa_env_name)
        if patterns is None or any(_matches(key.mwaa_dag_name, pattern) for pattern in patterns):
            return
        raise DagNotAllowed(
            f"DAG {key.mwaa_dag_name} is not allowed in MWAA environment {key.mwaa_env_name}. Add it "
            "to allowed_dags of the target, or use another DAG."
        )


def parse_allowed_dags(setting: str | None) -> AllowedDags:
    """Parse the function's environment variable ALLOWED_DAGS. Without it, all DAGs are allowed.

    Raises
    ------
    RuntimeError
        If it is not a JSON object of lists. A broken setting must not allow all DAGs.
    """
    if setting is None:
        return AllowedDags(by_environment={})
    try:
        by_environment = json.loads(setting)
    except (ValueError, RecursionError):
        by_environment = None
    if not isinstance(by_environment, dict) or not all(map(_is_list, by_environment.values())):
        raise RuntimeError(
            "The function's environment variable ALLOWED_DAGS must be a JSON object with a list of DAG "
            "ids for each environment. A DAG id may end with '*'. Correct allowed_dags of the target "
            "and apply."
        )
    return AllowedDags(by_environment=by_environment)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(pattern, str) and pattern and "*" not in pattern[:-1] for pattern in value
    )


def _matches(dag_id: str, pattern: str) -> bool:
    return dag_id.startswith(pattern[:-1]) if pattern.endswith("*") else dag_id == pattern
