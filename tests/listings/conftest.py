from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from proxying.models import Seller
from tests.proxying import factories


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    """Where this test's photos lie."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def tom(db: None) -> Seller:
    return factories.tom()


@pytest.fixture
def toms_browser(tom: Seller) -> Client:
    client = Client()
    client.force_login(tom.user)
    return client


@pytest.fixture
def mallorys_browser(db: None) -> Client:
    """Mallory sells too, and must not get at what is another's."""
    client = Client()
    client.force_login(factories.ReservedNumberFactory().seller.user)
    return client


@pytest.fixture
def queries() -> Callable[[Client, str], int]:
    """How many SQL statements a page takes."""

    def count(client: Client, path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    return count
