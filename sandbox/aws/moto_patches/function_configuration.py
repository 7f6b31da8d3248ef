"""The configuration of a function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from moto.awslambda.models import LambdaFunction


@contextmanager
def patch_function_configuration() -> Iterator[None]:
    """Store the whole configuration of a function.

    moto: does not store `LoggingConfig`. It ignores `KMSKeyArn` and `TracingConfig` in UpdateFunctionConfiguration, and
    `Architectures` in UpdateFunctionCode. Each Terraform plan then shows a change.
    AWS: stores and returns them. Sources: "UpdateFunctionConfiguration" and "UpdateFunctionCode" in the AWS Lambda API
    Reference.
    Patch: stores them, and returns `LoggingConfig` with its defaults.
    """
    initialize, update, update_code, get_configuration = (
        LambdaFunction.__init__,
        LambdaFunction.update_configuration,
        LambdaFunction.update_function_code,
        LambdaFunction.get_configuration,
    )

    def initialize_with_logging(
        self: LambdaFunction, account_id: str, spec: Any, *args: Any, **kw: Any
    ) -> None:
        initialize(self, account_id, spec, *args, **kw)
        self.logging_config = spec.get("LoggingConfig") or {}

    def update_all(self: LambdaFunction, config_updates: dict[str, Any]) -> dict[str, Any]:
        # A new dictionary, because published versions share the previous one.
        self.logging_config = logging_config(self) | (config_updates.get("LoggingConfig") or {})
        self.kms_key_arn = config_updates.get("KMSKeyArn", self.kms_key_arn)
        self.tracing_config = config_updates.get("TracingConfig", self.tracing_config)
        updated: dict[str, Any] = update(self, config_updates)
        return updated

    def update_code_and_architectures(
        self: LambdaFunction, updated_spec: dict[str, Any]
    ) -> dict[str, Any]:
        self.architectures = updated_spec.get("Architectures", self.architectures)
        updated: dict[str, Any] = update_code(self, updated_spec)
        return updated

    def get_whole_configuration(self: LambdaFunction, *args: Any, **kw: Any) -> dict[str, Any]:
        configuration: dict[str, Any] = get_configuration(self, *args, **kw)
        return configuration | {"LoggingConfig": logging_config(self)}

    with (
        patch.object(LambdaFunction, "__init__", initialize_with_logging),
        patch.object(LambdaFunction, "update_configuration", update_all),
        patch.object(LambdaFunction, "update_function_code", update_code_and_architectures),
        patch.object(LambdaFunction, "get_configuration", get_whole_configuration),
    ):
        yield


def logging_config(function: LambdaFunction) -> dict[str, Any]:
    """Return the function's `LoggingConfig` with its defaults."""
    default = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function.function_name}"}
    config: dict[str, Any] = getattr(function, "logging_config", {})
    return default | config
