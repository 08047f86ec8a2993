"""Health score and pillars in JSON."""

from __future__ import annotations

from marshmallow import Schema, fields

from clynto.domain.health import Indicator, Pillar
from clynto.entrypoints.http.api.fields import MicrosTime


class PillarSchema(Schema):
    """One pillar; ``score`` null: it does not contribute."""

    name = fields.Enum(Pillar, by_value=True, required=True, attribute="pillar")
    score = fields.Integer(required=True, allow_none=True)
    contributes = fields.Boolean(required=True)
    weight = fields.Integer(required=True)
    indicator = fields.Enum(Indicator, by_value=True, required=True)
    reason = fields.String(required=True)
    as_of = MicrosTime(required=True, allow_none=True)


class ScorePointSchema(Schema):
    """The score from then on, and why it changed."""

    at = MicrosTime(required=True)
    score = fields.Integer(required=True, allow_none=True)
    reason = fields.String(required=True)


class HealthSchema(Schema):
    """The score of an account with its pillars and its past."""

    score = fields.Integer(required=True, allow_none=True, attribute="health.score")
    pillars = fields.List(fields.Nested(PillarSchema), required=True, attribute="health.pillars")
    history = fields.List(fields.Nested(ScorePointSchema), required=True, metadata={"description": "Newest first."})
