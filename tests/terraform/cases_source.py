"""Values that modules/source refuses, with a sentence that says what to write."""

from __future__ import annotations

from typing import Any

from tests.terraform.cases import SOURCE, Case, tag_cases

FUNCTION = "arn:aws:lambda:eu-central-1:111111111111:function:prepare"
KEY = "arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def source(says: str, **values: Any) -> Case:
    return Case("source", says, values)


def tasks(*names: str, **values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "lambda_arn": FUNCTION, **values} for name in names]


def many_tasks(*, longer: int) -> list[dict[str, Any]]:
    """Return tasks whose functions fill the policy of the role, the last with a longer name."""
    names = [*(f"{number:02}-{'f' * 50}" for number in range(84)), "f" * (84 + longer)]
    return [{"name": name[:80], "lambda_arn": f"{FUNCTION}-{name}"} for name in names]


def to(**values: Any) -> dict[str, Any]:
    return {**SOURCE["target"], **values}


def wait(interval: float, timeout: float) -> dict[str, float]:
    return {"poll_interval_seconds": interval, "timeout_seconds": timeout}


def timeout_above(longest: int) -> str:
    return (
        f"`wait_for_completion.timeout_seconds` must be at most {longest}: an execution history holds "
        f"25,000 events, enough for {MAX_POLLS} polls. Decrease it, or set a longer "
        "`poll_interval_seconds`."
    )


def timeout_below(interval: int) -> str:
    return (
        "`wait_for_completion.timeout_seconds` must be a whole number of seconds, and not less than "
        f"`poll_interval_seconds` ({interval} if omitted)."
    )


MAX_POLLS = 2666
LONGEST_TIMEOUTS = {"cli": 796_500, "rest": 795_600}
"""By transport, the longest timeout whose polls an execution history holds, without `poll_interval_seconds`."""


