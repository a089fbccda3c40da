import pytest

READYZ = """
import django
django.setup()
from django.test import Client
response = Client().get("/readyz")
print(response.status_code, response.json()["failed"])
"""


def test_livez_asks_nothing_of_the_database(client):
    # Without the mark, a database access would be an error.
    assert client.get("/livez").json() == {"status": "alive"}


@pytest.mark.django_db
def test_readyz_when_everything_answers(client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"status": "ready", "failed": []})


def test_readyz_names_the_database_when_it_is_away(run_python):
    ended = run_python(
        READYZ,
        DJANGO_SETTINGS_MODULE="shoppingplace.settings",
        DATABASE_URL="postgres://shop@/shoppingplace?host=/nowhere",
    )

    assert ended.stdout.strip() == "503 ['database']"


@pytest.mark.django_db
def test_readyz_names_the_cache_when_it_is_away(client, settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "unix:///nowhere/redis.sock"}
    }

    response = client.get("/readyz")

    assert (response.status_code, response.json()["failed"]) == (503, ["cache"])
