"""Values that the root configuration refuses, with a sentence that says what to write."""

from __future__ import annotations

from tests.terraform.cases import TAG_CHARACTERS, Case

NO_ENVIRONMENT = (
    "A workspace is an environment and a part of all names: run `terraform workspace select "
    "-or-create NAME` first, or set environment."
)
NAME = (
    "Write name and environment (or the name of the workspace) with letters, digits, '-' and '_' "
    "only, at most 55 of both together."
)
# All in one, because there is one value in the plan of all cases.
TAGS = {
    "tags": {
        **{f"Key {number}": "" for number in range(47)},
        "project": "onboarding",
        "Team": "R&D",
    }
}

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
    "too many tags": Case(
        "root",
        "`tags` must have at most 48 keys besides Environment and Project: AWS accepts 50.",
        TAGS,
    ),
    "tag that differs in case from our own": Case(
        "root",
        "`tags` must not have keys that differ in case only from each other, from Environment or from "
        "Project, such as project: for IAM they are the same.",
        TAGS,
    ),
    "tag with an ampersand": Case("root", TAG_CHARACTERS, TAGS),
}
