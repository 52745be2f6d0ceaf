"""Random lives against a model of the rules: the same ones each time, more and longer ones when asked for."""

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def live(machine: type[RuleBasedStateMachine], variables: str, *, examples: int, steps: int) -> None:
    """`variables`_EXAMPLES and `variables`_STEPS ask for others, MODEL_SHRINK=1 for the shortest life that fails."""
    asked: Any = os.environ.get(f"{variables}_EXAMPLES")
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=int(asked or examples),
            stateful_step_count=int(os.environ.get(f"{variables}_STEPS", steps)),
            deadline=None,
            derandomize=asked is None,
            phases=[Phase.generate, Phase.shrink] if os.environ.get("MODEL_SHRINK") else [Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
