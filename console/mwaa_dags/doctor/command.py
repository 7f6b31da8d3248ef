"""The command `doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import UTC, datetime, timedelta

from mwaa_dags.advice import group_key
from mwaa_dags.arns import short_name
from mwaa_dags.doctor import accounts_checks, airflow_checks, function_checks
from mwaa_dags.doctor.facts import Facts
from mwaa_dags.doctor.findings import Check, CheckImpossible, Finding, Verdict, failed, passed
from mwaa_dags.executions import Execution, find_failed
from mwaa_dags.history import parse_steps, read_events
from mwaa_dags.output import Output
from mwaa_dags.status import describe_waiting
from mwaa_dags.system import Operator
from mwaa_dags.views import TIMES

_SHOWN = 5


def examine(operator: Operator, output: Output, *, env: str | None, dag: str | None) -> bool:
    """Run all checks, print their findings, and return whether none of them failed."""
    findings: list[Finding] = []
    for check in _checks(Facts(operator), env, dag):
        for finding in check.run():
            findings.append(finding)
            _show(output, finding)
    output.json(
        [
            {
                "check": each.check,
                "result": each.verdict.name.lower(),
                "text": each.text,
                "todo": each.todo or None,
            }
            for each in findings
        ]
    )
    output.line()
    output.wrapped(
        "The checks read each account on its own. Only an execution proves the hop between the accounts: "
        f"mwaa-dags run {dag or 'DAG'} --env {env or 'ENVIRONMENT'} --follow",
        indent="",
    )
    return all(each.verdict is not Verdict.FAILED for each in findings)


def _checks(facts: Facts, env: str | None, dag: str | None) -> Sequence[Check]:
    unreachable: set[str] = set()
    return [
        Check(1, "state machine", lambda: accounts_checks.check_state_machine(facts)),
        Check(2, "source role", lambda: accounts_checks.check_source_role(facts)),
        Check(3, "trust", lambda: accounts_checks.check_trust(facts)),
        Check(4, "permissions", lambda: accounts_checks.check_target_permissions(facts, env)),
        Check(5, "function", lambda: function_checks.check_function(facts)),
        Check(6, "concurrency", lambda: function_checks.check_concurrency(facts)),
        Check(7, "log groups", lambda: function_checks.check_log_groups(facts)),
        Check(8, "names", lambda: airflow_checks.check_names(facts, env, dag)),
        Check(9, "environments", lambda: _check_environments(facts, env)),
        Check(10, "probe", lambda: _probe(facts, env, dag, unreachable)),
        Check(11, "DAG", lambda: _check_dags(facts, env, dag, unreachable)),
        Check(12, "executions", lambda: _check_executions(facts)),
    ]


def _check_environments(facts: Facts, env: str | None) -> Iterator[Finding]:
    for name in _environments(facts, env):
        yield from airflow_checks.check_environment(facts, name)


def _probe(
    facts: Facts, env: str | None, dag: str | None, unreachable: set[str]
) -> Iterator[Finding]:
    """Probe the environments, and add those whose probe fails to `unreachable`."""
    for name in _environments(facts, env):
        for finding in airflow_checks.check_probe(facts, name, dag):
            if finding.verdict is Verdict.FAILED:
                unreachable.add(name)
            yield finding


def _check_dags(
    facts: Facts, env: str | None, dag: str | None, unreachable: Set[str]
) -> Iterator[Finding]:
    if dag is None:
        raise CheckImpossible("there is no --dag")
    for name in _environments(facts, env):
        if name not in unreachable:
            yield from airflow_checks.check_dag(facts, name, dag)
    if unreachable:
        raise CheckImpossible(f"the probe of {', '.join(sorted(unreachable))} failed")


def _environments(facts: Facts, env: str | None) -> Sequence[str]:
    """Return the given environment, or all that the function may use."""
    if env and env not in facts.airflow_roles:
        raise CheckImpossible(f"the function may not use {env}")
    return [env] if env else sorted(facts.airflow_roles)


def _check_executions(facts: Facts) -> Iterator[Finding]:
    """Check the executions of the last 24 hours."""
    since = datetime.now(UTC) - timedelta(hours=24)
    groups: dict[tuple[str, str], list[Execution]] = {}
    for execution in find_failed(facts.source, facts.system.arn, since):
        groups.setdefault(group_key(execution), []).append(execution)
    for (error, about), members in sorted(groups.items(), key=lambda group: -len(group[1])):
        names = ", ".join(short_name(each.arn) for each in members[:_SHOWN])
        yield failed(
            12,
            f"in the last 24 hours {len(members)} {TIMES} {error} {about}".rstrip() + f": {names}",
            f"See `mwaa-dags status {short_name(members[0].arn)}`.",
        )
    for execution in facts.recent:
        if execution.status == "RUNNING" and not facts.system.arn.is_batch(execution.arn):
            steps = parse_steps(read_events(facts.source, execution.arn), execution.input)
            waiting = describe_waiting(facts.operator, steps) or "is in progress"
            yield passed(12, f"{short_name(execution.arn)} is running: {waiting}")
    if not groups:
        yield passed(12, "no execution failed in the last 24 hours")


def _show(output: Output, finding: Finding) -> None:
    output.wrapped(
        finding.text, indent="      ", first=f"{finding.verdict.value} {finding.check:>2}  "
    )
    if finding.todo:
        output.wrapped(finding.todo.replace("`", ""), indent="        ", first="      → ")
