import pytest

from payments.provider.circle import CircleProvider
from tests.circle import START, house_of, run_twin


@pytest.fixture(scope="session")
def running_twin(tmp_path_factory):
    with run_twin(tmp_path_factory.mktemp("twin"), "--still", "--start", str(START)) as twin:
        yield twin


@pytest.fixture
def twin(running_twin, settings):
    """A twin in which nothing has happened, and a house wallet with 1000 USDC."""
    running_twin.tell("reset")
    settings.CIRCLE_READ_SECONDS = 2
    house_of(running_twin, CircleProvider(), settings)
    yield running_twin
    assert running_twin.process.poll() is None


@pytest.fixture
def circle(twin):
    return CircleProvider()
