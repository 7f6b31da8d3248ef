"""One execution that is delivered twice at once makes one run."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

from tests.faults.conftest import Ending, Lane, Mwaa, each_lane, event_for, run_id_of
from tests.support.fake_mwaa.faults import Kind, Ran, faults
from tests.support.transports.adapters import ADAPTERS

EXECUTIONS = 20


@each_lane
def test_two_deliveries_at_once_make_one_run(mwaa: Mwaa, lane: Lane) -> None:
    chance = random.Random(str(lane))
    kinds = ADAPTERS[lane.transport].kinds - {Kind.HANG}
    possible = [fault for fault in faults(kinds) if fault.ran is not Ran.NO]
    with ThreadPoolExecutor(2) as pool:
        for number in range(EXECUTIONS):
            airflow = mwaa.begin(lane, chance.choices(possible, k=number % 5))
            event = event_for(lane, f"client-{number}")
            run_id = run_id_of(event)

            def deliver(event: dict[str, object] = event) -> Ending:
                return mwaa.invoke(mwaa.container(lane), event)

            endings = [future.result() for future in [pool.submit(deliver) for _ in range(2)]]
            mwaa.front.run_late_calls()
            assert len(airflow.runs) == len(airflow.named(run_id)) <= 1
            for ending in endings:
                assert ending.result is None or len(airflow.runs) == 1
            assert sum(bool(e.result and e.result["created"]) for e in endings) <= 1
