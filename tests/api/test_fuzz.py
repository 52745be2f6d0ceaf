"""Every operation of the description with made-up requests: no 5xx, no answer that is not described.

A few requests each, so that it runs with the other tests, and always the same ones. For more, against a running server:
`st run <address>/api/v1/openapi.json -H "Authorization: Bearer rz_…" --exclude-checks positive_data_acceptance`.
"""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import positive_data_acceptance

from rozoom_support.wsgi import application
from tenancy.api.docs import description
from tests.world import message, ticket, token

# Requests that fit the description and yet can not be done (an older version, a customer that is not there) are refused:
# that is no mistake of the description.
NOT_JUDGED = [positive_data_acceptance]
REFUSALS = [400, 401, 403, 404, 406, 409, 411, 412, 413, 415, 422, 428, 429]
CONFIG = SchemathesisConfig.from_dict(
    {
        "parameters": {"path.reference": "ACME-1"},
        "checks": {
            "negative_data_rejection": {"expected-statuses": REFUSALS},
            "missing_required_header": {"expected-statuses": REFUSALS},
        },
    }
)
schema = schemathesis.openapi.from_dict(json.loads(description()), config=CONFIG)
schema.app = application


@pytest.fixture
def program(lasting_world: Any, settings: Any) -> dict[str, str]:
    """A token that may do everything, and a ticket that has everything."""
    settings.LIMITS = {**settings.LIMITS, "requests_per_minute": 0, "writes_per_minute": 0, "searches_per_minute": 0}
    filed = ticket(lasting_world, component=lasting_world.components["acme"])
    message(lasting_world, filed, "marek")
    return {"Authorization": f"Bearer {token(lasting_world.rozoom)}"}


@pytest.mark.django_db(transaction=True)
@schema.parametrize()
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_made_up_requests_get_described_answers(case: Any, program: dict[str, str]) -> None:
    case.call_and_validate(headers=program, excluded_checks=NOT_JUDGED)
