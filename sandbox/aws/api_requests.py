"""Requests of AWS's API, read with the models that botocore has of each service."""

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

# botocore's names of the services whose name in a signature is another one.
_MODEL_NAMES = {"airflow": "mwaa", "monitoring": "cloudwatch", "states": "stepfunctions"}


@dataclass(frozen=True)
class ApiRequest:
    """An operation of a service, and its parameters as botocore's model names them."""

    operation: OperationModel
    protocol: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the operation."""
        return str(self.operation.name)

    @property
    def service(self) -> str:
        """botocore's name of the service."""
        return str(self.operation.service_model.service_name)


class InvalidRequestError(Exception):
    """AWS refuses the request for what it contains."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        # Under these names moto's serializers look for them.
        self.code = code
        self.message = message


def parse_request(service: str, request: Request) -> ApiRequest | None:
    """Return what the request asks of the service, or None if the service's model has no such operation."""
    service = _MODEL_NAMES.get(service, service)
    # Before a form is read from it: the parsers of the other protocols need the body.
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


def refuse(request: ApiRequest, error: InvalidRequestError) -> Response:
    """Return the error in the protocol of the service."""
    serializer = get_serializer_class(request.service, request.protocol)(request.operation)
    serialized = serializer.serialize(error)
    return Response(serialized["body"], serialized["status_code"], serialized["headers"])
