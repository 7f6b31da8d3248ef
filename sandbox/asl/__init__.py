"""Validation of state machine definitions, by asl-validator and the limits that it does not know."""

from __future__ import annotations

from sandbox.asl.validator import Diagnostic, diagnose

__all__ = ["Diagnostic", "diagnose"]
