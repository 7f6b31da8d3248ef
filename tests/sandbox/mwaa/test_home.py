"""The configuration of an Airflow."""

from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest

from sandbox.mwaa.home import DATABASE, write_configuration
from sandbox.mwaa.releases import NEWEST_OF_EACH_MAJOR


@pytest.mark.parametrize("version", NEWEST_OF_EACH_MAJOR)
def test_a_path_can_contain_what_configparser_interpolates(tmp_path: Path, version: str) -> None:
    home = tmp_path / "feature%2Fbranch %(here)s"
    home.mkdir()
    write_configuration(version, home, port=1)
    parser = ConfigParser()  # interpolates like Airflow's parser
    parser.read(home / "airflow.cfg")

    values = {name: dict(parser.items(name)) for name in parser.sections()}

    assert values["logging"]["base_log_folder"] == str(home / "logs")
    assert values["database"]["sql_alchemy_conn"] == f"sqlite:///{home / DATABASE}?timeout=30"
