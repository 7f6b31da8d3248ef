"""Checks 8 to 11: the environment, a probe of the function, and the DAG."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mwaa_dags_trigger.allowed import parse_allowed
from mwaa_dags_trigger.errors import DagNotAllowed
from mwaa_dags_trigger.request import DagKey

from mwaa_dags.doctor.facts import Facts, Reply
from mwaa_dags.doctor.findings import CheckImpossible, Finding, did_you_mean, failed, passed

PROBE_RUN_ID = "mwaa-dags_doctor"
"""A run id that no request has. It contains `_`, so Airflow cannot treat it as a date."""
PROBE_DAG_ID = "mwaa-dags_doctor"
_READY = {"AVAILABLE", "UPDATE_FAILED"}
_UNUSABLE = {"CREATE_FAILED", "DELETING", "DELETED"}
"""The function treats these environments as if they did not exist."""
_PRIVATE = "PRIVATE_ONLY"


def check_names(facts: Facts, env: str | None, dag: str | None) -> Iterator[Finding]:
    """Check the given names against the configured environments and DAGs."""
    configured = facts.airflow_roles
    if env and env not in configured:
        if env in facts.listed_environments:
            yield failed(
                8,
                f"the environment {env} exists, but the function may not use it. It may use: "
                f"{', '.join(configured) or 'none'}",
                f"Add {env} to `mwaa_environments` of the target, and apply the target.",
            )
        else:
            names = [*configured, *facts.listed_environments]
            yield failed(
                8,
                f"the environment {env} does not exist in account {facts.system.target_account}."
                f"{did_you_mean(env, names)}",
                "Correct `mwaa_env_name`.",
            )
        return
    if env and dag:
        try:
            key = DagKey(mwaa_env_name=env, mwaa_dag_name=dag)
            parse_allowed(facts.variables).check(key, execution_arn=None)
        except DagNotAllowed:
            patterns = json.loads(facts.variables["ALLOWED_DAGS"])[env]
            yield failed(
                8,
                f"the DAG {dag} is not in `allowed_dags` of {env}: {', '.join(patterns)}."
                f"{did_you_mean(dag, patterns)}",
                f"Add {dag} to `allowed_dags` of the target, and apply the target. Or correct `mwaa_dag_name`.",
            )
            return
    yield passed(8, f"the function may use {', '.join(configured) or 'no environment'}")


def check_environment(facts: Facts, env: str) -> Iterator[Finding]:
    """Check the status, the version and the network of an environment."""
    environment = facts.environment(env)
    if environment is None:
        return
    status, version = environment.get("Status", ""), environment.get("AirflowVersion", "")
    mode = environment.get("WebserverAccessMode", "")
    problems = 0
    if status in _UNUSABLE:
        problems += 1
        yield failed(
            9,
            f"the environment {env} is {status}. Executions fail with EnvironmentNotFound",
            "Recreate the environment, then redrive the executions that have failed with "
            "`mwaa-dags redrive --failed --error EnvironmentNotFound`.",
        )
    elif status not in _READY:
        problems += 1
        yield failed(
            9,
            f"the environment {env} is {status}. Executions wait for it for up to 3 hours",
            "Wait until it is AVAILABLE, then redrive the executions that have failed with "
            "`mwaa-dags redrive --failed --error EnvironmentNotReady`.",
        )
    if facts.transport == "rest" and version.startswith(("2.0", "2.1.", "2.2", "2.3")):
        problems += 1
        text = f"Airflow {version} of {env} has no InvokeRestApi"
        yield failed(9, text, 'Use `transport = "cli"`, or upgrade the environment.')
    if mode == _PRIVATE and not facts.function.get("VpcConfig", {}).get("SubnetIds"):
        problems += 1
        yield failed(
            9,
            f"the web server of {env} is private, and the function is in no VPC",
            "Set `vpc` of the target to subnets that reach the web server, and apply the target.",
        )
    if not problems:
        text = (
            f"the environment {env} is {status}: Airflow {version}, {mode}, over {facts.transport}"
        )
        yield passed(9, text)


def check_probe(facts: Facts, env: str, dag: str | None) -> Iterator[Finding]:
    """Check the function, its permissions and MWAA with a request for a DAG run that cannot exist."""
    reply = facts.invoke(
        action="status",
        mwaa_env_name=env,
        mwaa_dag_name=dag or PROBE_DAG_ID,
        dag_run_id=PROBE_RUN_ID,
    )
    error = reply.reason.error if reply.reason else ""
    if error == "DagRunNotFound" or (not dag and error in ("DagNotFound", "DagNotAllowed")):
        yield passed(10, f"the function reaches Airflow in {env}")
        return
    if error == "DagNotFound":
        yield passed(
            10, f"the function reaches Airflow in {env}, which does not know the DAG {dag}"
        )
        return
    yield failed(10, _describe(facts, env, reply), _todo(facts, env, error))


def check_dag(facts: Facts, env: str, dag: str) -> Iterator[Finding]:
    """Check the DAG in Airflow.

    Raises
    ------
    CheckImpossible
        If the function cannot describe the DAG.
    """
    reply = facts.invoke(action="describe_dag", mwaa_env_name=env, mwaa_dag_name=dag)
    if reply.reason and reply.reason.error == "InvalidRequest":
        yield failed(
            11,
            "the function is older than this command: it does not know the action describe_dag",
            "Run `make package`, and apply the target.",
        )
        return
    if reply.reason:
        # A trigger needs none of these requests.
        reason = _describe(facts, env, reply)
        if facts.transport == "cli":
            reason += (
                ". AWS does not document whether MWAA accepts the commands that describe a DAG"
            )
        raise CheckImpossible(reason)
    found, problems = reply.result, 0
    errors = "; ".join(f"{file}: {text}" for file, text in found["import_errors"].items())
    if not found["exists"]:
        problems += 1
        known = [each.dag_id for each in facts.recent if each.dag_id and each.dag_id != dag]
        text = f"the DAG {dag} does not exist in {env}.{did_you_mean(dag, known)}"
        if errors:
            text += f" Files of the environment cannot be imported: {errors}"
        yield failed(11, text, "Correct `mwaa_dag_name`, or repair the file of the DAG.")
    elif errors:
        problems += 1
        yield failed(
            11, f"the file of the DAG {dag} cannot be imported: {errors}", "Repair the file."
        )
    if found["paused"]:
        problems += 1
        yield failed(
            11, f"the DAG {dag} is paused, so its runs stay queued", "Unpause the DAG in Airflow."
        )
    if not problems:
        yield passed(11, f"the DAG {dag} exists and is active")
    if found["params"]:
        params = ", ".join(f"{name} ({kind})" for name, kind in found["params"].items())
        yield passed(11, f"the params of the DAG {dag}: {params}")


def _describe(facts: Facts, env: str, reply: Reply) -> str:
    assert reply.reason
    text = f"the function failed with {reply.reason.error}: {reply.reason.message}".rstrip(".")
    if reply.reason.error == "AccessDenied" and (role := facts.airflow_roles.get(env)):
        text += f". Its Airflow role is {role}"
    if reply.reason.error.startswith(("Runtime.", "Sandbox.")):
        text += f". The alias {facts.system.alias} invokes version {facts.alias_version}"
    return text


def _todo(facts: Facts, env: str, error: str) -> str:
    if error == "AccessDenied" and (role := facts.airflow_roles.get(env)):
        return (
            f"Check in Airflow that the role {role} exists and may see and trigger the DAG, or set another "
            "`airflow_role`."
        )
    if error.startswith("Runtime."):
        return "Run `make package`, and apply the target. Or move the alias back to an earlier version."
    if error == "InvalidRequest":
        return "Correct the names, or apply the target if the function is older than this command."
    return "Repair what the message names. Checks above may name the cause."
