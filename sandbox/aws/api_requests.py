"""Requests to AWS APIs, parsed with botocore's service models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

# botocore's service names, if they differ from the service names in signatures.
_MODEL_NAMES = {"airflow": "mwaa", "monitoring": "cloudwatch", "states": "stepfunctions"}


@dataclass(frozen=True)
class ApiRequest:
    """An operation of a service and its parameters, with the names in botocore's model."""

    operation: OperationModel
    protocol: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the operation."""
        return str(self.operation.name)

    @property
    def service(self) -> str:
        """botocore's service name."""
        return str(self.operation.service_model.service_name)


class InvalidRequestError(Exception):
    """AWS rejects the content of the request."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        # moto's serializers read these attributes.
        self.code = code
        self.message = message


def parse_request(service: str, request: Request) -> ApiRequest | None:
    """Return the parsed request, or None if the model of the service has no such operation."""
    service = _MODEL_NAMES.get(service, service)
    # Must precede any access to the form, which consumes the body that some parsers need.
    body = request.get_data()
    try:
        operation, url_parameters = get_service_router(service).match(request)
    except NotFound:
        return None
    protocol = determine_request_protocol(get_service_model(service), request.content_type)
    parsed = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "body": body,
            "headers": request.headers,
            "method": request.method,
            "url_params": url_parameters,
            "url_path": request.path,
            "values": request.values,
        }
    )
    return ApiRequest(operation, protocol, parsed)


def create_error_response(request: ApiRequest, error: InvalidRequestError) -> Response:
    """Return the error in the protocol of the service."""
    return create_response(request, error)


def create_response(request: ApiRequest, result: object) -> Response:
    """Return the result in the protocol of the service."""
    serializer = get_serializer_class(request.service, request.protocol)(request.operation)
    serialized = serializer.serialize(result)
    return Response(serialized["body"], serialized["status_code"], serialized["headers"])
