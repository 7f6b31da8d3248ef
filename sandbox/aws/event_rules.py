"""What moto lacks between S3 and a state machine: a rule starts it, and a bucket says that it tells EventBridge."""

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
def state_machines_started(
    service_session: Callable[..., boto3.Session], endpoint: str
) -> Iterator[None]:
    """Start the state machines that a rule has as targets, as the target's role, while the `with` lasts.

    As in AWS whoever sent the event is told nothing of an execution that could not be started.

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

    def with_state_machines(
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
                _log.warning("The rule %s started nothing: %s", rule.name, error)

    with patch.object(Rule, "send_to_targets", with_state_machines):
        yield


@contextmanager
def notification_kept() -> Iterator[None]:
    """Let a bucket say that it tells EventBridge while the `with` lasts; without it every plan shows a change."""
    get = S3Response.get_bucket_notification

    def with_event_bridge(response: S3Response) -> tuple[int, dict[str, str], str]:
        status, headers, body = get(response)
        kept = response.backend.get_bucket_notification_configuration(response.bucket_name)
        if kept and kept.event_bridge is not None:
            root = ElementTree.fromstring(body)  # noqa: S314 - moto's own
            ElementTree.SubElement(
                root, "{http://s3.amazonaws.com/doc/2006-03-01/}EventBridgeConfiguration"
            )
            body = ElementTree.tostring(root, encoding="unicode")
        return status, headers, body

    with patch.object(S3Response, "get_bucket_notification", with_event_bridge):
        yield


def _is_state_machine(target: Mapping[str, Any]) -> bool:
    return str(target["Arn"]).split(":")[2] == "states"
