"""A proxy that does not connect to the web server: the command was not sent."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from mwaa_dags_trigger.actions.trigger import NOTHING_CREATED
from mwaa_dags_trigger.errors import MwaaUnavailable, OutcomeUnknown

from tests.support.fake_mwaa.broken_responses import HangUp
from tests.support.fake_mwaa.responses import command, printed
from tests.support.fake_mwaa.server import FakeMwaa
from tests.support.handler import Handle
from tests.support.proxy import proxy, proxy_to
from tests.support.secrets import CONF_MARK

ANSWERS = {
    "down": b"",
    "403": b"HTTP/1.1 403 Forbidden\r\n\r\n",
    "407": b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
    "502": b"HTTP/1.1 502 Bad Gateway\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "hangs up": b"\n",
    "hangs up after it connected": b"HTTP/1.1 200 OK\r\n\r\n",
}


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def check(mwaa: FakeMwaa, handle: Handle, address: str) -> None:
    with pytest.raises(MwaaUnavailable) as caught:
        handle(run_id="mine")
    message = str(caught.value)
    assert f"The proxy {address} did not connect. " in message
    assert NOTHING_CREATED in message
    assert CONF_MARK not in message
    assert "subnets" not in message
    assert mwaa.posts == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_the_proxy_of_each_variable_is_named(
    variable: str, mwaa: FakeMwaa, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(b"") as address:
        monkeypatch.setenv(variable, f"http://{address}")
        check(mwaa, handle, address)


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_proxy_that_refuses_is_named_without_its_password(
    answer: str, scheme: str, mwaa: FakeMwaa, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(ANSWERS[answer]) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"{scheme}://user:{CONF_MARK}@{address}")
        check(mwaa, handle, address)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        pytest.param(
            f"http://user:{CONF_MARK}@proxy.invalid:3128", "proxy.invalid:3128", id="name"
        ),
        pytest.param("http://proxy.example:port", "proxy.example:port", id="port"),
        pytest.param("socks5://proxy.example:1080", "proxy.example:1080", id="SOCKS"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    url: str, address: str, mwaa: FakeMwaa, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    check(mwaa, handle, address)


def test_a_connection_through_a_proxy_that_breaks_later_leaves_the_outcome_unknown(
    mwaa: FakeMwaa, handle: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy_to(mwaa.hostname) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        mwaa.begin(*[command(HangUp())] * 4, printed("None\n"))
        with pytest.raises(OutcomeUnknown, match="broke before its response was complete"):
            handle(run_id="sfn__r1")


def test_a_certificate_that_is_not_trusted_behind_a_proxy_is_named(
    mwaa: FakeMwaa, handle: Handle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(stranger))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(stranger))
    with proxy_to(mwaa.hostname) as address:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{address}")
        with pytest.raises(MwaaUnavailable, match=r"TLS certificate\. .* REQUESTS_CA_BUNDLE\."):
            handle(run_id="mine")
    assert mwaa.posts == []
