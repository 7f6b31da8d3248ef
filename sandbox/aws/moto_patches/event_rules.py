"""EventBridge rules that start state machines, and buckets that notify EventBridge."""

from __future__ import annotations

import copy
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import boto3
from botocore.exceptions import ClientError
from moto.events.models import Rule
from moto.events.utils import EventTemplateParser
from moto.s3.responses import S3Response

from sandbox.aws.authorizer import AccessDenied

_log = logging.getLogger(__name__)

_SERVICE = "events.amazonaws.com"


@contextmanager
def patch_event_rules(
    service_session: Callable[..., boto3.Session], endpoint: str
) -> Iterator[None]:
    """Start the state machines that are targets of a rule.

    moto: ignores targets that are state machines.
    AWS: starts an execution with the target's role and transformed input. The sender of the event gets no error if the
    execution cannot be started. Source: "Target" in the Amazon EventBridge API Reference.
    Patch: starts an execution for each of these targets, with a session of the target's role. It logs a failure.

    Parameters
    ----------
    service_session
        `AwsServer.service_session`.
    """
    send = Rule.send_to_targets

    def start(rule: Rule, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        transformer = target.get("InputTransformer", {})
        execution_input = EventTemplateParser.parse(
            transformer.get("InputTemplate"),
            transformer.get("InputPathsMap", {}),
            {"ingestion-time": time.time(), **event},
        )
        session = service_session(
            _SERVICE,
            role_arn=target["RoleArn"],
            context={"aws:SourceAccount": rule.account_id, "aws:SourceArn": rule.arn},
        )
        session.client("stepfunctions", endpoint_url=endpoint).start_execution(
            stateMachineArn=target["Arn"], input=json.dumps(execution_input)
        )

    def send_to_all_targets(
        rule: Rule, original_event: Mapping[str, Any], transform_input: bool = True
    ) -> None:
        others = copy.copy(rule)
        others.targets = [t for t in rule.targets if not _is_state_machine(t)]
        send(others, original_event, transform_input)
        if not rule.event_pattern.matches_event(original_event):
            return
        for target in filter(_is_state_machine, rule.targets):
            try:
                start(rule, target, original_event)
            except (AccessDenied, ClientError) as error:
                _log.warning("The rule %s could not start its target: %s", rule.name, error)

    with patch.object(Rule, "send_to_targets", send_to_all_targets):
        yield


@contextmanager
def patch_bucket_notification() -> Iterator[None]:
    """Return the EventBridge configuration of a bucket.

    moto: stores `EventBridgeConfiguration`, but omits it from the response of `GetBucketNotificationConfiguration`.
    Each Terraform plan then shows a change.
    AWS: returns it. Source: "GetBucketNotificationConfiguration" in the Amazon S3 API Reference.
    Patch: adds the element to the response.
    """
    get = S3Response.get_bucket_notification

    def get_with_event_bridge(response: S3Response) -> tuple[int, dict[str, str], str]:
        status, headers, body = get(response)
        stored = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if stored and stored.event_bridge is not None:
            root = ElementTree.fromstring(body)  # noqa: S314 - created by moto
            ElementTree.SubElement(
                root, "{http://s3.amazonaws.com/doc/2006-03-01/}EventBridgeConfiguration"
            )
            body = ElementTree.tostring(root, encoding="unicode")
        return status, headers, body

    with patch.object(S3Response, "get_bucket_notification", get_with_event_bridge):
        yield


def _is_state_machine(target: Mapping[str, Any]) -> bool:
    return str(target["Arn"]).split(":")[2] == "states"
