"""Plans of copies of the configuration, made with python-terraform and read as JSON."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
from python_terraform import IsFlagged, Terraform

from sandbox.aws import AwsServer
from tools.paths import PROJECT
from tools.terraform import init, override

SANDBOX = "environments/sandbox.tfvars"
ZIP = "dist/mwaa_dags_trigger.zip"


@dataclass(frozen=True)
class Diagnostic:
    """An error of Terraform's: the block or resource it is about, and the sentence that says what is wrong."""

    about: str
    text: str


class PlanRefusedError(Exception):
    """Terraform made no plan."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        super().__init__("\n".join(f"{d.about}: {d.text}" for d in diagnostics))
        self.diagnostics = diagnostics

    @property
    def sentences(self) -> list[str]:
        """What Terraform says, without where."""
        return [diagnostic.text for diagnostic in self.diagnostics]


@dataclass(frozen=True)
class Plan:
    """The JSON of `terraform show` for a plan."""

    document: Mapping[str, Any]

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs that are known before the apply."""
        outputs = self.document["planned_values"]["outputs"]
        return {name: output.get("value") for name, output in outputs.items()}

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Planned values of each resource by its address."""
        root = self.document["planned_values"]["root_module"]
        return {
            resource["address"]: resource["values"]
            for module in [root, *root.get("child_modules", [])]
            for resource in module.get("resources", [])
        }

    @property
    def providers(self) -> dict[str, str]:
        """Providers, such as `aws.source`, of the root's resources and of all in each module, by address."""
        root = self.document["configuration"]["root_module"]
        modules = {f"module.{name}": call["module"] for name, call in root["module_calls"].items()}
        keys = {r["address"]: r["provider_config_key"] for r in root.get("resources", [])}
        for address, module in modules.items():
            # A module takes one: where it had two, it would not be here.
            [keys[address]] = {r["provider_config_key"] for r in module["resources"]}
        return keys

    def references(self, address: str, argument: str) -> set[str]:
        """Return the resources that an argument of the root's resource or module names."""
        root = self.document["configuration"]["root_module"]
        callers = {f"module.{name}": call for name, call in root["module_calls"].items()}
        callers |= {resource["address"]: resource for resource in root["resources"]}
        names = callers[address]["expressions"][argument]["references"]
        return {name for name in names if name.startswith("aws_") and name.count(".") == 1}

    def policy(self, address: str, attribute: str = "policy") -> dict[str, Any]:
        """Return a policy document of a resource, parsed."""
        document: dict[str, Any] = json.loads(self.resources[address][attribute])
        return document

    def trust(self, address: str) -> dict[str, Any]:
        """Return the trust policy of a role, parsed."""
        return self.policy(address, "assume_role_policy")

    def definition(self, address: str = "module.source.aws_sfn_state_machine.this") -> Any:
        """Return the definition of a state machine, parsed."""
        return json.loads(self.resources[address]["definition"])

    def module(self, name: str) -> Mapping[str, Any]:
        """Return the configuration of a module that the root calls."""
        module: Mapping[str, Any] = self.document["configuration"]["root_module"]["module_calls"][
            name
        ]["module"]
        return module


