"""Values that modules/source accepts or rejects, with the message that says what to write."""

from __future__ import annotations

from typing import Any

from tests.terraform.validation.cases import SOURCE, Case, tag_cases

FUNCTION = "arn:aws:lambda:eu-central-1:111111111111:function:prepare"
ROLES = "arn:aws:iam::111111111111:role"
BATCH = {"bucket": "batches"}
KEY = "arn:aws:kms:eu-central-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def source(says: str, **values: Any) -> Case:
    return Case("source", says, values)


def tasks(*names: str, **values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "lambda_arn": FUNCTION, **values} for name in names]


def many_tasks(*, longer: int) -> list[dict[str, Any]]:
    """Return tasks whose functions fill the policy of the role, the last with a longer name."""
    names = [*(f"{number:02}-{'f' * 50}" for number in range(84)), "f" * (84 + longer)]
    return [{"name": name[:80], "lambda_arn": f"{FUNCTION}-{name}"} for name in names]


def existing(name: str, **values: Any) -> dict[str, Any]:
    return {"existing_log_group": {"name": name}, **values}


def batch(**values: Any) -> dict[str, Any]:
    return {**BATCH, **values}


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


SOURCE_NAME = "`name` must have 1 to 57 letters, digits, '-' and '_', such as data-onboarding."
BATCH_NAME = (
    "`name` must not end with -batch, the suffix of the batch state machine. Use another name, such as "
    "data-onboarding-batches."
)
TASK_NAME = (
    "Each `name` in `preliminary_tasks` must have 1 to 80 characters and no line breaks or other control "
    'characters, such as "Update Client Database". An emoji counts as two characters or more.'
)
OWN_STATE = (
    "Each `name` in `preliminary_tasks` must differ from the state machine's own states: 'Trigger MWAA "
    "DAG', 'Wait for DAG Run', 'Check DAG Run', 'DAG Run Ended?', 'DAG Run Succeeded'."
)
INTERVAL = (
    "`wait_for_completion.poll_interval_seconds` must be a whole number of seconds from 5 to 99999999, "
    "such as 60."
)
TASK_FUNCTION = (
    "Each `lambda_arn` in `preliminary_tasks` must be the ARN of a function in the partition and Region of "
    "the source: arn:aws:lambda:eu-central-1:ACCOUNT:function:NAME."
)
RESULT_PATH = (
    "Each `result_path` in `preliminary_tasks` must be the path of one field, such as $.status or "
    "$.mwaa_dag_conf.table. Omit it to drop the result. The path $ alone would replace the execution's input."
)
TARGET_ROLE = (
    "`target.role_arn` must be the ARN of a role in the partition of the source: "
    "arn:aws:iam::ACCOUNT:role/NAME."
)
TARGET_FUNCTION = (
    "`target.function_arn` must be the ARN of a function's alias in the partition and Region of the source: "
    "arn:aws:lambda:eu-central-1:ACCOUNT:function:NAME:live."
)
FUNCTION_TIMEOUT = (
    "`target.function_timeout` must be the function's timeout, a whole number of seconds from 1 to 900, "
    "such as 300."
)
TARGET_ACCOUNT = "`target.role_arn` and `target.function_arn` must belong to the same account."
ENCRYPTION_KEY = (
    "`encryption.kms_key_arn` must be the ARN of a key in the partition and Region of the source: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
REUSE = "`encryption.data_key_reuse_period_seconds` must be from 60 to 900, such as 300."
LOG_KEY = (
    "`logging.kms_key_arn` must be the ARN of a key in the partition and Region of the source: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
LOG_GROUP = (
    "`logging.existing_log_group.name` must be the name of a log group (no ARN), such as /team/states: "
    "letters, digits and _./#- only, at most 205 of them, because Step Functions accepts a log group's ARN "
    "of up to 256."
)
EXISTING = (
    "`logging.kms_key_arn` and `logging.retention_in_days` must be omitted if `logging.existing_log_group` "
    "is set: an existing log group keeps its own."
)
BOUNDARY = (
    "`role.permissions_boundary` must be the ARN of a policy: arn:aws:iam::ACCOUNT:policy/NAME."
)
PATH = (
    "`role.path` must begin and end with a slash, with letters, digits and _+=,.@- between slashes, "
    "such as /teams/data/."
)
LONG_PATH = "`role.path` must have at most 209 characters: Step Functions accepts a role's ARN of up to 256."
EXISTING_ROLE = (
    "`role.existing.arn` and `role.existing.batch_arn` must be ARNs of roles in the source account: "
    "arn:aws:iam::111111111111:role/NAME."
)
BATCH_ROLE = "`role.existing.batch_arn` must be set together with `batch`, and omitted without it."
ROLE_KEEPS = (
    "`role.path` and `role.permissions_boundary` must be omitted if `role.existing` is set: existing roles "
    "keep their own."
)
BUCKET = (
    "`batch.bucket` must be the name of a bucket (no ARN, no s3://), such as team-batches: 3 to 63 lowercase "
    "letters, digits, '-' and '.'."
)
CONCURRENCY = "`batch.max_concurrency` must be a whole number from 1 to 10000, such as 4."
PERCENTAGE = "`batch.tolerated_failure_percentage` must be a whole number from 0 to 100, such as 5."
PREFIX = (
    "`batch.prefix` must end with a slash and not begin with one, such as teams/data/batches/. Between "
    "slashes, use letters, digits and _ . = - only."
)
LONG_POLICY = (
    "The inline policy of the role onboarding-source must have at most 10240 characters (an IAM "
    "quota), but the functions of `preliminary_tasks` make it 10241 long. Use one function for "
    "several of the tasks."
)

CASES = {
    "source: good": source(""),
    "source: longest name": source("", name="n" * 57),
    "source: name too long for its role": source(SOURCE_NAME, name="n" * 58),
    "source: name that STS rejects as external id": source(SOURCE_NAME, name="on*boarding"),
    "source: name that the provider rejects": source(SOURCE_NAME, name="on.boarding"),
    "source: name with a space": source(SOURCE_NAME, name="on boarding"),
    "source: no name": source(SOURCE_NAME, name=""),
    "source: name of a batch state machine": source(BATCH_NAME, name="onboarding-batch"),
    "source: name that contains a suffix": source("", name="onboarding-batch-2"),
    "tasks: longest name": source("", preliminary_tasks=tasks("t" * 80)),
    "tasks: name too long": source(TASK_NAME, preliminary_tasks=tasks("t" * 81)),
    "tasks: no name": source(TASK_NAME, preliminary_tasks=tasks("")),
    "tasks: longest name with emoji": source("", preliminary_tasks=tasks("\N{ROCKET}" * 40)),
    "tasks: 80 emoji": source(TASK_NAME, preliminary_tasks=tasks("\N{ROCKET}" * 80)),
    "tasks: 80 emoji of several characters": source(
        TASK_NAME, preliminary_tasks=tasks("\N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}" * 80)
    ),
    "tasks: name of two lines": source(TASK_NAME, preliminary_tasks=tasks("a\nb")),
    "tasks: name with a line separator": source(
        TASK_NAME, preliminary_tasks=tasks("a\N{LINE SEPARATOR}b")
    ),
    "tasks: one name twice": source(
        "Each `name` in `preliminary_tasks` must be different: they are the names of states.",
        preliminary_tasks=tasks("a", "b", "a"),
    ),
    "tasks: name of the trigger": source(OWN_STATE, preliminary_tasks=tasks("Trigger MWAA DAG")),
    "tasks: name of a state that waits": source(
        OWN_STATE, preliminary_tasks=tasks("Check DAG Run")
    ),
    "tasks: alias": source("", preliminary_tasks=tasks("a", lambda_arn=f"{FUNCTION}:live")),
    "tasks: another account": source(
        "",
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
        f"tasks: result at {path}, which is not the path of a field": source(
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
        "`logging.level` must be ALL, ERROR, FATAL or OFF.",
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
    "logging: existing log group": source("", logging=existing("/team/states")),
    "logging: an ARN": source(
        LOG_GROUP,
        logging=existing("arn:aws:logs:eu-central-1:111111111111:log-group:/team/states"),
    ),
    "logging: longest name": source("", logging=existing("n" * 205)),
    "logging: name too long": source(LOG_GROUP, logging=existing("n" * 206)),
    "logging: existing log group with a retention": source(
        EXISTING, logging=existing("/team/states", retention_in_days=7)
    ),
    "logging: existing log group with a key": source(
        EXISTING, logging=existing("/team/states", kms_key_arn=KEY)
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
    "role: path with a character that Lambda rejects": source(PATH, role={"path": "/te!am/"}),
    "role: longest path": source("", role={"path": f"/{'p' * 207}/"}),
    "role: path too long": source(LONG_PATH, role={"path": f"/{'p' * 208}/"}),
    "role: existing": source("", role={"existing": {"arn": f"{ROLES}/team/states"}}),
    "role: existing, for batches too": source(
        "", role={"existing": {"arn": f"{ROLES}/states", "batch_arn": f"{ROLES}/b"}}, batch=BATCH
    ),
    "role: existing, of another account": source(
        EXISTING_ROLE, role={"existing": {"arn": "arn:aws:iam::222222222222:role/states"}}
    ),
    "role: existing, by name": source(EXISTING_ROLE, role={"existing": {"arn": "states"}}),
    "role: existing, without batches": source(
        BATCH_ROLE, role={"existing": {"arn": f"{ROLES}/states", "batch_arn": f"{ROLES}/b"}}
    ),
    "role: existing, but not for batches": source(
        BATCH_ROLE, role={"existing": {"arn": f"{ROLES}/states"}}, batch=BATCH
    ),
    "role: existing, with a path": source(
        ROLE_KEEPS, role={"existing": {"arn": f"{ROLES}/states"}, "path": "/teams/"}
    ),
    "role: boundary by name": source(BOUNDARY, role={"permissions_boundary": "team"}),
    "role: boundary that is a role": source(
        BOUNDARY, role={"permissions_boundary": "arn:aws:iam::111111111111:role/team"}
    ),
    "batch: good": source("", batch=BATCH),
    "batch: with the longest name": source("", name="n" * 57, batch=BATCH),
    "batch: bucket that is an ARN": source(BUCKET, batch=batch(bucket="arn:aws:s3:::batches")),
    "batch: bucket that is a URL": source(BUCKET, batch=batch(bucket="s3://batches")),
    "batch: bucket with capitals": source(BUCKET, batch=batch(bucket="Batches")),
    "batch: bucket name too short": source(BUCKET, batch=batch(bucket="ba")),
    "batch: bucket with two dots": source(BUCKET, batch=batch(bucket="ba..tches")),
    "batch: no bucket": source(BUCKET, batch=batch(bucket="")),
    "batch: highest concurrency": source("", batch=batch(max_concurrency=10000)),
    "batch: no concurrency": source(CONCURRENCY, batch=batch(max_concurrency=0)),
    "batch: too much concurrency": source(CONCURRENCY, batch=batch(max_concurrency=10001)),
    "batch: fractional concurrency": source(CONCURRENCY, batch=batch(max_concurrency=1.5)),
    "batch: all may fail": source("", batch=batch(tolerated_failure_percentage=100)),
    "batch: fractional percentage": source(
        PERCENTAGE, batch=batch(tolerated_failure_percentage=0.5)
    ),
    "batch: percentage below 0": source(PERCENTAGE, batch=batch(tolerated_failure_percentage=-1)),
    "batch: percentage above 100": source(
        PERCENTAGE, batch=batch(tolerated_failure_percentage=101)
    ),
    "batch: prefix of two parts": source("", batch=batch(prefix="teams/data/")),
    "batch: prefix that does not end with a slash": source(PREFIX, batch=batch(prefix="batches")),
    "batch: prefix that begins with a slash": source(PREFIX, batch=batch(prefix="/batches/")),
    "batch: prefix with a wildcard": source(PREFIX, batch=batch(prefix="batches*/")),
    "batch: empty prefix": source(PREFIX, batch=batch(prefix="")),
    "batch: unknown log level": source(
        "`batch.log_level` must be ALL, ERROR, FATAL or OFF.", batch=batch(log_level="LOUD")
    ),
    "batch: longest wait": source(
        "", batch=BATCH, wait_for_completion=wait(99_999_999, 99_999_999)
    ),
} | tag_cases("source")
