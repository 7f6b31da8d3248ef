"""What the function accepts: the environments, the DAGs, and the state machines that may send requests."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mwaa_dags_trigger.errors import DagNotAllowed, EnvironmentNotFound, InvalidRequest
from mwaa_dags_trigger.fields import find_closest
from mwaa_dags_trigger.request import DagKey

_EXECUTION_ARN = re.compile(
    r"(arn:[^:]+:states:[^:]+:\d+):(?:execution|express):([^:/]+)(?:/[^:]+)?:.+"
)


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What the function accepts.

    Parameters
    ----------
    dags
        DAG ids by the name of the environment. An id that ends with `*` matches all DAGs with this
        prefix. All DAGs are allowed in environments that are not listed.
    environments
        The names of the environments; None accepts all of them.
    state_machines
        The ARNs of the trusted state machines; None accepts all of them.
    """

    dags: Mapping[str, Collection[str]] = field(default_factory=dict)
    environments: Collection[str] | None = None
    state_machines: Collection[str] | None = None

    def check(self, key: DagKey, execution_arn: str | None) -> None:
        """Check that the request is allowed.

        Parameters
        ----------
        execution_arn
            The execution that the request claims to come from. The function cannot see its caller.

        Raises
        ------
        InvalidRequest, EnvironmentNotFound, DagNotAllowed
            If the state machine, the environment or the DAG is not allowed.
        """
        if execution_arn and self.state_machines is not None:
            _check_state_machine(execution_arn, self.state_machines)
        if self.environments is not None and key.mwaa_env_name not in self.environments:
            closest = find_closest(key.mwaa_env_name, self.environments, cutoff=0.6)
            hint = f"Did you mean {closest}?" if closest else f"It uses {_list(self.environments)}."
            raise EnvironmentNotFound(
                f"The function does not use MWAA environment {key.mwaa_env_name}. {hint} To use another "
                "environment, add it to mwaa_environments of the target and apply."
            )
        patterns = self.dags.get(key.mwaa_env_name)
        if patterns is None or any(_matches(key.mwaa_dag_name, pattern) for pattern in patterns):
            return
        raise DagNotAllowed(
            f"DAG {key.mwaa_dag_name} is not allowed in MWAA environment {key.mwaa_env_name}. Add it "
            "to allowed_dags of the target, or use another DAG."
        )


def parse_allowed(variables: Mapping[str, str]) -> Allowed:
    """Parse the environment variables of the function. Without a variable, everything is allowed.

    Raises
    ------
    RuntimeError
        If a variable is invalid. A broken setting must not allow everything.
    """
    dags: Any = _parse(variables, "ALLOWED_DAGS", {})
    is_valid = isinstance(dags, dict) and all(
        _is_list(patterns) and all("*" not in pattern[:-1] for pattern in patterns)
        for patterns in dags.values()
    )
    if not is_valid:
        raise RuntimeError(
            "The function's environment variable ALLOWED_DAGS must be a JSON object with a list of DAG "
            "ids for each environment. A DAG id may end with '*'. Correct allowed_dags of the target "
            "and apply."
        )
    lists: dict[str, Any] = {}
    for name in ("MWAA_ENVIRONMENTS", "TRUSTED_STATE_MACHINES"):
        lists[name] = _parse(variables, name, None)
        if name in variables and not _is_list(lists[name]):
            raise RuntimeError(
                f"The function's environment variable {name} must be a JSON list of strings. Apply the "
                "target to correct it."
            )
    return Allowed(
        dags=dags,
        environments=lists["MWAA_ENVIRONMENTS"],
        state_machines=lists["TRUSTED_STATE_MACHINES"],
    )


def _check_state_machine(execution_arn: str, trusted: Collection[str]) -> None:
    execution = _EXECUTION_ARN.fullmatch(execution_arn)
    if execution and f"{execution[1]}:stateMachine:{execution[2]}" in trusted:
        return
    raise InvalidRequest(
        "execution_arn must be the ARN of an execution of a trusted state machine, but the target does not "
        "trust this state machine. Add it to trusted_sources of the target and apply."
    )


def _parse(variables: Mapping[str, str], name: str, default: object) -> object:
    try:
        return json.loads(variables[name]) if name in variables else default
    except (ValueError, RecursionError):
        return None


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _list(names: Collection[str]) -> str:
    shown = sorted(names)[:10]
    return ", ".join(shown) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _matches(dag_id: str, pattern: str) -> bool:
    return dag_id.startswith(pattern[:-1]) if pattern.endswith("*") else dag_id == pattern
