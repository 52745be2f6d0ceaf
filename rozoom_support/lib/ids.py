"""Identifiers that leave the house are random, time-ordered UUIDs: they index well and tell no tenant how busy others are."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    return uuid_utils.compat.uuid7()
