# SPDX-License-Identifier: Apache-2.0
import pytest

from harness.installed import by_cmake, install


@pytest.fixture(scope="session")
def installed(work):
    """The prefix of an installation below another root."""
    return install(work / "installed-for-examples")


@pytest.fixture(scope="session")
def cmake_shared(work, installed):
    return by_cmake(work / "cmake-shared", installed)


@pytest.fixture(scope="session")
def cmake_static(work, installed):
    return by_cmake(work / "cmake-static", installed, "-DSTATIC=ON")
