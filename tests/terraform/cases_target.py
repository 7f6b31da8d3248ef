"""Values that modules/target refuses, with a sentence that says what to write."""

from __future__ import annotations

from typing import Any

from tests.terraform.cases import TARGET, Case, tag_cases

KEY = "arn:aws:kms:eu-central-1:222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def target(says: str, **values: Any) -> Case:
    return Case("target", says, values)


def trusted(**values: str) -> list[dict[str, str]]:
    return [{**TARGET["trusted_sources"][0], **values}]


def many_sources(count: int, *, longer: int = 0) -> list[dict[str, str]]:
    """Return sources with names of usual length, the first of which is longer."""
    name = "data-onboarding-production"
    sources = [
        {
            "role_arn": f"arn:aws:iam::{account}:role/{name}-source",
            "state_machine_arn": f"arn:aws:states:eu-central-1:{account}:stateMachine:{name}",
        }
        for account in range(10**11, 10**11 + count)
    ]
    sources[0]["role_arn"] += "e" * longer
    return sources


def many_environments(*, longer: int) -> list[str]:
    """Return environments that fill the policy of the function's role, the last with a longer name."""
    return [*(f"e{number:02}{'n' * 75}" for number in range(33)), "n" * (58 + longer)]


def zip_of(**values: str) -> dict[str, str]:
    return {"bucket": "zips", "key": "a.zip", "source_code_hash": "aGFzaA==", **values}


def network(**values: list[str]) -> dict[str, list[str]]:
    return {"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0a1b"], **values}


