"""The models refuse and take what the table says: the loop's half of the validation."""

import json

import pytest
from pydantic import ValidationError

from tests.unit.api.cases import BAD, FINE
from tests.unit.api.table import SPECS, Case


def title(case: Case) -> str:
    return f"{case.kind}: {case.title}"


@pytest.mark.parametrize("case", BAD, ids=title)
def test_refused(case: Case) -> None:
    with pytest.raises(ValidationError) as caught:
        SPECS[case.kind].model_validate_json(json.dumps(case.spec), strict=True)
    paths = [".".join(map(str, error["loc"])) for error in caught.value.errors()]
    assert any(case.path.startswith(path) or path.startswith(case.path) for path in paths), paths


@pytest.mark.parametrize("case", FINE, ids=title)
def test_taken(case: Case) -> None:
    spec = SPECS[case.kind].model_validate_json(json.dumps(case.spec), strict=True)
    again = SPECS[case.kind].model_validate(spec.model_dump(by_alias=True, exclude_none=True, mode="json"))
    assert again == spec


def test_titles_are_unique() -> None:
    titles = [title(case) for case in (*BAD, *FINE)]
    assert len(set(titles)) == len(titles)
