"""Plans, written as CloudFormation templates for cfn-lint, AWS's own linter."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.terraform.planner import Plan

Template = dict[str, Any]

UNKNOWN = {"Ref": "Unknown"}
"""A parameter, in place of a value that is known only after the apply."""

JSON = {"assume_role_policy", "definition", "event_pattern", "policy"}
"""Arguments that are text in Terraform and objects in CloudFormation."""


@dataclass(frozen=True)
class Kind:
    """The names of a resource type and its properties in CloudFormation.

    Parameters
    ----------
    arguments
        Terraform's names, in one text, of those that have the same names in another case.
    renamed
        CloudFormation's names of the others.
    """

    type: str
    arguments: str
    renamed: Mapping[str, str] = field(default_factory=dict)


KINDS = {
    "aws_cloudwatch_dashboard": Kind("AWS::CloudWatch::Dashboard", "dashboard_body dashboard_name"),
    "aws_cloudwatch_event_rule": Kind("AWS::Events::Rule", "description event_pattern name"),
    "aws_cloudwatch_log_group": Kind(
        "AWS::Logs::LogGroup", "kms_key_id retention_in_days tags", {"name": "LogGroupName"}
    ),
    "aws_cloudwatch_log_metric_filter": Kind(
        "AWS::Logs::MetricFilter",
        "log_group_name",
        {
            "metric_transformation": "MetricTransformations",
            "name": "FilterName",
            "pattern": "FilterPattern",
        },
    ),
    "aws_cloudwatch_metric_alarm": Kind(
        "AWS::CloudWatch::Alarm",
        "alarm_actions alarm_description alarm_name comparison_operator datapoints_to_alarm dimensions "
        "evaluation_periods metric_name namespace period statistic tags threshold treat_missing_data",
    ),
    "aws_iam_role": Kind(
        "AWS::IAM::Role",
        "description max_session_duration path permissions_boundary tags",
        {"name": "RoleName", "assume_role_policy": "AssumeRolePolicyDocument"},
    ),
    "aws_iam_role_policy": Kind(
        "AWS::IAM::RolePolicy",
        "",
        {"name": "PolicyName", "policy": "PolicyDocument"},
    ),
    "aws_lambda_alias": Kind(
        "AWS::Lambda::Alias", "description function_name function_version name"
    ),
    "aws_lambda_function": Kind(
        "AWS::Lambda::Function",
        "architectures description environment function_name handler kms_key_arn logging_config memory_size "
        "package_type role runtime tags timeout tracing_config vpc_config",
    ),
    "aws_s3_bucket": Kind("AWS::S3::Bucket", "tags", {"bucket": "BucketName"}),
    "aws_scheduler_schedule": Kind(
        "AWS::Scheduler::Schedule",
        "description flexible_time_window group_name name schedule_expression schedule_expression_timezone target",
    ),
    "aws_scheduler_schedule_group": Kind("AWS::Scheduler::ScheduleGroup", "name tags"),
    "aws_security_group": Kind(
        "AWS::EC2::SecurityGroup",
        "tags vpc_id",
        {"description": "GroupDescription", "name": "GroupName"},
    ),
    "aws_sfn_state_machine": Kind(
        "AWS::StepFunctions::StateMachine",
        "definition encryption_configuration logging_configuration role_arn tags tracing_configuration",
        {"name": "StateMachineName", "type": "StateMachineType"},
    ),
    "aws_ssm_parameter": Kind("AWS::SSM::Parameter", "description name tags type value"),
    "aws_subnet": Kind("AWS::EC2::Subnet", "availability_zone cidr_block tags vpc_id"),
    "aws_vpc": Kind(
        "AWS::EC2::VPC",
        "cidr_block enable_dns_hostnames enable_dns_support instance_tenancy tags",
    ),
    "aws_vpc_endpoint": Kind(
        "AWS::EC2::VPCEndpoint",
        "private_dns_enabled security_group_ids service_name subnet_ids tags vpc_endpoint_type vpc_id",
    ),
    "aws_vpc_security_group_egress_rule": Kind(
        "AWS::EC2::SecurityGroupEgress",
        "description from_port ip_protocol to_port",
        {"cidr_ipv4": "CidrIp", "security_group_id": "GroupId"},
    ),
    "aws_vpc_security_group_ingress_rule": Kind(
        "AWS::EC2::SecurityGroupIngress",
        "description from_port ip_protocol to_port",
        {"referenced_security_group_id": "SourceSecurityGroupId", "security_group_id": "GroupId"},
    ),
}
PROPERTIES_ONLY = {
    "aws_cloudwatch_event_target": "of the rule",
    "aws_s3_bucket_notification": "of the bucket",
    "aws_s3_bucket_public_access_block": "of the bucket",
    "aws_s3_bucket_versioning": "of the bucket",
}
"""Types of resources that are properties in CloudFormation. They are omitted here."""
METRIC = {"Name", "Namespace", "Value"}
"""Properties of a metric filter's transformation whose names begin with `Metric` in CloudFormation."""


