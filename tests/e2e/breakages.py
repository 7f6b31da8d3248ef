"""What can break in a deployed stack: each is a context manager that repairs the stack when it ends."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from unittest.mock import patch

from sandbox.account import Account
from sandbox.mwaa.home import DATABASE
from sandbox.mwaa.http import Request, Response
from tests.e2e.conftest import Stack
from tools.paths import ZIP


def role_name(arn: str) -> str:
    """Return the name of a role."""
    return arn.rpartition("/")[2]


@contextmanager
def changed_trust(stack: Stack, old: str, new: str) -> Iterator[None]:
    """Replace a text in the trust policy of the target role."""
    name = role_name(stack.outputs["target_role_arn"])
    document = stack.target.iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    text = json.dumps(document)
    assert old in text
    update = stack.target.iam.update_assume_role_policy
    update(RoleName=name, PolicyDocument=text.replace(old, new))
    try:
        yield
    finally:
        update(RoleName=name, PolicyDocument=text)


@contextmanager
def changed_policy(account: Account, role: str, old: str, new: str) -> Iterator[None]:
    """Replace a text in the policy of a role."""
    name = role_name(role)
    [policy] = account.iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = account.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    text = json.dumps(document)
    assert old in text
    put = account.iam.put_role_policy
    put(RoleName=name, PolicyName=policy, PolicyDocument=text.replace(old, new))
    try:
        yield
    finally:
        put(RoleName=name, PolicyName=policy, PolicyDocument=text)


@contextmanager
def another_external_id(stack: Stack) -> Iterator[None]:
    """Trust another state machine."""
    arn = stack.outputs["state_machine_arn"]
    with changed_trust(stack, arn, f"{arn}-2"):
        yield


@contextmanager
def replaced_source_role(stack: Stack) -> Iterator[None]:
    """Delete the source role and create it again. The target role trusts the deleted role."""
    iam, arn = stack.source.iam, stack.outputs["source_role_arn"]
    name = role_name(arn)
    role = iam.get_role(RoleName=name)["Role"]
    [policy] = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    target = role_name(stack.outputs["target_role_arn"])
    trust = stack.target.iam.get_role(RoleName=target)["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]),
        Description=role["Description"],
        Tags=role["Tags"],
    )
    iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    try:
        yield
    finally:
        stack.target.iam.update_assume_role_policy(
            RoleName=target, PolicyDocument=json.dumps(trust)
        )


@contextmanager
def policy_without_the_environment(stack: Stack) -> Iterator[None]:
    """Let the function use another environment."""
    role = stack.outputs["target_role_arn"]
    with changed_policy(stack.target, role, "environment/sandbox", "environment/other"):
        yield


@contextmanager
def no_permission_to_invoke(stack: Stack) -> Iterator[None]:
    """Let the target role invoke another function."""
    role, function = stack.outputs["target_role_arn"], stack.outputs["function_arn"]
    with changed_policy(stack.target, role, f'"{function}"', f'"{function}-2"'):
        yield


@contextmanager
def no_permission_for_a_preliminary_task(stack: Stack) -> Iterator[None]:
    """Let the source role invoke another function."""
    role = stack.outputs["source_role_arn"]
    with changed_policy(stack.source, role, "rds-hack-update", "another"):
        yield


@contextmanager
def unknown_airflow_role(stack: Stack) -> Iterator[None]:
    """Let the function act as a role that Airflow does not have."""
    role = stack.outputs["target_role_arn"]
    with changed_policy(stack.target, role, "role/sandbox/User", "role/sandbox/Nobody"):
        yield


@contextmanager
def published(stack: Stack, zip_file: bytes | None = None, **configuration: Any) -> Iterator[None]:
    """Publish a version of the function with another code or configuration, and let the alias invoke it."""
    functions = stack.target.functions
    name, alias = stack.outputs["function_arn"].split(":")[6:]
    before = functions.get_alias(FunctionName=name, Name=alias)["FunctionVersion"]
    deployed = functions.get_function_configuration(FunctionName=name)
    if zip_file:
        functions.update_function_code(FunctionName=name, ZipFile=zip_file)
    if configuration:
        functions.update_function_configuration(FunctionName=name, **configuration)
    version = functions.publish_version(FunctionName=name)["Version"]
    functions.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    try:
        yield
    finally:
        functions.update_alias(FunctionName=name, Name=alias, FunctionVersion=before)
        functions.delete_function(FunctionName=name, Qualifier=version)
        functions.update_function_code(FunctionName=name, ZipFile=ZIP.read_bytes())
        functions.update_function_configuration(
            FunctionName=name,
            Timeout=deployed["Timeout"],
            Environment={"Variables": deployed["Environment"]["Variables"]},
        )


@contextmanager
def broken_version(stack: Stack) -> Iterator[None]:
    """Invoke a version that cannot be imported."""
    with published(
        stack, _zip(lambda name, text: "import missing\n" if "app.py" in name else text)
    ):
        yield


@contextmanager
def older_version(stack: Stack) -> Iterator[None]:
    """Invoke a version that does not know the action `describe_dag`."""
    action = '"describe_dag": ("action", "mwaa_env_name", "mwaa_dag_name"),'
    with published(stack, _zip(lambda _, text: text.replace(action, ""))):
        yield


@contextmanager
def short_timeout(stack: Stack) -> Iterator[None]:
    """Give the function too little time."""
    with published(stack, Timeout=3):
        yield


@contextmanager
def another_allowed_dag(stack: Stack) -> Iterator[None]:
    """Allow another DAG only."""
    variables = {"TRANSPORT": stack.transport, "ALLOWED_DAGS": '{"sandbox": ["onboardin"]}'}
    with published(stack, Environment={"Variables": variables}):
        yield


@contextmanager
def deleted_alias(stack: Stack) -> Iterator[None]:
    """Delete the alias of the function."""
    functions = stack.target.functions
    name, alias = stack.outputs["function_arn"].split(":")[6:]
    before = functions.get_alias(FunctionName=name, Name=alias)
    functions.delete_alias(FunctionName=name, Name=alias)
    try:
        yield
    finally:
        functions.create_alias(
            FunctionName=name,
            Name=alias,
            FunctionVersion=before["FunctionVersion"],
            Description=before["Description"],
        )


@contextmanager
def no_concurrency(stack: Stack) -> Iterator[None]:
    """Reserve a concurrency of 0."""
    functions, name = stack.target.functions, stack.outputs["function_arn"].split(":")[6]
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    try:
        yield
    finally:
        functions.delete_function_concurrency(FunctionName=name)


@contextmanager
def deleted_log_group(stack: Stack) -> Iterator[None]:
    """Delete the log group of the function."""
    logs, name = stack.target.logs, f"/aws/lambda/{stack.outputs['function_arn'].split(':')[6]}"
    [group] = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    arn = group["arn"].removesuffix(":*")
    tags = logs.list_tags_for_resource(resourceArn=arn)["tags"]
    logs.delete_log_group(logGroupName=name)
    try:
        yield
    finally:
        logs.create_log_group(logGroupName=name, tags=tags)
        logs.put_retention_policy(logGroupName=name, retentionInDays=group["retentionInDays"])


@contextmanager
def updating_environment(stack: Stack) -> Iterator[None]:
    """Let the environment be UPDATING, and its web server respond with 502."""
    perform = stack.sandbox.front.perform

    def answer(request: Request, action: Callable[[], Response]) -> Response:
        if request.path.startswith("/environments/"):
            body = json.loads(perform(request, action).body)
            body["Environment"]["Status"] = "UPDATING"
            return Response(HTTPStatus.OK, json.dumps(body).encode())
        if request.path.startswith("/aws_mwaa"):
            return Response(HTTPStatus.BAD_GATEWAY)
        return perform(request, action)

    with patch.object(stack.sandbox.front, "perform", answer):
        yield


@contextmanager
def no_commands_that_describe_a_dag(stack: Stack) -> Iterator[None]:
    """Let the web server reject commands that describe a DAG."""
    perform = stack.sandbox.front.perform

    def reject(request: Request, action: Callable[[], Response]) -> Response:
        if request.path.startswith("/aws_mwaa") and request.body.startswith(b"dags details"):
            return Response(HTTPStatus.FORBIDDEN)
        return perform(request, action)

    with patch.object(stack.sandbox.front, "perform", reject):
        yield


@contextmanager
def dag_file_that_does_not_import(stack: Stack) -> Iterator[None]:
    """Give Airflow an import error, as its DAG processor writes it for a new file."""
    airflow = stack.sandbox.airflow
    row: Mapping[str, str] = {
        "timestamp": datetime.now(UTC).isoformat(sep=" "),
        "filename": "newest.py",
        "stacktrace": "Traceback:\nModuleNotFoundError: No module named 'missing'",
        "bundle_name": "dags-folder",
    }
    names, marks = ", ".join(row), ", ".join("?" for _ in row)
    insert = f"INSERT INTO import_error ({names}) VALUES ({marks})"
    # The DAG processor regularly deletes the errors of files that do not exist.
    keep = f"""CREATE TRIGGER keep_newest AFTER DELETE ON import_error WHEN OLD.filename = 'newest.py'
        BEGIN INSERT INTO import_error ({names}) VALUES ({", ".join(f"OLD.{name}" for name in row)}); END"""
    with contextlib.closing(sqlite3.connect(airflow.home / DATABASE, timeout=60)) as database:
        database.execute(insert, list(row.values()))
        database.execute(keep)
        database.commit()
        try:
            yield
        finally:
            database.execute("DROP TRIGGER keep_newest")
            database.execute("DELETE FROM import_error WHERE filename = 'newest.py'")
            database.commit()


@contextmanager
def nothing(_: Stack) -> Iterator[None]:
    """Break nothing: the mistake is in what is requested."""
    yield


def _zip(change: Callable[[str, str], str]) -> bytes:
    """Return the function's zip with changed Python files of the function itself."""
    changed = io.BytesIO()
    with zipfile.ZipFile(ZIP) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("mwaa_dags_trigger/") and name.endswith(".py"):
                content = change(name, content.decode()).encode()
            new.writestr(name, content)
    return changed.getvalue()
