from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, make_result, make_target
from urlcheck.http.headers import Headers
from urlcheck.model.outcome import Hop
from urlcheck.model.record import make_record
from urlcheck.model.result import Result

RESULTS = [
    make_result(replace(NOT_FOUND, headers=Headers({"Server": "nginx"}), hops=(Hop(301, "http://example.org/"),))),
    make_result(FAILURE),
    make_result(target=make_target("ftp://example.org/")),
]


@pytest.mark.parametrize("result", RESULTS)
def test_a_result_can_be_pickled_copied_and_hashed(result: Result) -> None:
    for other in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert (other, hash(other)) == (result, hash(result))


@pytest.mark.parametrize("result", RESULTS)
def test_to_dict_is_the_record_of_a_json_line(result: Result) -> None:
    assert result.to_dict() == make_record(result)
    assert json.loads(json.dumps(result.to_dict())) == result.to_dict()


def test_to_dict_masks_the_secrets_of_the_url() -> None:
    record = make_result(target=make_target("https://me:hunter2@example.org/?token=hunter3")).to_dict()
    assert record["url"] == "https://me:****@example.org/?token=****"