TARGET_NAME = "Write name with letters, digits, '-' and '_' only, at most 56 of them."
NO_ENVIRONMENT = "Name at least one environment in mwaa_environments."
ENVIRONMENT = (
    "Write each of mwaa_environments as MWAA has it (a name, no ARN): a letter, then letters, "
    "digits, '-' and '_', at most 80 in all."
)
NO_SOURCE = "Name at least one source in trusted_sources."
SOURCE_ROLE = (
    "Give each role_arn of trusted_sources a role in the target's partition: "
    "arn:aws:iam::ACCOUNT:role/NAME."
)
STATE_MACHINE = (
    "Give each state_machine_arn of trusted_sources a state machine in the target's partition and "
    "Region, its name of letters, digits and _+=,.@- only: "
    "arn:aws:states:eu-central-1:ACCOUNT:stateMachine:NAME."
)
SOURCE_ACCOUNT = "Give role_arn and state_machine_arn of each of trusted_sources of one account."
ARCHITECTURE = "Write function.architecture as arm64 or x86_64."
MEMORY = "Write function.memory_size as 128 to 10240 (MiB)."
TIMEOUT = (
    "Write function.timeout as 60 to 900 (seconds): the function keeps time back for a look whether "
    "the DAG run is there, and with less would send nothing."
)
AIRFLOW_ROLE = (
    "Write airflow_role as the name of an Airflow role, such as User, Op or one of your own: letters, "
    "digits, '_', '.' and '-', at most 64 of them."
)
TRANSPORT = "Write transport as cli or rest."
ALLOWED = (
    "Name in allowed_dags only environments that are in mwaa_environments; not among them: other."
)
NO_DAG = (
    "Name at least one DAG for each environment of allowed_dags, or leave the environment out to "
    "allow all."
)
PATTERN = (
    "Write each of allowed_dags as a DAG id, or as the beginning of one with '*' behind it and "
    "nowhere else."
)
ALL_OF_THEM = (
    '`allowed_dags` must be shorter, for example with prefixes such as "team_*": a function\'s '
    "environment variables, which also contain `mwaa_environments` and `trusted_sources`, have at most 4 KiB of "
    "JSON."
)
FUNCTION_KEY = (
    "Give function.kms_key_arn a key of the target's partition and Region: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
CONCURRENCY = (
    "Write function.reserved_concurrency as a whole number from 1, or leave it out; with 0 the "
    "function would never run."
)
LOG_KEY = (
    "Give logging.kms_key_arn a key of the target's partition and Region: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
LOG_GROUP = (
    "Write logging.log_group_name as the name of a log group (no ARN): letters, digits and _ . / # - "
    "only, at most 512 of them."
)
EXISTING = (
    "Leave out logging.retention_in_days and logging.kms_key_arn beside logging.log_group_name: an "
    "existing log group keeps its own."
)
EITHER = "Give package either a path or a bucket."
NO_ZIP = "The Lambda's zip is not there: run `make package`."
HASH = (
    "Beside package.bucket give package.key and package.source_code_hash (`openssl dgst -sha256 "
    "-binary FILE | base64`): without the hash a new zip under the same key would not be seen."
)
BUCKETLESS = (
    "Give package.key, package.object_version and package.source_code_hash only beside "
    "package.bucket."
)
BOUNDARY = (
    "Write role.permissions_boundary as the ARN of a policy: arn:aws:iam::ACCOUNT:policy/NAME."
)
PATH = (
    "`role.path` must begin and end with a slash, with letters, digits and _+=,.@- between slashes, "
    "such as /teams/data/."
)
LONG_TRUST = (
    "The trust policy of the role onboarding-{role} must have at most 2048 characters (IAM's default "
    "quota), but `trusted_sources` makes it {length} long. Call this module again, with another "
    "`name`, for some of the sources."
)
LONG_POLICY = (
    "The inline policy of the role onboarding-target must have at most 10240 characters (an IAM "
    "quota), but `mwaa_environments` makes it 10242 long. Call this module again, with another "
    "`name`, for some of the environments."
)
VPC_SIZE = "`vpc` must have 1 to 16 `subnet_ids` and 1 to 5 `security_group_ids`."
VPC_IDS = (
    "Write vpc.subnet_ids as ids such as subnet-0123456789abcdef0, and vpc.security_group_ids as ids "
    "such as sg-0123456789abcdef0."
)
ONE_ROLE = (
    "Set dedicated_invoker_role = true beside vpc: with one role for both, a source could make "
    "network interfaces in your VPC."
)

CASES = {
    "target: good": target(""),
    "target: longest name": target("", name="n" * 56),
    "target: name too long for its roles": target(TARGET_NAME, name="n" * 57),
    "target: name that Lambda does not take": target(TARGET_NAME, name="on.boarding"),
    "environments: none": target(NO_ENVIRONMENT, mwaa_environments=[]),
    "environments: longest name": target("", mwaa_environments=["e" * 80]),
    "environments: name too long": target(ENVIRONMENT, mwaa_environments=["e" * 81]),
    "environments: as many as the function's policy holds": target(
        "", mwaa_environments=many_environments(longer=0)
    ),
    "environments: more than the function's policy holds": target(
        LONG_POLICY, mwaa_environments=many_environments(longer=1)
    ),
    "environments: an ARN": target(
        ENVIRONMENT,
        mwaa_environments=["arn:aws:airflow:eu-central-1:222222222222:environment/analytics"],
    ),
    "environments: a wildcard": target(ENVIRONMENT, mwaa_environments=["*"]),
    "sources: none": target(NO_SOURCE, trusted_sources=[]),
    "sources: a whole account": target(
        SOURCE_ROLE, trusted_sources=trusted(role_arn="arn:aws:iam::111111111111:root")
    ),
    "sources: any role": target(
        SOURCE_ROLE, trusted_sources=trusted(role_arn="arn:aws:iam::111111111111:role/*")
    ),
    "sources: role in another partition": target(
        SOURCE_ROLE, trusted_sources=trusted(role_arn="arn:aws-cn:iam::111111111111:role/s")
    ),
    "sources: state machine in another Region": target(
        STATE_MACHINE,
        trusted_sources=trusted(
            state_machine_arn="arn:aws:states:eu-west-1:111111111111:stateMachine:m"
        ),
    ),
    "sources: any state machine": target(
        STATE_MACHINE,
        trusted_sources=trusted(
            state_machine_arn="arn:aws:states:eu-central-1:111111111111:stateMachine:*"
        ),
    ),
    "sources: role and state machine of two accounts": target(
        SOURCE_ACCOUNT, trusted_sources=trusted(role_arn="arn:aws:iam::333333333333:role/s")
    ),
    "sources: as many as the trust policy holds": target(
        "", trusted_sources=many_sources(7, longer=77)
    ),
    "sources: more than the trust policy holds": target(
        LONG_TRUST.format(role="target", length=2049), trusted_sources=many_sources(7, longer=78)
    ),
    "sources: more than the trust policy of the invoker role holds": target(
        LONG_TRUST.format(role="invoker", length=2142),
        trusted_sources=many_sources(8),
        dedicated_invoker_role=True,
    ),
    "function: largest": target("", function={"memory_size": 10240, "timeout": 900}),
    "function: unknown architecture": target(ARCHITECTURE, function={"architecture": "mips"}),
    "function: too little memory": target(MEMORY, function={"memory_size": 127}),
    "function: shortest": target("", function={"timeout": 60}),
    "function: too short to send anything": target(TIMEOUT, function={"timeout": 59}),
    "function: too long": target(TIMEOUT, function={"timeout": 901}),
    "Airflow role: longest, of one's own": target("", airflow_role="Trigger.DAG_runs-" + "r" * 47),
    "Airflow role: too long": target(AIRFLOW_ROLE, airflow_role="r" * 65),
    "Airflow role: any": target(AIRFLOW_ROLE, airflow_role="*"),
    "Airflow role: an ARN": target(
        AIRFLOW_ROLE, airflow_role="arn:aws:airflow:eu-central-1:222222222222:role/analytics/Op"
    ),
    "Airflow role: none": target(AIRFLOW_ROLE, airflow_role=""),
    "transport: rest": target("", transport="rest"),
    "transport: unknown": target(TRANSPORT, transport="grpc"),
    "transport: in capitals": target(TRANSPORT, transport="REST"),
    "DAGs: by id and by prefix": target("", allowed_dags={"analytics": ["onboarding", "team_*"]}),
    "DAGs: all by a pattern": target("", allowed_dags={"analytics": ["*"]}),
    "DAGs: letters beyond ASCII": target("", allowed_dags={"analytics": ["prüfen"]}),
    "DAGs: of an environment that is not there": target(ALLOWED, allowed_dags={"other": ["a"]}),
    "DAGs: none": target(NO_DAG, allowed_dags={"analytics": []}),
    "DAGs: a star in the middle": target(PATTERN, allowed_dags={"analytics": ["a*b"]}),
    "DAGs: a star at the beginning": target(PATTERN, allowed_dags={"analytics": ["*a"]}),
    "DAGs: a question mark": target(PATTERN, allowed_dags={"analytics": ["a?"]}),
    "DAGs: an empty id": target(PATTERN, allowed_dags={"analytics": [""]}),
    "DAGs: as many as a function's environment holds": target(
        "", allowed_dags={"analytics": [f"{number:03}" for number in range(489)]}
    ),
    "DAGs: more than a function's environment holds": target(
        ALL_OF_THEM, allowed_dags={"analytics": [f"{number:03}" for number in range(490)]}
    ),
    "function: key": target("", function={"kms_key_arn": KEY, "tracing": True}),
    "function: key of another Region": target(
        FUNCTION_KEY, function={"kms_key_arn": KEY.replace("eu-central-1", "eu-west-1")}
    ),
    "function: one at a time": target("", function={"reserved_concurrency": 1}),
    "function: none at a time": target(CONCURRENCY, function={"reserved_concurrency": 0}),
    "function: one and a half at a time": target(
        CONCURRENCY, function={"reserved_concurrency": 1.5}
    ),
    "log: key": target("", logging={"kms_key_arn": KEY}),
    "log: key of another Region": target(
        LOG_KEY, logging={"kms_key_arn": KEY.replace("eu-central-1", "us-east-1")}
    ),
    "log: existing log group": target("", logging={"log_group_name": "/team/function"}),
    "log: an ARN": target(
        LOG_GROUP,
        logging={"log_group_name": "arn:aws:logs:eu-central-1:222222222222:log-group:/team"},
    ),
    "log: existing log group with a retention": target(
        EXISTING, logging={"log_group_name": "/team/function", "retention_in_days": 0}
    ),
    "log: existing log group with a key": target(
        EXISTING, logging={"log_group_name": "/team/function", "kms_key_arn": KEY}
    ),
    "package: in a bucket": target("", package=zip_of(object_version="v")),
    "package: neither path nor bucket": target(EITHER, package={}),
    "package: both path and bucket": target(
        EITHER, package={"path": "dist/package.zip", **zip_of()}
    ),
    "package: not built": target(NO_ZIP, package={"path": "dist/other.zip"}),
    "package: in a bucket, without its hash": target(
        HASH, package={"bucket": "zips", "key": "a.zip"}
    ),
    "package: in a bucket, without its key": target(
        HASH, package={"bucket": "zips", "source_code_hash": "aGFzaA=="}
    ),
    "package: a path with the hash of another": target(
        BUCKETLESS, package={"path": "dist/package.zip", "source_code_hash": "aGFzaA=="}
    ),
    "roles: path and boundary": target(
        "", role={"path": "/teams/", "permissions_boundary": "arn:aws:iam::aws:policy/Boundary"}
    ),
    "roles: path without slashes": target(PATH, role={"path": "teams"}),
    "roles: path with a character that Lambda refuses": target(PATH, role={"path": "/te!am/"}),
    "roles: longest path": target("", role={"path": f"/{'p' * 510}/"}),
    "roles: boundary that is a role": target(
        BOUNDARY, role={"permissions_boundary": "arn:aws:iam::222222222222:role/team"}
    ),
    "VPC: good": target("", vpc=network(), dedicated_invoker_role=True),
    "VPC: largest": target(
        "",
        vpc=network(
            subnet_ids=[f"subnet-{number:x}" for number in range(16)],
            security_group_ids=[f"sg-{number}" for number in range(5)],
        ),
        dedicated_invoker_role=True,
    ),
    "VPC: no subnet": target(VPC_SIZE, vpc=network(subnet_ids=[]), dedicated_invoker_role=True),
    "VPC: too many subnets": target(
        VPC_SIZE,
        vpc=network(subnet_ids=[f"subnet-{number}" for number in range(17)]),
        dedicated_invoker_role=True,
    ),
    "VPC: no security group": target(
        VPC_SIZE, vpc=network(security_group_ids=[]), dedicated_invoker_role=True
    ),
    "VPC: too many security groups": target(
        VPC_SIZE,
        vpc=network(security_group_ids=[f"sg-{number}" for number in range(6)]),
        dedicated_invoker_role=True,
    ),
    "VPC: a subnet by name": target(
        VPC_IDS, vpc=network(subnet_ids=["private"]), dedicated_invoker_role=True
    ),
    "VPC: one role for function and sources": target(ONE_ROLE, vpc=network()),
} | tag_cases("target")
