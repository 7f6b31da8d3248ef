"""What moto's CloudWatch Logs lacks: a key that is given to a log group, or taken from it, later."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse


@contextmanager
def keys_associated() -> Iterator[None]:
    """Let moto take `AssociateKmsKey` and `DisassociateKmsKey`, by which Terraform switches the key."""

    def associate(self: LogsResponse) -> str:
        _log_group(self).kms_key_id = self._get_param("kmsKeyId")
        return ""

    def disassociate(self: LogsResponse) -> str:
        _log_group(self).kms_key_id = None
        return ""

    with (
        patch.object(LogsResponse, "associate_kms_key", associate, create=True),
        patch.object(LogsResponse, "disassociate_kms_key", disassociate, create=True),
    ):
        yield


def _log_group(request: LogsResponse) -> LogGroup:
    return request.logs_backend.groups[request._get_param("logGroupName")]
