"""Every reason has a binding constraint and a sentence: an operator never reads a blank."""

from __future__ import annotations

import pytest

from hedger.domain.vocabulary import Reason
from hedger.web.binding import MEANING


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_names_what_bound_it(reason: Reason) -> None:
    assert MEANING[reason].sentence
    assert MEANING[reason].binding
