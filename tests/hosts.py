"""One supervisor for the tests of a module."""

from collections.abc import Iterator

import pytest

from fixtures.host import Host


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()