def lint(templates: Mapping[str, Template], directory: Path) -> dict[str, list[str]]:
    """Return the errors that cfn-lint reports for each template, in one process for all.

    Parameters
    ----------
    directory
        An empty directory for the templates.
    """
    files = {name: directory / f"{number}.json" for number, name in enumerate(templates)}
    for name, file in files.items():
        file.write_text(json.dumps(templates[name]))
    options = ["--format", "json", "--regions", "eu-central-1"]
    command = ["cfn-lint", *options, "--", *map(str, files.values())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if not done.stdout:
        raise RuntimeError(f"cfn-lint failed: {done.stderr}")
    found: dict[str, list[str]] = {str(file): [] for file in files.values()}
    for match in json.loads(done.stdout):
        if match["Level"] == "Error":
            path = "/".join(map(str, match["Location"]["Path"] or []))
            found[match["Filename"]].append(f"{match['Rule']['Id']} {path}: {match['Message']}")
    return {name: found[str(file)] for name, file in files.items()}


def template_of(plan: Plan) -> Template:
    """Return a plan's resources as a template."""
    resources = {
        _logical_id(change["address"]): _resource(change)
        for change in plan.document["resource_changes"]
        if change["mode"] == "managed" and change["type"] not in PROPERTIES_ONLY
    }
    return {"Parameters": {"Unknown": {"Type": "String"}}, "Resources": resources}


def _logical_id(address: str) -> str:
    return "".join(filter(str.isalnum, address))


def _resource(change: Mapping[str, Any]) -> dict[str, Any]:
    kind = KINDS[change["type"]]
    names = {**{name: _pascal(name) for name in kind.arguments.split()}, **kind.renamed}
    values = _completed(change["change"]["after"], change["change"]["after_unknown"])
    properties = {
        name: _property(argument, values[argument])
        for argument, name in names.items()
        if _is_set(values[argument])
    }
    match kind.type:
        case "AWS::CloudWatch::Alarm":
            dimensions = properties["Dimensions"]
            properties["Dimensions"] = [{"Name": n, "Value": v} for n, v in dimensions.items()]
        case "AWS::Logs::MetricFilter":
            transformation = properties["MetricTransformations"]
            transformation = {
                f"Metric{n}" if n in METRIC else n: v for n, v in transformation.items()
            }
            dimensions = transformation["Dimensions"]
            transformation["Dimensions"] = [{"Key": n, "Value": v} for n, v in dimensions.items()]
            properties["MetricTransformations"] = [transformation]
        case "AWS::IAM::RolePolicy":
            role = change["address"].replace("aws_iam_role_policy.", "aws_iam_role.")
            properties["RoleName"] = {"Ref": _logical_id(role)}
        case "AWS::Lambda::Function":
            properties["Code"] = {"S3Bucket": "packages", "S3Key": "package.zip"}
            # It belongs to the subnets.
            properties.get("VpcConfig", {}).pop("VpcId", None)
        case "AWS::StepFunctions::StateMachine":
            logging = properties["LoggingConfiguration"]
            group = {"LogGroupArn": logging.pop("LogDestination")}
            logging["Destinations"] = [{"CloudWatchLogsLogGroup": group}]
            # cfn-lint accepts an expression there only if the whole state machine uses JSONata.
            for state in properties["Definition"]["States"].values():
                if isinstance(state.get("Seconds"), str):
                    state["Seconds"] = 0
            if properties["TracingConfiguration"] == UNKNOWN:  # the batch leaves it to AWS
                del properties["TracingConfiguration"]
    return {"Type": kind.type, "Properties": properties}


def _completed(after: Any, unknown: Any) -> Any:
    """Return a planned value with a placeholder for each unknown value."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, dict) and isinstance(after, dict):
        return {name: _completed(after.get(name), unknown.get(name)) for name in after | unknown}
    if isinstance(unknown, list) and isinstance(after, list) and len(unknown) == len(after):
        return [_completed(a, u) for a, u in zip(after, unknown, strict=True)]
    return after


def _is_set(value: Any) -> bool:
    return value not in (None, [], {}, "")


def _property(argument: str, value: Any) -> Any:
    if argument.endswith("_ids") and value == UNKNOWN:
        return [UNKNOWN]
    if argument == "tags":
        return [{"Key": key, "Value": text} for key, text in value.items()]
    if argument in JSON and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, list) and isinstance(value[0], dict):  # a block
        block = value[0].items()
        return {_pascal(name): _property(name, inner) for name, inner in block if _is_set(inner)}
    return value


def _pascal(argument: str) -> str:
    return "".join(word.capitalize() for word in argument.split("_"))
