"""Values of `alarms` and `notifications` that the modules accept or reject, with the message for each."""

from __future__ import annotations

from typing import Any

from tests.terraform.validation.cases import Case

REGION = "eu-central-1"
ACCOUNTS = {"source": "111111111111", "target": "222222222222"}
TOO_MANY_ACTIONS = "`alarms.actions` must have at most 5 ARNs."
HOURS = (
    "`alarms.schedule.hours` must be a whole number from 1 to 168, such as 25 for a daily schedule."
)
TOPIC = (
    "`notifications.topic_arn` must be the ARN of a standard topic in the account and Region of the source: "
    "arn:aws:sns:eu-central-1:111111111111:NAME."
)


def action_message(module: str) -> str:
    return (
        "Each of `alarms.actions` must be the ARN of a topic or another action in the partition and Region "
        f"of the {module}: arn:aws:sns:eu-central-1:ACCOUNT:NAME."
    )


def topic(account: str, name: str = "on-call", *, region: str = REGION) -> str:
    return f"arn:aws:sns:{region}:{account}:{name}"


def action_cases(module: str) -> dict[str, Case]:
    """Return calls of a module with good and bad actions."""
    account = ACCOUNTS[module]
    bad = action_message(module)
    actions: dict[str, tuple[str, list[str]]] = {
        "none": ("", []),
        "a topic of another account": ("", [topic("333333333333")]),
        "a function": ("", [f"arn:aws:lambda:{REGION}:{account}:function:on-call:live"]),
        "a response plan, which has no Region": (
            "",
            [f"arn:aws:ssm-incidents::{account}:response-plan/on-call"],
        ),
        "most": ("", [topic(account, f"team-{number}") for number in range(5)]),
        "too many": (TOO_MANY_ACTIONS, [topic(account, f"team-{number}") for number in range(6)]),
        "a topic by name": (bad, ["on-call"]),
        "a topic of another Region": (bad, [topic(account, region="eu-west-1")]),
    }
    return {
        f"{module} alarms: {name}": Case(module, says, {"alarms": {"actions": values}})
        for name, (says, values) in actions.items()
    }


def schedule_case(says: str, hours: float) -> Case:
    alarms: dict[str, Any] = {"actions": [], "schedule": {"hours": hours}}
    return Case("source", says, {"alarms": alarms})


def notification_case(says: str, arn: str) -> Case:
    return Case("source", says, {"notifications": {"topic_arn": arn}})


CASES = {
    **action_cases("source"),
    **action_cases("target"),
    "schedule: shortest": schedule_case("", 1),
    "schedule: longest": schedule_case("", 168),
    "schedule: too short": schedule_case(HOURS, 0),
    "schedule: too long": schedule_case(HOURS, 169),
    "schedule: a fraction of an hour": schedule_case(HOURS, 1.5),
    "notifications: good": notification_case("", topic(ACCOUNTS["source"])),
    "notifications: a topic of another account": notification_case(
        TOPIC, topic(ACCOUNTS["target"])
    ),
    "notifications: a topic of another Region": notification_case(
        TOPIC, topic(ACCOUNTS["source"], region="eu-west-1")
    ),
    "notifications: a FIFO topic": notification_case(TOPIC, topic(ACCOUNTS["source"], "o.fifo")),
}
