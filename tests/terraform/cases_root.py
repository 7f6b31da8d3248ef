"""Values that the root configuration refuses, with a sentence that says what to write."""

from __future__ import annotations

from tests.terraform.cases import Case

NO_ENVIRONMENT = (
    "A workspace is an environment and a part of all names: run `terraform workspace select "
    "-or-create NAME` first, or set environment."
)
NAME = (
    "Write name and environment (or the name of the workspace) with letters, digits, '-' and '_' "
    "only, at most 55 of both together."
)

CASES = {
    "workspace default": Case("root", NO_ENVIRONMENT),
    "name too long with its workspace": Case("root", NAME, {"name": "x" * 49}),
    "source account id": Case(
        "root",
        "Write source_account.account_id as 12 digits, in quotes.",
        {"source_account": {"account_id": "12345"}},
    ),
    "target account id": Case(
        "root",
        "Write target_account.account_id as 12 digits, in quotes.",
        {"target_account": {"account_id": "1111-2222-3333"}},
    ),
}
