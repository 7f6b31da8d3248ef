"""Plans of a copy of the configuration, as JSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged

from sandbox.account import Account
from sandbox.aws import AwsServer
from sandbox.aws.accounts import DEPLOYER
from tests.support.local_aws.terraform import Terraform
from tools.paths import PROJECT, ZIP
from tools.terraform import TerraformError, init, override, run


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
        modules = [self.document["planned_values"]["root_module"]]
        for module in modules:
            modules += module.get("child_modules", [])
        return {
            resource["address"]: resource["values"]
            for module in modules
            for resource in module.get("resources", [])
        }

    @property
    def providers(self) -> dict[str, str]:
        """Providers, such as `aws.source`, by the address of a resource of the root or of a module."""
        root = self.document["configuration"]["root_module"]
        modules = {f"module.{name}": call["module"] for name, call in root["module_calls"].items()}
        keys = {r["address"]: r["provider_config_key"] for r in root.get("resources", [])}
        for address, module in modules.items():
            # Each module uses one provider. With two, this line fails.
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
    """Plans directories of a copy of the repository; each plan runs once.

    Parameters
    ----------
    copy
        An empty directory for the copy.
    """

    def __init__(self, copy: Path, terraform: Terraform) -> None:
        self.copy = copy
        self._terraform = terraform
        self._initialised: set[str] = set()
        self._made: dict[str, Plan | TerraformError] = {}
        for name in ("environments", "examples", "modules", "tests/terraform/configurations"):
            ignored = shutil.ignore_patterns(".terraform*", "*.tfstate*")
            shutil.copytree(PROJECT / name, copy / name, ignore=ignored)
        for file in PROJECT.glob("*.tf"):
            shutil.copy(file, copy)
        override(copy)
        (copy / ZIP.parent.name).mkdir()
        shutil.copy(ZIP, copy / ZIP.parent.name)

    def plan(
        self,
        directory: str = ".",
        *,
        variables: Mapping[str, Any] | None = None,
        var_file: str | None = None,
        workspace: str = "default",
        account: str | None = None,
        prepare: Callable[[AwsServer], None] | None = None,
    ) -> Plan:
        """Return the plan of a directory of the copy.

        Parameters
        ----------
        variables
            Values that replace values of `var_file`.
        var_file
            Path from the directory.
        account
            Whose deploying role Terraform has from the start; without one it is of an account apart.
        prepare
            Creates what data sources read.

        Raises
        ------
        TerraformError
            If Terraform rejects the configuration or its variables.
        """
        key = json.dumps([directory, variables, var_file, workspace, account])
        if key not in self._made:
            self._init(directory)
            # Each plan has its own server, because other tests in this process use moto as well.
            with AwsServer() as aws:
                if prepare:
                    prepare(aws)
                environment = {**self._terraform.environment_for(aws), "TF_WORKSPACE": workspace}
                if account:
                    profile = Account(aws.url, account, role=DEPLOYER).profile
                    environment |= {name.upper(): value for name, value in profile.items()}
                command = partial(run, directory=self.copy / directory, environment=environment)
                try:
                    self._made[key] = _plan(command, variables or {}, var_file)
                except TerraformError as refused:
                    self._made[key] = refused
        made = self._made[key]
        if isinstance(made, TerraformError):
            # Raise a new exception each time, because an exception collects tracebacks.
            raise TerraformError(made.command, made.diagnostics)
        return made

    def run_tests(self, directory: str) -> str:
        """Run `terraform test` in a directory of the copy, without any AWS, and return its output."""
        self._init(directory)
        environment = self._terraform.environment
        return run("test", directory=self.copy / directory, environment=environment)

    def _init(self, directory: str) -> None:
        if directory not in self._initialised:
            init(self.copy / directory, self._terraform.environment)
            self._initialised.add(directory)


def _plan(command: Callable[..., str], variables: Mapping[str, Any], var_file: str | None) -> Plan:
    """Run `terraform plan`, and read the plan."""
    command(
        "plan",
        json=IsFlagged,
        out="planned",
        refresh=False,
        # The last file wins.
        var_file=[var_file] if var_file else [],
        var=dict(variables),
    )
    return Plan(json.loads(command("show", "planned", json=IsFlagged)))
