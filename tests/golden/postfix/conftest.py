"""The relay image for the tests of Postfix's configuration."""

import pytest

from tests.golden.postfix.relay_image import RelayImage, relay_image


@pytest.fixture(scope="session")
def image() -> RelayImage:
    return relay_image()