class Planner:
    """Plans directories of a copy of the repository; each plan is made once.

    Parameters
    ----------
    copy
        An empty directory for the copy.
    environment
        What Terraform is run with, but for what concerns AWS.
    """

    def __init__(self, copy: Path, environment: Mapping[str, str] = os.environ) -> None:
        self.copy = copy
        self._environment = environment
        self._initialised: set[str] = set()
        self._made: dict[str, Plan | PlanRefusedError] = {}
        for name in ("environments", "examples", "modules", "tests/terraform/configurations"):
            ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*")
            shutil.copytree(PROJECT / name, copy / name, ignore=ignored)
        for file in PROJECT.glob("*.tf"):
            shutil.copy(file, copy)
        override(copy)
        # A plan needs the zip's hash only.
        (copy / ZIP).parent.mkdir()
        (copy / ZIP).write_bytes(b"a package")

    def plan(
        self,
        directory: str = ".",
        *,
        variables: Mapping[str, Any] | None = None,
        var_file: str | None = None,
        workspace: str = "default",
        account: str | None = None,
    ) -> Plan:
        """Return the plan of a directory of the copy.

        Parameters
        ----------
        variables
            In place of those of `var_file`.
        var_file
            Path from the directory.
        account
            Whose deploying role Terraform has from the start; without one it is of an account apart.

        Raises
        ------
        PlanRefusedError
            If Terraform reports errors.
        """
        key = json.dumps([directory, variables, var_file, workspace, account])
        if key not in self._made:
            if directory not in self._initialised:
                init(self.copy / directory, os.environ)
                self._initialised.add(directory)
            # A server for each plan: its state is the process's, where other tests use moto, too.
            with (
                AwsServer() as aws,
                _environ(self._environment, aws.url, workspace=workspace, account=account),
            ):
                try:
                    self._made[key] = self._plan(directory, variables, var_file)
                except PlanRefusedError as refused:
                    self._made[key] = refused
        made = self._made[key]
        if isinstance(made, PlanRefusedError):
            # A new one each time: a raised exception collects tracebacks.
            raise PlanRefusedError(made.diagnostics)
        return made

    @contextmanager
    def without_package(self) -> Iterator[None]:
        """Be as before `make package`."""
        package = self.copy / ZIP
        aside = package.rename(package.with_suffix(".aside"))
        try:
            yield
        finally:
            aside.rename(package)

    def _plan(
        self, directory: str, variables: Mapping[str, Any] | None, var_file: str | None
    ) -> Plan:
        terraform = Terraform(working_dir=str(self.copy / directory))
        var_files = [var_file] if var_file else []
        if variables:
            # A file of its own, after the other: the last one wins.
            overrides = self.copy / directory / "overrides.tfvars.json"
            overrides.write_text(json.dumps(variables))
            var_files.append(overrides.name)
        options = {"input": False, "json": IsFlagged, "out": "planned", "refresh": False}
        _run(terraform, "plan", **options, var_file=var_files)
        return Plan(json.loads(_run(terraform, "show", "planned", json=IsFlagged)))


@contextmanager
def _environ(
    environment: Mapping[str, str], url: str, *, workspace: str, account: str | None
) -> Iterator[None]:
    # Neither the developer's AWS nor their variables have a say.
    kept = {k: v for k, v in environment.items() if not k.startswith(("AWS_", "TF_VAR_"))}
    environ = {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TF_WORKSPACE": workspace,
    }
    with mock.patch.dict(os.environ, {**kept, **environ}, clear=True):
        if account:
            os.environ.update(_deployer(account))
        yield


def _deployer(account: str) -> dict[str, str]:
    with closing(boto3.client("sts", region_name="eu-central-1")) as sts:
        credentials = sts.assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/deployer", RoleSessionName="plan"
        )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }


def _run(terraform: Terraform, command: str, *arguments: str, **options: Any) -> str:
    with warnings.catch_warnings():
        # python-terraform logs a failed command by a deprecated method of logging.
        warnings.filterwarnings("ignore", "The 'warn' method is deprecated", DeprecationWarning)
        code, out, err = terraform.cmd(command, *arguments, **options)
    if code == 0:
        return str(out)
    diagnostics = list(_diagnostics(out))
    if not diagnostics:
        raise RuntimeError(f"terraform {command} failed: {out}{err}")
    raise PlanRefusedError(diagnostics)


def _diagnostics(out: str) -> Iterator[Diagnostic]:
    for line in out.splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("type") == "diagnostic" and message["@level"] == "error":
            diagnostic = message["diagnostic"]
            about = diagnostic.get("address") or diagnostic.get("snippet", {}).get("context")
            text = diagnostic["detail"] or diagnostic["summary"]
            yield Diagnostic(str(about), text.partition("\n\nThis was checked by")[0])
