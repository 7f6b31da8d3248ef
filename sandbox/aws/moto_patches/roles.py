"""Roles that other roles trust."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from moto.iam.models import IAMBackend, iam_backends


@contextmanager
def patch_role_deletion() -> Iterator[None]:
    """Replace a deleted role in trust policies by its unique ID.

    moto: keeps the ARN, so that a new role with the same name has the trust of the deleted role.
    AWS: stores the unique ID of a trusted role, and shows it as the ARN for as long as the role exists. After the role
    is deleted, the policy shows the ID, which no new role has. Source: "IAM role principals" in "AWS JSON policy
    elements: Principal" in the IAM User Guide.
    Patch: replaces the ARN in all trust policies when the role is deleted.
    Limits: no other resource policies; a policy with an unknown principal is accepted.
    """
    delete_role = IAMBackend.delete_role

    def delete_and_replace(self: IAMBackend, role_name: str) -> None:
        role = self.get_role(role_name)
        delete_role(self, role_name)
        for partitions in list(iam_backends.values()):
            for other in list(partitions["aws"].roles.values()):
                other.assume_role_policy_document = other.assume_role_policy_document.replace(
                    f'"{role.arn}"', f'"{role.id}"'
                )

    with patch.object(IAMBackend, "delete_role", delete_and_replace):
        yield
