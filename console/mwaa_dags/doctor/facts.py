"""What the checks read from AWS, each once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mwaa_dags.accounts import Account, error_code
from mwaa_dags.doctor.findings import CheckImpossible
from mwaa_dags.executions import Execution, find_recent
from mwaa_dags.reasons import Reason, parse_reason
from mwaa_dags.system import Operator, System

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef
    from mypy_boto3_mwaa.type_defs import EnvironmentTypeDef

_RECENT = 20
_ENVIRONMENT = re.compile(
    r":environment/(?P<env>[^/*]+)$|:role/(?P<rest_env>[^/*]+)/(?P<role>[^/]+)$"
)


@dataclass(frozen=True)
class Reply:
    """What the function returned: a result or an error."""

    result: Mapping[str, Any]
    reason: Reason | None


class Facts:
    """Facts about a system. Each fact is read once."""

    def __init__(self, operator: Operator) -> None:
        self.operator = operator
        self._environments: dict[str, EnvironmentTypeDef | None] = {}

    @property
    def system(self) -> System:
        """The state machine and the ARNs in its definition."""
        return self.operator.system

    @property
    def source(self) -> Account:
        """The account of the state machine."""
        return self.operator.source

    @property
    def target(self) -> Account:
        """The account of the function. Raises `CheckImpossible` without credentials for it."""
        target, account = self.operator.target, self.system.target_account
        if target is None:
            raise CheckImpossible(
                f"there are no credentials for account {account}: set --target-profile"
            )
        if target.account_id != account:
            raise CheckImpossible(
                f"--target-profile belongs to account {target.account_id}, not to {account}"
            )
        return target

    @cached_property
    def alias_version(self) -> str | None:
        """The version that the alias invokes, or None if the alias or the function does not exist."""
        try:
            alias = self.target.functions.get_alias(
                FunctionName=self.system.function_name, Name=self.system.alias
            )
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise
            return None
        return alias["FunctionVersion"]

    @cached_property
    def function(self) -> FunctionConfigurationResponseTypeDef:
        """The configuration of the function, as the alias invokes it."""
        named = {"FunctionName": self.system.function_name}
        if self.alias_version:
            named["Qualifier"] = self.alias_version
        return self.target.functions.get_function_configuration(**named)

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment variables of the function. Raises `CheckImpossible` if Lambda cannot decrypt them."""
        environment = self.function.get("Environment", {})
        if "Error" in environment:
            raise CheckImpossible(
                "your credentials lack kms:Decrypt for the environment variables of the function "
                f"({environment['Error'].get('ErrorCode')}): allow it on `function.kms_key_arn`"
            )
        return environment.get("Variables", {})

    @property
    def transport(self) -> str:
        """The transport of the function."""
        return self.variables.get("TRANSPORT", "cli")

    @cached_property
    def airflow_roles(self) -> Mapping[str, str | None]:
        """The environments in the policies of the function's role, each with the Airflow role for `rest`."""
        name = role_name(self.function["Role"])
        policies = [
            self.target.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in self.target.iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        found: dict[str, str | None] = {}
        for document in policies:
            for statement in as_list(_as_mapping(document).get("Statement", [])):
                if statement.get("Effect") != "Allow":
                    continue
                for resource in as_list(statement.get("Resource", [])):
                    if match := _ENVIRONMENT.search(resource):
                        env = match["env"] or match["rest_env"]
                        found[env] = match["role"] or found.get(env)
        return found or dict.fromkeys(self._allowed_environments())

    def _allowed_environments(self) -> list[str]:
        """Return the environments that an existing role with managed policies may read."""
        return [
            name
            for name in self.listed_environments
            if is_allowed(
                self.target,
                self.function["Role"],
                action="airflow:GetEnvironment",
                resource=self.airflow_arn(f"environment/{name}"),
                context=self.function_context,
            )
        ]

    @property
    def function_context(self) -> Mapping[str, str]:
        """The condition key that Lambda adds to the calls of the function."""
        arn = ":".join(self.system.function_arn.split(":")[:7])
        return {"lambda:SourceFunctionArn": arn}

    def airflow_arn(self, resource: str) -> str:
        """Return the ARN of a resource of MWAA in the target account."""
        partition, region = self.system.function_arn.split(":")[1], self.system.arn.region
        return f"arn:{partition}:airflow:{region}:{self.system.target_account}:{resource}"

    @cached_property
    def listed_environments(self) -> Sequence[str]:
        """The environments in the target account."""
        pages = self.target.mwaa.get_paginator("list_environments").paginate()
        return [name for page in pages for name in page["Environments"]]

    @cached_property
    def recent(self) -> Sequence[Execution]:
        """The latest executions."""
        return find_recent(self.source, self.system.arn, _RECENT)

    def environment(self, name: str) -> EnvironmentTypeDef | None:
        """Return an environment, or None if it does not exist."""
        if name not in self._environments:
            try:
                found = self.target.mwaa.get_environment(Name=name)["Environment"]
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                self._environments[name] = None
            else:
                self._environments[name] = found
        return self._environments[name]

    def invoke(self, **event: str) -> Reply:
        """Invoke the function through its alias."""
        response = self.target.invocations.invoke(
            FunctionName=self.system.function_arn, Payload=json.dumps(event)
        )
        payload = response["Payload"].read().decode()
        if "FunctionError" not in response:
            return Reply(json.loads(payload), None)
        error = json.loads(payload).get("errorType", "unknown")
        return Reply({}, parse_reason(error, payload))


def find_role(account: Account, arn: str) -> RoleTypeDef | None:
    """Return a role, or None if it does not exist."""
    try:
        return account.iam.get_role(RoleName=role_name(arn))["Role"]
    except ClientError as error:
        if error_code(error) not in ("NoSuchEntity", "NoSuchEntityException"):
            raise
        return None


def is_allowed(
    account: Account,
    role_arn: str,
    *,
    action: str,
    resource: str,
    context: Mapping[str, str] | None = None,
) -> bool:
    """Return whether the policies of a role allow an action."""
    simulated = account.iam.simulate_principal_policy(
        PolicySourceArn=role_arn,
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=[
            {"ContextKeyName": name, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for name, value in (context or {}).items()
        ],
    )
    return all(each["EvalDecision"] == "allowed" for each in simulated["EvaluationResults"])


def role_name(arn: str) -> str:
    """Return the name of a role, without its path."""
    return arn.rpartition("/")[2]


def trust_statements(role: RoleTypeDef) -> list[Mapping[str, Any]]:
    """Return the statements of a role's trust policy."""
    document: Any = role["AssumeRolePolicyDocument"]
    return as_list(_as_mapping(document)["Statement"])


def as_list(value: Any) -> list[Any]:
    """Return a value of a policy, which may be a single value or a list, as a list."""
    return value if isinstance(value, list) else [value]


def _as_mapping(document: Any) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(document) if isinstance(document, str) else document
    return loaded
