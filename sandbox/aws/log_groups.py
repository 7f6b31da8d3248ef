"""What moto's CloudWatch Logs lacks: keys that are given or taken later, and tags that go with their log group."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.logs.models import LogGroup, LogsBackend
from moto.logs.responses import LogsResponse


@contextmanager
def completed() -> Iterator[None]:
    """Let moto take `AssociateKmsKey` and `DisassociateKmsKey`, and delete a log group's tags with it.

    By the two Terraform switches the key. Without the third a log group of the same name has the old one's tags.
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
