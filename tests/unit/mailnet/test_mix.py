"""The mix of recipient domains is exact and the same in every run."""

from collections import Counter
from itertools import islice

import pytest

from e2e.mailnet.load import mix
from e2e.mailnet.load.mail import mails
from e2e.mailnet.providers import BY_DOMAIN


def test_every_run_of_the_sum_is_exact() -> None:
    shares = {"a": 5, "b": 3, "c": 2}
    stream = mix.domains(shares)
    for _ in range(5):
        assert Counter(islice(stream, 10)) == shares


def test_shares_are_spread_not_bunched() -> None:
    assert list(islice(mix.domains({"a": 2, "b": 1, "c": 1}), 8)) == ["a", "b", "c", "a", "a", "b", "c", "a"]


def test_the_default_mix_names_simulated_domains_and_is_in_percent() -> None:
    assert set(mix.DEFAULT) <= set(BY_DOMAIN)
    assert sum(mix.DEFAULT.values()) == 100


@pytest.mark.parametrize("text", ["", "gmail.com", "gmail.com=x", "a=1,a=2", "a=0", "=3", "a=-1"])
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mix"):
        mix.parse(text)


def test_messages_are_distinct_and_reproducible() -> None:
    def first(count: int) -> list[tuple[str, str, str, int]]:
        stream = mails(prefix="run7", sender_domain="example.com", shares={"gmail.com": 1}, sizes=(500, 900))
        return [(mail.sender, mail.recipient, mail.message_id, mail.size) for mail in islice(stream, count)]

    assert first(1000) == first(1000)
    senders, recipients, ids, sizes = zip(*first(1000), strict=True)
    assert len(set(senders)) == len(set(recipients)) == len(set(ids)) == 1000
    assert all(message_id.startswith("<run7-") for message_id in ids)
    assert (min(sizes), max(sizes)) == (500, 900)


def test_content_has_about_the_stated_size_and_ends_with_a_dot() -> None:
    mail = next(mails(prefix="p", sender_domain="example.com", shares={"gmail.com": 1}, sizes=(20000, 20000)))
    assert mail.content.endswith(b"\r\n.\r\n")
    assert 19900 < len(mail.content) <= 20003