SOURCE_NAME = "Write name with letters, digits, '-' and '_' only, at most 57 of them."
TASK_NAME = (
    "Each name in `preliminary_tasks` must have 1 to 80 characters and no line breaks or other control "
    'characters, such as "Update Client Database". An emoji counts as two characters or more.'
)
OWN_STATE = (
    "Call none of preliminary_tasks 'Trigger MWAA DAG', 'Wait for DAG Run', 'Check DAG Run', "
    "'DAG Run Ended?', 'DAG Run Succeeded': these are the state machine's own states."
)
INTERVAL = (
    "`wait_for_completion.poll_interval_seconds` must be a whole number of seconds from 5 to 99999999, "
    "such as 60."
)
TASK_FUNCTION = (
    "Give preliminary_tasks functions of the source's own account and Region: "
    "arn:aws:lambda:eu-central-1:111111111111:function:NAME."
)
RESULT_PATH = (
    "Each `result_path` in `preliminary_tasks` must be the path of one field, such as $.status or "
    "$.mwaa_dag_conf.table. Omit it to drop the result. The path $ alone would replace the execution's input."
)
TARGET_ROLE = (
    "Give target.role_arn a role in the source's partition: arn:aws:iam::ACCOUNT:role/NAME."
)
TARGET_FUNCTION = (
    "Give target.function_arn an alias of a function, in the source's partition and Region: "
    "arn:aws:lambda:eu-central-1:ACCOUNT:function:NAME:live."
)
FUNCTION_TIMEOUT = (
    "`target.function_timeout` must be the function's timeout, a whole number of seconds from 1 to 900, "
    "such as 300."
)
TARGET_ACCOUNT = "Give target.role_arn and target.function_arn of one account."
ENCRYPTION_KEY = (
    "Give encryption.kms_key_arn a key of the source's partition and Region: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
REUSE = "Write encryption.data_key_reuse_period_seconds as 60 to 900 (seconds)."
LOG_KEY = (
    "Give logging.kms_key_arn a key of the source's partition and Region: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
LOG_GROUP = (
    "`logging.log_group_name` must be the name of a log group (no ARN), such as /team/states: letters, "
    "digits and _./#- only, at most 205 of them, because Step Functions accepts a log group's ARN of up "
    "to 256."
)
EXISTING = (
    "Leave out logging.retention_in_days and logging.kms_key_arn beside logging.log_group_name: an "
    "existing log group keeps its own."
)
BOUNDARY = (
    "Write role.permissions_boundary as the ARN of a policy: arn:aws:iam::ACCOUNT:policy/NAME."
)
PATH = (
    "`role.path` must begin and end with a slash, with letters, digits and _+=,.@- between slashes, "
    "such as /teams/data/."
)
LONG_PATH = "`role.path` must have at most 209 characters: Step Functions accepts a role's ARN of up to 256."
LONG_POLICY = (
    "The inline policy of the role onboarding-source must have at most 10240 characters (an IAM "
    "quota), but the functions of `preliminary_tasks` make it 10241 long. Use one function for "
    "several of the tasks."
)

CASES = {
    "source: good": source(""),
    "source: longest name": source("", name="n" * 57),
    "source: name too long for its role": source(SOURCE_NAME, name="n" * 58),
    "source: name that STS takes in no external id": source(SOURCE_NAME, name="on*boarding"),
    "source: name that the provider does not take": source(SOURCE_NAME, name="on.boarding"),
    "source: name with a space": source(SOURCE_NAME, name="on boarding"),
    "source: no name": source(SOURCE_NAME, name=""),
    "tasks: longest name": source("", preliminary_tasks=tasks("t" * 80)),
    "tasks: name too long": source(TASK_NAME, preliminary_tasks=tasks("t" * 81)),
    "tasks: no name": source(TASK_NAME, preliminary_tasks=tasks("")),
    "tasks: longest name of emoji": source("", preliminary_tasks=tasks("\N{ROCKET}" * 40)),
    "tasks: 80 emoji": source(TASK_NAME, preliminary_tasks=tasks("\N{ROCKET}" * 80)),
    "tasks: 80 emoji of several characters": source(
        TASK_NAME, preliminary_tasks=tasks("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}" * 80)
    ),
    "tasks: name of two lines": source(TASK_NAME, preliminary_tasks=tasks("a\nb")),
    "tasks: name with a line separator": source(
        TASK_NAME, preliminary_tasks=tasks("a\N{LINE SEPARATOR}b")
    ),
    "tasks: one name twice": source(
        "Give each of preliminary_tasks a name of its own: they are the names of states.",
        preliminary_tasks=tasks("a", "b", "a"),
    ),
    "tasks: name of the trigger": source(OWN_STATE, preliminary_tasks=tasks("Trigger MWAA DAG")),
    "tasks: name of a state that waits": source(
        OWN_STATE, preliminary_tasks=tasks("Check DAG Run")
    ),
    "tasks: alias": source("", preliminary_tasks=tasks("a", lambda_arn=f"{FUNCTION}:live")),
    "tasks: another account": source(
        TASK_FUNCTION,
        preliminary_tasks=tasks("a", lambda_arn=FUNCTION.replace("111111111111", "222222222222")),
    ),
    "tasks: another Region": source(
        TASK_FUNCTION,
        preliminary_tasks=tasks("a", lambda_arn=FUNCTION.replace("eu-central-1", "us-east-1")),
    ),
    "tasks: a name in place of an ARN": source(
        TASK_FUNCTION, preliminary_tasks=tasks("a", lambda_arn="prepare")
    ),
    **{
        f"tasks: result at {path}": source("", preliminary_tasks=tasks("a", result_path=path))
        for path in ("$.status", "$.mwaa_dag_conf.table-name", "$.a['b c'][0].d", "$.Größe")
    },
    "tasks: as many functions as the role's policy holds": source(
        "", preliminary_tasks=many_tasks(longer=0)
    ),
    "tasks: more functions than the role's policy holds": source(
        LONG_POLICY, preliminary_tasks=many_tasks(longer=1)
    ),
    "tasks: result in place of the input": source(
        RESULT_PATH, preliminary_tasks=tasks("a", result_path="$")
    ),
    **{
        f"tasks: result at {path}, which is no path of a field": source(
            RESULT_PATH, preliminary_tasks=tasks("a", result_path=path)
        )
        for path in (
            "status",
            "$.",
            "$.a.",
            "$.a b",
            "$.a[*]",
            "$.a[-1]",
            "$.a..b",
            "$$.a",
            "$.a\nb",
        )
    },
    "logging: unknown level": source(
        "Write logging.level as ALL, ERROR, FATAL or OFF.",
        logging={"level": "LOUD"},
    ),
    "logging: impossible retention": source(
        "expected retention_in_days to be one of [0 1 3 5 7 14 30 60 90 120 150 180 365 400 545 "
        "731 1096 1827 2192 2557 2922 3288 3653], got 2",
        logging={"retention_in_days": 2},
    ),
    "wait: shortest": source("", wait_for_completion=wait(5, 5)),
    "wait: longest": source("", wait_for_completion=wait(60, 60 * MAX_POLLS)),
    "wait: longest over the CLI": source(
        "", wait_for_completion={"timeout_seconds": LONGEST_TIMEOUTS["cli"]}
    ),
    "wait: longest over REST": source(
        "",
        target=to(transport="rest"),
        wait_for_completion={"timeout_seconds": LONGEST_TIMEOUTS["rest"]},
    ),
    "wait: interval of less than 5 s": source(INTERVAL, wait_for_completion=wait(4, 60)),
    "wait: interval of half a second more": source(INTERVAL, wait_for_completion=wait(5.5, 60)),
    "wait: interval longer than a state waits": source(
        INTERVAL, wait_for_completion=wait(100_000_000, 100_000_000)
    ),
    "wait: timeout shorter than the interval": source(
        timeout_below(30), wait_for_completion=wait(60, 59)
    ),
    "wait: timeout shorter than the first interval over the CLI": source(
        timeout_below(30), wait_for_completion={"timeout_seconds": 29}
    ),
    "wait: timeout shorter than the first interval over REST": source(
        timeout_below(15),
        target=to(transport="rest"),
        wait_for_completion={"timeout_seconds": 14},
    ),
    "wait: timeout with a fraction": source(timeout_below(30), wait_for_completion=wait(5, 60.5)),
    "wait: more polls than the history holds": source(
        timeout_above(60 * MAX_POLLS), wait_for_completion=wait(60, 60 * MAX_POLLS + 1)
    ),
    "wait: more polls than the history holds over the CLI": source(
        timeout_above(LONGEST_TIMEOUTS["cli"]),
        wait_for_completion={"timeout_seconds": LONGEST_TIMEOUTS["cli"] + 1},
    ),
    "wait: more polls than the history holds over REST": source(
        timeout_above(LONGEST_TIMEOUTS["rest"]),
        target=to(transport="rest"),
        wait_for_completion={"timeout_seconds": LONGEST_TIMEOUTS["rest"] + 1},
    ),
    **{
        f"target: function that may run for {seconds} s": source(
            "", target=to(function_timeout=seconds)
        )
        for seconds in (1, 900)
    },
    **{
        f"target: function that may run for {seconds} s, which is no timeout": source(
            FUNCTION_TIMEOUT, target=to(function_timeout=seconds)
        )
        for seconds in (0, 0.5, 901)
    },
    "target: role in another partition": source(
        TARGET_ROLE, target=to(role_arn="arn:aws-cn:iam::222222222222:role/t")
    ),
    "target: role's name in place of its ARN": source(TARGET_ROLE, target=to(role_arn="t")),
    "target: function in another partition": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws-cn:lambda:eu-central-1:222222222222:function:f:live"),
    ),
    "target: function in another Region": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws:lambda:eu-west-1:222222222222:function:f:live"),
    ),
    "target: function, which the role may not invoke": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws:lambda:eu-central-1:222222222222:function:f"),
    ),
    "target: version, which the role may not invoke": source(
        TARGET_FUNCTION,
        target=to(function_arn="arn:aws:lambda:eu-central-1:222222222222:function:f:7"),
    ),
    "target: unknown transport": source(
        "`target.transport` must be `cli` or `rest`, as in modules/target.",
        target=to(transport="REST"),
    ),
    "target: role and function of two accounts": source(
        TARGET_ACCOUNT, target=to(role_arn="arn:aws:iam::333333333333:role/t")
    ),
    "encryption: good": source("", encryption={"kms_key_arn": KEY}),
    "encryption: key of another Region": source(
        ENCRYPTION_KEY, encryption={"kms_key_arn": KEY.replace("eu-central-1", "eu-west-1")}
    ),
    "encryption: an alias of a key": source(
        ENCRYPTION_KEY, encryption={"kms_key_arn": "alias/states"}
    ),
    "encryption: data key used for too short": source(
        REUSE, encryption={"kms_key_arn": KEY, "data_key_reuse_period_seconds": 59}
    ),
    "encryption: data key used for too long": source(
        REUSE, encryption={"kms_key_arn": KEY, "data_key_reuse_period_seconds": 901}
    ),
    "logging: key": source("", logging={"kms_key_arn": KEY, "retention_in_days": 7}),
    "logging: key of another Region": source(
        LOG_KEY, logging={"kms_key_arn": KEY.replace("eu-central-1", "us-east-1")}
    ),
    "logging: existing log group": source("", logging={"log_group_name": "/team/states"}),
    "logging: an ARN": source(
        LOG_GROUP,
        logging={"log_group_name": "arn:aws:logs:eu-central-1:111111111111:log-group:/team/states"},
    ),
    "logging: longest name": source("", logging={"log_group_name": "n" * 205}),
    "logging: name too long": source(LOG_GROUP, logging={"log_group_name": "n" * 206}),
    "logging: existing log group with a retention": source(
        EXISTING, logging={"log_group_name": "/team/states", "retention_in_days": 7}
    ),
    "logging: existing log group with a key": source(
        EXISTING, logging={"log_group_name": "/team/states", "kms_key_arn": KEY}
    ),
    "role: path and boundary": source(
        "",
        role={
            "path": "/teams/data/",
            "permissions_boundary": "arn:aws:iam::111111111111:policy/boundaries/team",
        },
    ),
    "role: path without its first slash": source(PATH, role={"path": "teams/"}),
    "role: path without its last slash": source(PATH, role={"path": "/teams"}),
    "role: path with an empty part": source(PATH, role={"path": "/teams//data/"}),
    "role: path with a character that Lambda refuses": source(PATH, role={"path": "/te!am/"}),
    "role: longest path": source("", role={"path": f"/{'p' * 207}/"}),
    "role: path too long": source(LONG_PATH, role={"path": f"/{'p' * 208}/"}),
    "role: boundary by name": source(BOUNDARY, role={"permissions_boundary": "team"}),
    "role: boundary that is a role": source(
        BOUNDARY, role={"permissions_boundary": "arn:aws:iam::111111111111:role/team"}
    ),
} | tag_cases("source")
