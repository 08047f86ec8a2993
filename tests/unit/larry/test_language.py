"""Typed queries come back from text, from JSON and from English exactly as they went."""

from __future__ import annotations

import contextlib
import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.larry.plain_names import PlainNameBook
from tests.unit.larry.typed_queries import NAMES, TODAY, queries

from clynto.adapters.text_matching.near_words import RapidfuzzNearWords
from clynto.domain.questions.filters import InCurrency, MrrRange
from clynto.domain.questions.json_form import QueryUnreadable, query_from_json, query_schema, query_to_json
from clynto.domain.questions.query import QUERY_TYPES, Accounts, Query
from clynto.domain.questions.sentences import sentence_of
from clynto.domain.questions.text_form import parse_query, print_query
from clynto.domain.questions.understanding.names import KnownAccount
from clynto.domain.questions.understanding.understand import Situation, Understood, understand

NEAR = RapidfuzzNearWords()
BOOK = PlainNameBook(
    tuple(KnownAccount(f"acc_{place}_{place}", name) for place, name in enumerate(NAMES)), NAMES[:4], NAMES[3:]
)


@given(queries)
@settings(max_examples=300, deadline=None)
def test_text_comes_back(query: Query) -> None:
    assert parse_query(print_query(query)) == query


@given(queries)
@settings(max_examples=300, deadline=None)
def test_json_comes_back(query: Query) -> None:
    assert query_from_json(json.loads(json.dumps(query_to_json(query)))) == query


@given(queries)
@settings(max_examples=400, deadline=None)
def test_larry_understands_the_sentence_of_every_query(query: Query) -> None:
    assert understand(sentence_of(query), BOOK, NEAR, TODAY) == Understood(query)


@given(st.text(max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_text_at_all_has_an_outcome(text: str) -> None:
    understand(text, BOOK, NEAR, TODAY)
    with contextlib.suppress(QueryUnreadable):
        assert parse_query(print_query(parse_query(text))) == parse_query(text)


def test_the_schema_names_every_kind() -> None:
    schema = query_schema()
    assert len(schema["$defs"]["query"]["oneOf"]) == len(QUERY_TYPES)
    for definition in schema["$defs"].values():
        assert "oneOf" in definition or definition["additionalProperties"] is False


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("accounts(limit=0)", "a limit is between 1 and 200"),
        ("accounts(limit=201)", "a limit is between 1 and 200"),
        ("accounts(size=3)", "accounts has no field 'size'"),
        ("delete_accounts()", "kind is one of"),
        ("accounts(", "expected a field"),
        ("accounts() accounts()", "expected nothing more"),
        ("account_fact()", "needs the field account"),
        ("account_fact(account=12)", "expected text"),
        ('account_fact(account="")', "a name is printable text"),
        ("accounts(filters=[in_currency(currency=usd)])", "three capital letters"),
        ("accounts(filters=[no_subscription(), no_subscription()])", "at most one condition of a kind"),
        ("accounts(filters=[mrr_range(minimum=10, maximum=5)])", "the range is empty"),
        ("change(metric=health, period=relative(unit=month, which=last))", "only MRR and ARR are known over time"),
        ("change(metric=mrr, period=month_of(year=2026, month=13))", "a month is between 1 and 12"),
        ("figure(metric=outstanding, grouping=plan)", "by plan and interval there are only"),
        ("figure(metric=health)", "health scores are averaged"),
        ("invoices(period=since(day=2026-02-30))", "expected a day"),
        ("accounts(limit=1.5)", "expected a whole number"),
        ("accounts(filters=[[[[[[[[[[]]]]]]]]]])", "a flatter query"),
        ("accounts(metric=;)", "does not belong here"),
        ('account_fact(account="\\q")', "cannot be read"),
    ],
)
def test_what_is_no_query_is_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(QueryUnreadable, match=complaint):
        parse_query(text)


@pytest.mark.parametrize("written", ["accounts over $500", "accounts with more than 500 dollars MRR"])
def test_an_amount_with_a_unit_is_about_that_currency_unless_all_figures_are_in_it(written: str) -> None:
    above = MrrRange(above=Fraction(500))
    for shown, filters in ((None, (InCurrency("USD"), above)), ("USD", (above,)), ("EUR", (InCurrency("USD"), above))):
        outcome = understand(written, BOOK, NEAR, TODAY, Situation(currency=shown))
        assert outcome == Understood(Accounts(filters)), shown
