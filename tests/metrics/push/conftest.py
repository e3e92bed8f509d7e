import pytest
from metrics.push.listening import Listening


@pytest.fixture
def listening():
    with Listening() as one:
        yield one
