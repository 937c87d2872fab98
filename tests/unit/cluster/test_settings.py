"""Names and paths of two clusters never meet; impossible wishes are refused before anything is touched."""

from pathlib import Path

import pytest

from e2e.cluster.settings import SettingsError, from_environment


def test_defaults() -> None:
    settings = from_environment({"HOME": "/home/me"})
    assert settings.prefix == "smtppool"
    assert settings.cache == Path("/home/me/.cache/smtppool")
    assert not settings.current


def test_two_prefixes_share_the_cache_and_nothing_else() -> None:
    one, two = (from_environment({"HOME": "/h", "SMTPPOOL_CLUSTER": name}) for name in ("one", "one-two"))
    assert one.cache == two.cache
    for name in ("run", "engine_root", "kubeconfig", "docker_socket", "control_plane", "mailnet"):
        assert getattr(one, name) != getattr(two, name)


@pytest.mark.parametrize("prefix", ["../x", "A", "a b", "-a", "a" * 30])
def test_a_prefix_that_is_no_name_is_refused(prefix: str) -> None:
    with pytest.raises(SettingsError, match="SMTPPOOL_CLUSTER"):
        from_environment({"HOME": "/h", "SMTPPOOL_CLUSTER": prefix})


def test_a_cache_too_deep_for_sockets_is_refused() -> None:
    with pytest.raises(SettingsError, match="socket path"):
        from_environment({"HOME": "/h", "SMTPPOOL_CACHE": "/" + "deep/" * 20})


def test_cluster_current() -> None:
    assert from_environment({"HOME": "/h", "CLUSTER": "current"}).current
    with pytest.raises(SettingsError, match="CLUSTER"):
        from_environment({"HOME": "/h", "CLUSTER": "other"})
