"""Values that modules/target accepts or rejects, with the message that says what to write."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.terraform.validation.cases import TARGET, VERSION_HASH, Case, tag_cases

ROLES = "arn:aws:iam::222222222222:role"
SIGNING = "arn:aws:lambda:eu-central-1:222222222222:code-signing-config:csc-0f6c334abcdea4d8b"
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


def existing(name: str, **values: Any) -> dict[str, Any]:
    return {"existing_log_group": {"name": name}, **values}


def zip_of(**values: str) -> dict[str, str]:
    return {"bucket": "zips", "key": "a.zip", "source_code_hash": VERSION_HASH, **values}


def network(**values: list[str]) -> dict[str, list[str]]:
    return {"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0a1b"], **values}


TARGET_NAME = "`name` must have 1 to 56 letters, digits, '-' and '_', such as data-onboarding."
NO_ENVIRONMENT = '`mwaa_environments` must name at least one environment, such as ["analytics"].'
ENVIRONMENT = (
    "Each of `mwaa_environments` must be the name of an environment (no ARN), such as analytics: a letter, "
    "then letters, digits, '-' and '_', at most 80 in all."
)
SOURCE_ROLE = (
    "Each `role_arn` in `trusted_sources` must be the ARN of a role in the partition of the target: "
    "arn:aws:iam::ACCOUNT:role/NAME."
)
STATE_MACHINE = (
    "Each `state_machine_arn` in `trusted_sources` must be the ARN of a state machine in the partition and "
    "Region of the target, with a name of letters, digits and _+=,.@- only: "
    "arn:aws:states:eu-central-1:ACCOUNT:stateMachine:NAME."
)
SOURCE_ACCOUNT = "In each `trusted_sources` entry, `role_arn` and `state_machine_arn` must belong to the same account."
SOURCE_BY = "Each `by` in `trusted_sources` must be role or principal-arn."
ORGANIZATION = "`organization_id` must be the id of an organization, such as o-exampleorgid."
EXISTING_ROLE = (
    "`role.existing.arn` and `role.existing.invoker_arn` must be ARNs of roles in the target account: "
    "arn:aws:iam::222222222222:role/NAME."
)
INVOKER_ROLE = "`role.existing.invoker_arn` must be set with `dedicated_invoker_role = true`, and omitted without it."
ROLE_KEEPS = (
    "`role.path` and `role.permissions_boundary` must be omitted if `role.existing` is set: existing roles "
    "keep their own."
)
CODE_SIGNING = (
    "`function.code_signing_config_arn` must be the ARN of a code signing configuration of the target account "
    "and Region: arn:aws:lambda:eu-central-1:222222222222:code-signing-config:csc-ID."
)
VARIABLES = (
    "Each name in `function.environment` must have 2 or more letters, digits and '_', begin with a letter, "
    "such as AWS_USE_FIPS_ENDPOINT, and be none of the variables that this module or Lambda sets: "
    "ALLOWED_DAGS, AWS_ACCESS_KEY, AWS_ACCESS_KEY_ID, AWS_DEFAULT_REGION, AWS_EXECUTION_ENV, AWS_REGION, "
    "AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, MWAA_ENVIRONMENTS, TRANSPORT, TRUSTED_STATE_MACHINES, AWS_LAMBDA_*."
)
ARCHITECTURE = "`function.architecture` must be arm64 or x86_64."
MEMORY = "`function.memory_size` must be from 128 to 10240 (MiB), such as 256."
TIMEOUT = (
    "`function.timeout` must be from 60 to 900 (seconds), such as 300: the function reserves time to check "
    "the DAG run, and with less it would send nothing."
)
AIRFLOW_ROLE = (
    "`airflow_role` must be the name of an Airflow role, such as User, Op or your own: 1 to 64 letters, "
    "digits, spaces and _.- only, and no space at the beginning."
)
TRANSPORT = "`transport` must be `cli` or `rest`."
ALLOWED = "Each key of `allowed_dags` must be one of `mwaa_environments`. These are not: other."
NO_DAG = (
    'Each environment in `allowed_dags` must have at least one DAG, such as ["onboarding"]. Omit the '
    "environment to allow all of its DAGs."
)
PATTERN = (
    "Each of `allowed_dags` must be a DAG id, such as onboarding, or a prefix that ends with '*', such as "
    "team_*."
)
ALL_OF_THEM = (
    "`allowed_dags` and `function.environment` must be shorter, for example with prefixes such as "
    '"team_*": the environment variables of a function, which also contain `mwaa_environments` and '
    "`trusted_sources`, have at most 4 KiB of JSON."
)
FUNCTION_KEY = (
    "`function.kms_key_arn` must be the ARN of a key in the partition and Region of the target: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
CONCURRENCY = (
    "`function.reserved_concurrency` must be a whole number from 0, such as 4. Omit it for no limit. 0 stops "
    "all invocations."
)
LOG_KEY = (
    "`logging.kms_key_arn` must be the ARN of a key in the partition and Region of the target: "
    "arn:aws:kms:eu-central-1:ACCOUNT:key/ID."
)
LOG_GROUP = (
    "`logging.existing_log_group.name` must be the name of a log group (no ARN), such as /team/mwaa: 1 to 512 "
    "letters, digits and _./#- only."
)
EXISTING = (
    "`logging.kms_key_arn` and `logging.retention_in_days` must be omitted if `logging.existing_log_group` "
    "is set: an existing log group keeps its own."
)
EITHER = "`package` must have either `path`, such as dist/mwaa_dags_trigger.zip, or `bucket`."
NO_ZIP = "`package.path` must be an existing zip file: run `make package`."
HASH = (
    "`package.key` and `package.source_code_hash` (`openssl dgst -sha256 -binary FILE | base64`) must be set "
    "together with `package.bucket`. Without the hash, Terraform would not detect a new zip under the same key."
)
ANOTHER_ZIP = (
    f"`package` must be the zip of this version of the module, with the SHA-256 {VERSION_HASH}, and not "
    "{hash}: run `make package` in a checkout of the same version, or set `package.verify = false` to deploy "
    "another build."
)
CHANGED_HASH = base64.b64encode(hashlib.sha256(b"another package").digest()).decode()
BUCKETLESS = (
    "`package.key`, `package.object_version` and `package.source_code_hash` must be omitted without "
    "`package.bucket`."
)
BOUNDARY = (
    "`role.permissions_boundary` must be the ARN of a policy: arn:aws:iam::ACCOUNT:policy/NAME."
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
    "`vpc.subnet_ids` must be ids such as subnet-0123456789abcdef0, and `vpc.security_group_ids` ids such as "
    "sg-0123456789abcdef0."
)
ONE_ROLE = (
    "`dedicated_invoker_role` must be true if `vpc` is set: with one role for both, a source could create "
    "network interfaces in your VPC."
)

CASES = {
    "target: good": target(""),
    "target: longest name": target("", name="n" * 56),
    "target: name too long for its roles": target(TARGET_NAME, name="n" * 57),
    "target: name that Lambda rejects": target(TARGET_NAME, name="on.boarding"),
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
    "sources: none yet": target("", trusted_sources=[]),
    "sources: trusted by something else": target(SOURCE_BY, trusted_sources=trusted(by="account")),
    "organization: good": target("", organization_id="o-exampleorgid"),
    "organization: an ARN": target(
        ORGANIZATION,
        organization_id="arn:aws:organizations::111111111111:organization/o-exampleorgid",
    ),
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
        "", trusted_sources=many_sources(7, longer=11)
    ),
    "sources: more than the trust policy holds": target(
        LONG_TRUST.format(role="target", length=2049), trusted_sources=many_sources(7, longer=12)
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
    "Airflow role: longest, your own": target("", airflow_role="Trigger.DAG_runs-" + "r" * 47),
    "Airflow role: too long": target(AIRFLOW_ROLE, airflow_role="r" * 65),
    "Airflow role: with a space": target("", airflow_role="Data Engineers"),
    "Airflow role: begins with a space": target(AIRFLOW_ROLE, airflow_role=" User"),
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
    "DAGs: of an environment that does not exist": target(ALLOWED, allowed_dags={"other": ["a"]}),
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
    "function: stopped": target("", function={"reserved_concurrency": 0}),
    "function: fewer than none at a time": target(
        CONCURRENCY, function={"reserved_concurrency": -1}
    ),
    "function: code signing": target("", function={"code_signing_config_arn": SIGNING}),
    "function: code signing of another account": target(
        CODE_SIGNING,
        function={"code_signing_config_arn": SIGNING.replace("222222222222", "111111111111")},
    ),
    "function: environment": target(
        "",
        function={"environment": {"AWS_USE_FIPS_ENDPOINT": "true", "HTTPS_PROXY": "http://proxy"}},
    ),
    **{
        f"function: environment with {name}": target(
            VARIABLES, function={"environment": {name: "x"}}
        )
        for name in ("TRANSPORT", "AWS_REGION", "AWS_LAMBDA_EXEC_WRAPPER", "_HANDLER", "a-b", "A")
    },
    "function: environment of more than 4 KiB": target(
        ALL_OF_THEM, function={"environment": {"CA_BUNDLE": "x" * 4096}}
    ),
    "function: one and a half at a time": target(
        CONCURRENCY, function={"reserved_concurrency": 1.5}
    ),
    "log: key": target("", logging={"kms_key_arn": KEY}),
    "log: key of another Region": target(
        LOG_KEY, logging={"kms_key_arn": KEY.replace("eu-central-1", "us-east-1")}
    ),
    "log: existing log group": target("", logging=existing("/team/function")),
    "log: an ARN": target(
        LOG_GROUP,
        logging=existing("arn:aws:logs:eu-central-1:222222222222:log-group:/team"),
    ),
    "log: existing log group with a retention": target(
        EXISTING, logging=existing("/team/function", retention_in_days=0)
    ),
    "log: existing log group with a key": target(
        EXISTING, logging=existing("/team/function", kms_key_arn=KEY)
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
    "package: of another version": target(
        ANOTHER_ZIP.format(hash=CHANGED_HASH), package={"path": "dist/changed.zip"}
    ),
    "package: of another version, in a bucket": target(
        ANOTHER_ZIP.format(hash="aGFzaA=="), package=zip_of(source_code_hash="aGFzaA==")
    ),
    "package: of another version, on purpose": target(
        "", package={"path": "dist/changed.zip", "verify": False}
    ),
    "package: of another version, in a bucket, on purpose": target(
        "", package={**zip_of(source_code_hash="aGFzaA=="), "verify": False}
    ),
    "roles: path and boundary": target(
        "", role={"path": "/teams/", "permissions_boundary": "arn:aws:iam::aws:policy/Boundary"}
    ),
    "roles: path without slashes": target(PATH, role={"path": "teams"}),
    "roles: path with a character that Lambda rejects": target(PATH, role={"path": "/te!am/"}),
    "roles: longest path": target("", role={"path": f"/{'p' * 510}/"}),
    "roles: existing": target("", role={"existing": {"arn": f"{ROLES}/team/function"}}),
    "roles: existing, with an invoker": target(
        "",
        role={"existing": {"arn": f"{ROLES}/function", "invoker_arn": f"{ROLES}/invoker"}},
        dedicated_invoker_role=True,
    ),
    "roles: existing, of another account": target(
        EXISTING_ROLE, role={"existing": {"arn": "arn:aws:iam::111111111111:role/function"}}
    ),
    "roles: existing, but no invoker": target(
        INVOKER_ROLE,
        role={"existing": {"arn": f"{ROLES}/function"}},
        dedicated_invoker_role=True,
    ),
    "roles: existing, with an invoker that nobody uses": target(
        INVOKER_ROLE,
        role={"existing": {"arn": f"{ROLES}/function", "invoker_arn": f"{ROLES}/invoker"}},
    ),
    "roles: existing, with a boundary": target(
        ROLE_KEEPS,
        role={
            "existing": {"arn": f"{ROLES}/function"},
            "permissions_boundary": "arn:aws:iam::aws:policy/Boundary",
        },
    ),
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
