"""Values that the root configuration rejects, with the message that says what to write."""

from __future__ import annotations

from tests.terraform.validation.cases import TAG_CHARACTERS, Case

NO_ENVIRONMENT = (
    "The workspace must not be default, because it is the last part of all names: run `terraform workspace "
    "select -or-create NAME` first, or set `environment`."
)
NAME = (
    "`name` and `environment` (or the workspace) must have letters, digits, '-' and '_' only, at most 55 of "
    "both together, such as data-onboarding and staging. The environment must not be batch or end "
    "with -batch, the suffix of the batch state machine."
)
# All in one value, because all cases share one plan.
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
        '`source_account.account_id` must have 12 digits, in quotes, such as "111111111111".',
        {"source_account": {"account_id": "12345"}},
    ),
    "target account id": Case(
        "root",
        '`target_account.account_id` must have 12 digits, in quotes, such as "111111111111".',
        {"target_account": {"account_id": "1111-2222-3333"}},
    ),
    "no Region": Case(
        "root", "`region` must be the code of a Region, such as eu-central-1.", {"region": ""}
    ),
    "too many tags": Case(
        "root",
        "`tags` must have at most 48 keys in addition to Environment and Project: AWS accepts 50.",
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
