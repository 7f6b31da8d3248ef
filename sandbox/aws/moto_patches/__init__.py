"""Corrections of moto: what AWS does and moto 5.2 does not, as far as this project needs it.

Each patch is a context manager `patch_…` that replaces parts of moto until its `with` ends. Its docstring is the draft
of an issue for moto's maintainers: what moto does, what AWS does and where AWS documents it, how the patch corrects
moto, and which parts of the AWS behaviour the patch does not implement.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

import boto3

from sandbox.aws.moto_patches.data_limits import patch_data_limits
from sandbox.aws.moto_patches.distributed_map import patch_distributed_map
from sandbox.aws.moto_patches.event_rules import patch_bucket_notification, patch_event_rules
from sandbox.aws.moto_patches.execution_lists import patch_execution_lists
from sandbox.aws.moto_patches.executions import (
    patch_execution_context,
    patch_redrive,
    patch_stop,
)
from sandbox.aws.moto_patches.function_configuration import patch_function_configuration
from sandbox.aws.moto_patches.jsonata import patch_jsonata
from sandbox.aws.moto_patches.log_groups import patch_log_groups
from sandbox.aws.moto_patches.map_fields import patch_map_fields
from sandbox.aws.moto_patches.map_items import patch_map_items
from sandbox.aws.moto_patches.map_storage import patch_map_storage
from sandbox.aws.moto_patches.nested_executions import patch_nested_executions
from sandbox.aws.moto_patches.repeated_work import patch_module_list, patch_syntax_trees
from sandbox.aws.moto_patches.roles import patch_role_deletion
from sandbox.aws.moto_patches.task_credentials import TaskCredentials, patch_task_credentials


def create_patches(
    credentials: TaskCredentials, service_session: Callable[..., boto3.Session], endpoint: str
) -> Iterable[AbstractContextManager[None]]:
    """Return all patches, to be entered while moto serves `endpoint`.

    Parameters
    ----------
    service_session
        `AwsServer.service_session`.
    """
    return (
        patch_module_list(),
        patch_syntax_trees(),
        patch_function_configuration(),
        patch_log_groups(),
        patch_role_deletion(),
        patch_bucket_notification(),
        patch_event_rules(service_session, endpoint),
        patch_execution_context(),
        patch_data_limits(),
        patch_jsonata(),
        patch_redrive(),
        patch_execution_lists(),
        patch_stop(),
        patch_map_fields(),
        patch_map_items(),
        patch_task_credentials(credentials),
        patch_nested_executions(credentials),
        patch_distributed_map(credentials),
        patch_map_storage(credentials),
    )
