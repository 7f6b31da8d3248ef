"""Keys and tags of log groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse


@contextmanager
def patch_log_groups() -> Iterator[None]:
    """Add `AssociateKmsKey` and `DisassociateKmsKey`, and delete the tags of a log group together with it.

    moto: does not implement the two actions, with which Terraform changes the key of a log group. It keeps the tags of
    a deleted log group, so that a new log group with the same name has them.
    AWS: implements both, and a new log group has only its own tags. Sources: "AssociateKmsKey", "DisassociateKmsKey"
    and "CreateLogGroup" in the Amazon CloudWatch Logs API Reference.
    Patch: implements the actions without checking the key, and deletes the tags.
    """
    delete_log_group = LogsBackend.delete_log_group

    def associate(self: LogsResponse) -> str:
        _log_group(self).kms_key_id = self._get_param("kmsKeyId")
        return ""

    def disassociate(self: LogsResponse) -> str:
        _log_group(self).kms_key_id = None
        return ""

    def delete(self: LogsBackend, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        delete_log_group(self, log_group_name)
        self.tagger.delete_all_tags_for_resource(group.arn)

    with (
        patch.object(LogsBackend, "delete_log_group", delete),
        patch.object(LogsResponse, "associate_kms_key", associate, create=True),
        patch.object(LogsResponse, "disassociate_kms_key", disassociate, create=True),
    ):
        yield


def _log_group(request: LogsResponse) -> LogGroup:
    return request.logs_backend.groups[request._get_param("logGroupName")]
